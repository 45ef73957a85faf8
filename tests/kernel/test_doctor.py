"""The doctor on a real machine: each thing is broken in a lab, found, shown, and fixed."""

import json
import re
from typing import Any

import pytest
from labs import NETMODES, Lab, RootLab
from state import state

from netmodes import Facts

Json = dict[str, Any]

NFT_CHAIN = """
nft add table inet f
nft add chain inet f {0} "{{ type filter hook {0} priority 0; policy {1}; }}"
"""

#: Managers of the uplink that do as they are told.
INDEX = "$(cat /sys/class/net/enp0s1/ifindex)"
NM = "/run/NetworkManager/devices"
NETWORKD = "/run/systemd/netif/links"
MANAGERS = {
    "nmcli": f'[ "$*" != "device set enp0s1 managed no" ] || echo managed=false >{NM}/{INDEX}',
    "networkctl": "[ $1 != reload ] || "
    "grep -q ^Unmanaged=yes /run/systemd/network/00-enp0s1.network && "
    f"echo ADMIN_STATE=unmanaged >{NETWORKD}/{INDEX}",
}

#: What breaks the machine; what the doctor then says, and whether it names a command.
BROKEN: dict[str, tuple[str, str, str, bool]] = {
    "read-only": (
        "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
        "warning", "/proc/sys/net is read-only, so bridged and nat cannot switch", False),
    "iptables": ("iptables -P FORWARD DROP", "warning", "iptables drops what is forwarded", False),
    "trace": (
        "nft add table inet netmodes-trace-42",
        "warning", "a `netmodes why` that was killed has left nft's table inet netmodes-trace-42",
        True),
    "naming": (
        "iptables -t nat -A POSTROUTING -o enp0s1 -j MASQUERADE",
        "error",
        'a rule names enp0s1, whose packets will come in on br0 (nft: oifname "enp0s1" counter',
        False),
    "routing": (
        "ip rule add iif enp0s1 lookup 100",
        "error", "a rule names enp0s1, whose packets will come in on br0 (rules: 32765:", True),
    "cut off": (
        NFT_CHAIN.format("input", "drop") + "nft add rule inet f input iifname enp0s1 accept",
        "error", "the firewall drops what the LAN sends to the host once it comes in on br0",
        True),
    "no address": (
        "ip addr flush dev enp0s1; ip route add default dev enp0s1",
        "error", "enp0s1 has no IPv4 address", True),
    "overlap": (
        "ip route add 192.168.202.128/25 via 192.168.64.1",
        "warning", "192.168.202.0/24, which host-only takes first, overlaps the host's route to",
        False),
    "carries": (
        "ip link add card7 link enp0s1 type macvlan",
        "error", "enp0s1 carries card7 and cannot be bridged", True),
    "nexthop": (
        "ip nexthop add id 7 via 192.168.64.1 dev enp0s1 && ip route add 10.7.0.0/16 nhid 7",
        "error", "the route to 10.7.0.0/16 has nhid, which cannot move to a bridge", True),
    "NetworkManager": (
        f"mkdir -p {NM} && touch {NM}/{INDEX}",
        "warning", "NetworkManager may take enp0s1 out of the bridge", True),
    "networkd": (
        f"mkdir -p {NETWORKD} && echo ADMIN_STATE=configured >{NETWORKD}/{INDEX}",
        "warning", "systemd-networkd gives enp0s1 its address again", True),
    "DHCP client": (
        "(exec -a /sbin/dhclient sh -c 'sleep 60; :' enp0s1) >/dev/null 2>&1 &",
        "warning", "dhclient gives enp0s1 its address again when it renews the lease", True),
    "read-only /run": (
        "mount --bind /run /run; mount -o remount,bind,ro /run",
        "warning", "/run is read-only, so no namespace can have a name", False),
    "forwarded": (
        "netmodes host-only && sysctl -w net.ipv4.conf.veth0.forwarding=1",
        "error", "the host passes on what comes in on veth0", True),
    "IPv6": (
        "netmodes nat && sysctl -w net.ipv6.conf.nat0.disable_ipv6=0 && "
        "ip addr add fd00::1/64 dev nat0 nodad",
        "warning", "nat0 carries IPv6, by which a namespace can route the host", True),
    "port shut": (
        "netmodes nat --publish 8080:80 && nft flush set ip netmodes-bridge-nat0 published",
        "error", "nat0 does not let in what comes to 8080/tcp of the host", True),
    "leftover": (
        "netmodes bridged --uplink enp0s1 && cp -r /etc/netns/A /etc/netns/Z",
        "warning", "/etc/netns/Z is left from before a reboot", True),
    "leftover of a name": (
        "netmodes bridged --uplink enp0s1 && cp -r /etc/netns/A /etc/netns/Z && ip netns add Z",
        "warning", "/etc/netns/Z is left from before a reboot, so Z, which is not ours", True),
    "address given again": (
        "netmodes bridged --uplink enp0s1 && ip addr add 192.168.64.3/24 dev enp0s1",
        "error", "enp0s1 is a port of br0, yet has 192.168.64.3/24", True),
    "interrupted": (
        "netmodes host-only && sed -i /^up/d /run/netmodes/A/log",
        "warning", "A was interrupted, and is neither up nor down", True),
    "no user namespaces": (
        "sysctl -w user.max_user_namespaces=0",
        "warning", "this machine does not allow a user its own namespaces (unshare: ", True),
}  # fmt: skip


