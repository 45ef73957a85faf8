"""NAT: packets of a subnet of our own leave with the host's address, and only answers come in.

It uses nft, in one table of our own, and iptables where nft is not installed.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_interface

from netmodes.commands import netfilter
from netmodes.machine.facts import Facts
from netmodes.plan.step import Step
from netmodes.plan.undo import Argv

#: A flow keeps its translation while packets come (docs/kernel.md#flows): what comes to a port that
#: is not in the set of those that are published now does not enter.
TABLE = """\
create set {table} published {{ type inet_service . inet_proto . ipv4_addr . inet_service; }}
create chain {table} postrouting {{ type nat hook postrouting priority srcnat; }}
{own}add rule {table} postrouting ip saddr {subnet} oifname != "{bridge}" masquerade
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
create chain {table} entering {{ type filter hook postrouting priority filter; }}
add rule {table} entering oifname != "{bridge}" accept
add rule {table} entering ct direction reply accept
add rule {table} entering meta l4proto {{ tcp, udp }} ct status dnat \
ct original proto-dst . meta l4proto . ip daddr . th dport != @published drop
"""

#: Where a default route names a source that masquerade would not take.
OWN = 'add rule ip netmodes-{} postrouting ip saddr {} oifname "{}" snat to {}\n'

LEAVING = "what leaves {} has the host's address outside"

#: What is dropped, by iptables' rules for it.
DROPS = {
    "closed": "only answers, and packets to published ports, enter {}",
    "source": "what comes from {} with an address of another subnet is dropped",
    "loopback": "what comes from {} to the host's 127.0.0.1 is dropped",
    "unpublished": "what was for a port that nobody publishes now does not enter {}",
}

NEW = ("-m", "conntrack", "!", "--ctstate")


def name(bridge: str) -> str:
    """The name of a bridge's table, without ``netmodes-``."""
    return f"bridge-{bridge}"


def has_nft(bridge: str, facts: Facts) -> bool:
    """Whether a bridge has its NAT by nft: unless the machine is known to have iptables alone."""
    made = facts.shared(f"NAT {bridge}")
    return made[0].argv[0] == "nft" if made else facts.programs != ["iptables"]


def steps(bridge: str, bridge_address: str, facts: Facts) -> Iterator[Step]:
    """NAT for the bridge's subnet; no machine outside can open a connection to it."""
    subnet = str(ip_interface(bridge_address).network)
    if has_nft(bridge, facts):
        why = f"{LEAVING.format(bridge)}; only answers, and packets to published ports, come in"
        own = (OWN.format(name(bridge), subnet, *one) for one in _sources(facts).items())
        values = {"bridge": bridge, "subnet": subnet, "own": "".join(own)}
        yield netfilter.add_table(name(bridge), TABLE, why, f"NAT {bridge}", **values)
    else:
        yield from _by_iptables(bridge, subnet)
        for out, source in _sources(facts).items():
            leaving, to = ("-s", subnet, "-o", out), ("SNAT", "--to-source", source)
            why, share = f"what leaves by {out} has the host's own source", f"source {bridge} {out}"
            yield netfilter.insert("POSTROUTING", leaving, to, why, table="nat", share=share)


def _sources(facts: Facts) -> dict[str, str]:
    """The devices whose default route names a source, where masquerade would take another one.

    The kernel masquerades by the device's address in the gateway's subnet, else by its first.
    """
    found: dict[str, str] = {}
    for route in reversed(facts.default_routes()):
        for out in (route.dev, *route.hops) if route.prefsrc else ():
            every, hop = facts.addresses(out), route.gateway
            near = [one for one in every if hop is not None and hop in one.network]
            if [one.ip for one in (near or every)[:1]] == [route.prefsrc]:
                found.pop(out, None)
            elif out:
                found[out] = str(route.prefsrc)
    return found


def _by_iptables(bridge: str, subnet: str) -> Iterator[Step]:
    """The same by iptables."""
    leaving = ("-s", subnet, "!", "-o", bridge)
    why, share = LEAVING.format(bridge), f"NAT {bridge}"
    yield netfilter.insert("POSTROUTING", leaving, ("MASQUERADE",), why, table="nat", share=share)
    states = "RELATED,ESTABLISHED"
    entering = ("!", "-i", bridge, "-o", bridge, *NEW, f"{states},DNAT")
    passed_on = ("-o", bridge, "!", "-p", "icmp", *translated())
    yield _drop("unpublished", bridge, "POSTROUTING", *passed_on, table="mangle")
    yield _drop("closed", bridge, "FORWARD", *entering)
    yield _drop("source", bridge, "FORWARD", "!", "-s", subnet, "-i", bridge)
    yield _drop("loopback", bridge, "INPUT", "-d", "127.0.0.0/8", "-i", bridge, *NEW, states)


def translated(*more: str) -> Argv:
    """The packets of whoever began a flow that is passed on, as argv of iptables."""
    return ("-m", "conntrack", "--ctstate", "DNAT", *more, "--ctdir", "ORIGINAL")


def _drop(what: str, bridge: str, chain: str, *rule: str, table: str = "") -> Step:
    """A rule that drops packets, shared by the networks on the bridge."""
    why, share = DROPS[what].format(bridge), f"{what} {bridge}"
    return netfilter.insert(chain, rule, ("DROP",), why, table=table, share=share)


def through(bridge: str, outs: Iterable[str] = ()) -> Iterator[Argv]:
    """The packets, by any device or these, that a firewall must accept for NAT, for iptables."""
    ways = [("-i", bridge, "-o", out) for out in dict.fromkeys([*outs, bridge])]
    yield from ways if outs else [("-i", bridge)]
    yield ("-o", bridge, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED,DNAT")
