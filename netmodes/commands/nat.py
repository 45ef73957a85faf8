"""NAT: packets of a subnet of our own leave with the host's address, and only answers come in.

It uses nft, in one table of our own, and iptables where nft is not installed.
"""

from collections.abc import Iterator
from ipaddress import ip_interface

from netmodes.commands import netfilter
from netmodes.machine.facts import Facts
from netmodes.plan.step import Step
from netmodes.plan.undo import Argv

TABLE = """\
create chain {table} postrouting {{ type nat hook postrouting priority srcnat; }}
add rule {table} postrouting ip saddr {subnet} oifname != "{bridge}" masquerade
create chain {table} forward {{ type filter hook forward priority filter; }}
add rule {table} forward iifname "{bridge}" ip saddr != {subnet} drop
add rule {table} forward oifname != "{bridge}" accept
add rule {table} forward iifname "{bridge}" accept
add rule {table} forward ct state established,related accept
add rule {table} forward ct status dnat accept
add rule {table} forward drop
create chain {table} input {{ type filter hook input priority filter; }}
add rule {table} input ct state established,related accept
add rule {table} input iifname "{bridge}" ip daddr 127.0.0.0/8 drop
"""

LEAVING = "what leaves {} has the host's address outside"

#: What is dropped, by iptables' rules for it.
DROPS = {
    "closed": "only answers, and packets to published ports, enter {}",
    "source": "what comes from {} with an address of another subnet is dropped",
    "loopback": "what comes from {} to the host's 127.0.0.1 is dropped",
}

NEW = ("-m", "conntrack", "!", "--ctstate")


def has_nft(facts: Facts) -> bool:
    """Whether to use nft: unless the machine is known to have iptables alone."""
    return facts.programs != ["iptables"]


def steps(bridge: str, bridge_address: str, facts: Facts) -> Iterator[Step]:
    """NAT for the bridge's subnet; no machine outside can open a connection to it."""
    subnet = str(ip_interface(bridge_address).network)
    if has_nft(facts):
        why = f"{LEAVING.format(bridge)}; only answers, and packets to published ports, come in"
        name, values = f"bridge-{bridge}", {"bridge": bridge, "subnet": subnet}
        yield netfilter.add_table(name, TABLE, why, f"NAT {bridge}", **values)
    else:
        yield from _by_iptables(bridge, subnet)


def _by_iptables(bridge: str, subnet: str) -> Iterator[Step]:
    """The same by iptables."""
    leaving = ("-s", subnet, "!", "-o", bridge)
    why, share = LEAVING.format(bridge), f"NAT {bridge}"
    yield netfilter.insert("POSTROUTING", leaving, ("MASQUERADE",), why, table="nat", share=share)
    states = "RELATED,ESTABLISHED"
    entering = ("!", "-i", bridge, "-o", bridge, *NEW, f"{states},DNAT")
    yield _drop("closed", bridge, "FORWARD", *entering)
    yield _drop("source", bridge, "FORWARD", "!", "-s", subnet, "-i", bridge)
    yield _drop("loopback", bridge, "INPUT", "-d", "127.0.0.0/8", "-i", bridge, *NEW, states)


def _drop(what: str, bridge: str, chain: str, *rule: str) -> Step:
    """A rule that drops packets, shared by the networks on the bridge."""
    why = DROPS[what].format(bridge)
    return netfilter.insert(chain, rule, ("DROP",), why, share=f"{what} {bridge}")


def through(bridge: str) -> Iterator[Argv]:
    """The packets that a firewall must accept for NAT, as argv of iptables."""
    yield ("-i", bridge)
    yield ("-o", bridge, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED,DNAT")