def found(lab: Lab, *arguments: str) -> list[Json]:
    """What the doctor finds in the lab."""
    findings: list[Json] = json.loads(lab.netmodes("doctor", "--json", *arguments).stdout)
    return findings


@pytest.mark.parametrize("what", BROKEN)
def test_broken(lab: Lab, what: str) -> None:
    """What is broken is found, and nothing else; it can be seen, and is gone once the command that
    is named for it was typed, or that is another mode, which goes up."""
    script, level, says, is_command = BROKEN[what]
    for manager, does in MANAGERS.items():
        lab.replace(manager, does)
    before = found(lab)
    assert lab.sh(script).returncode == 0

    (new,) = [finding for finding in found(lab) if finding not in before]

    assert (new["level"], new["what"][: len(says)]) == (level, says)
    assert lab.sh(new["evidence"]).returncode in (0, 1)
    commands = [new["fix"]] if new["fix"] else re.findall(r"`([^`]+)`", new["advice"])
    assert any(lab.sh(one).returncode == 0 for one in commands) is is_command
    goes_on = {"netmodes nat", "netmodes host-only"}.intersection(commands)
    assert not is_command or goes_on or found(lab) == before


def test_resolver(lab: Lab) -> None:
    """A name server that namespaces do not reach is found, and the one behind it named."""
    (finding,) = [finding for finding in found(lab) if "127.0.0.53" in finding["what"]]

    assert "give theirs 192.168.64.1" in finding["advice"]


def test_article_trap(lab: Lab) -> None:
    """An address on a port is found, also by the mode that is to run next, and fixed: then the
    host has its address and its default route, and they work."""
    before = state(lab.ok)
    assert lab.sh("ip link add br9 type bridge && ip link set enp0s1 master br9").returncode == 0

    said = {finding["what"]: finding["fix"] for finding in found(lab, "--uplink", "enp0s1")}
    up = lab.netmodes("host-only")

    fix = "ip link set enp0s1 nomaster"
    trap = (
        "enp0s1 is a port of br9, yet has 192.168.64.3/24, so that nothing sent from there gets "
        "an answer"
    )
    assert said[trap] == fix
    assert "enp0s1 is enslaved to br9 already" in said
    assert up.stderr.splitlines()[:2] == [f"[#] # {trap}:", f"[#] #   {fix}"]
    lab.ok("netmodes", "down", "A")
    assert lab.sh(f"{fix} && ip link del br9").returncode == 0
    assert trap not in {finding["what"] for finding in found(lab)}
    assert state(lab.ok) == before
    lab.ok("ping", "-c", "1", "-W", "2", "8.8.8.8")


def test_verbatim_trap(lab: Lab) -> None:
    """Where bridged was run to the letter the advice is to run it again, whoever says it."""
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1", "--verbatim")

    said = {
        verb: lab.netmodes(*verb.split()).stdout
        for verb in ("show", "doctor", "list", "check A", "why A 8.8.8.8")
    }

    trap = "enp0s1 is a port of br0, yet has 192.168.64.3/24, so that nothing sent from there"
    advice = "`netmodes down A`, then put it up without --verbatim"
    assert [verb for verb, text in said.items() if trap not in text or advice not in text] == []
    assert not any("ip addr del" in text for text in said.values())


@pytest.mark.parametrize("mode", ["host-only", "bridged --uplink enp0s1", "nat"])
def test_ours(lab: Lab, mode: str) -> None:
    """What a mode of ours has put up is nothing to fix, nor in the way of another."""
    before = found(lab)
    lab.ok("netmodes", *mode.split())

    assert [finding for finding in found(lab) if finding not in before] == []


def test_ssh(lab: Lab) -> None:
    """The uplink that carries the SSH session is said."""
    before = found(lab)
    lab.environment |= {"SSH_CONNECTION": "192.168.64.7 51000 192.168.64.3 22"}

    (new,) = [finding for finding in found(lab) if finding not in before]

    assert (new["what"], new["advice"]) == (
        "your SSH session goes through enp0s1",
        "use --confirm 60",
    )


@pytest.mark.parametrize(
    ("program", "level"), [("ping", "error"), ("nft", "warning"), ("ip", "error")]
)
def test_missing(lab: Lab, program: str, level: str) -> None:
    """A program that is missing is found: an error where a mode runs it."""
    lab.hide(program)

    findings = json.loads(lab.netmodes("doctor", "--json").stdout)

    missing = [finding for finding in findings if finding["what"].startswith("there is no `")]
    assert [(one["level"], one["what"]) for one in missing] == [
        (level, f"there is no `{program}` on PATH")
    ]


def test_changes_nothing(lab: Lab) -> None:
    """Looking changes nothing, and comes to the same twice."""
    before = state(lab.ok)

    first, second = found(lab), found(lab)

    assert first == second
    assert state(lab.ok) == before


def test_kinds(lab: Lab) -> None:
    """A kind of device is said to be missing just where it cannot be made."""
    said = " ".join(finding["what"] for finding in found(lab))

    for kind in ("veth", "bridge", "dummy"):
        made = lab.run("ip", "link", "add", "try0", "type", kind).returncode == 0
        assert (f"no device type {kind}," in said) is not made
        lab.run("ip", "link", "del", "try0")


def test_facts(lab: Lab) -> None:
    """`netmodes facts` holds what the doctor asks about; only a copy tells verdicts, and there is
    neither a published port, a process nor a namespace."""
    facts = Facts.from_json(lab.ok("netmodes", "facts"))

    assert facts.resolvers == ["127.0.0.53"]
    assert (facts.privileges, facts.ssh) == ("root", "")
    assert [name for name, value in vars(facts).items() if value is None] == [
        *("listening", "processes", "past", "verdicts")
    ]


def test_without_root(root_lab: RootLab) -> None:
    """Without root the doctor says what it could not see, and how to see it."""
    mine, roots = (
        json.loads(done.stdout)
        for done in (
            root_lab.anyone(NETMODES, "doctor", "--json"),
            root_lab.netmodes("doctor", "--json"),
        )
    )

    (unseen,) = [finding for finding in mine if "could not be seen" in finding["what"]]
    assert unseen["fix"] == f"sudo {NETMODES} doctor"
    typed = root_lab.anyone(*unseen["fix"].split(), "--json")
    assert json.loads(typed.stdout) == roots
    assert not any("could not be seen" in finding["what"] for finding in roots)
