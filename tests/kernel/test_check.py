"""``check``: every promise of a mode is tried; what is broken on purpose differs, nothing else."""

import json
import re
import sys
from typing import Any

import pytest
from faults import NO_DUMMY
from labs import Lab
from state import State, state

BRIDGED = ("bridged", "--uplink", "enp0s1")

#: From, to and what was tried.
Kept = dict[tuple[str, str, str], bool | None]


def check(lab: Lab, *options: str, name: str = "A") -> tuple[int, list[dict[str, Any]]]:
    """Exit status and results of a check."""
    done = lab.netmodes("check", name, "--json", *options)
    return done.returncode, json.loads(done.stdout)["results"]


def got(results: list[dict[str, Any]]) -> Kept:
    """Whether each target was reached."""
    return {(one["from"], one["to"], one["tried"]): one["got"] for one in results}


def differing(results: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """From and to of the promises that are not kept."""
    return {(one["from"], one["to"]) for one in results if one["differs"]}


def test_host_only(lab: Lab) -> None:
    """Host-only: the namespace and the host reach each other, nothing further."""
    lab.ok("netmodes", "host-only")

    status, results = check(lab)

    assert status == 0
    assert got(results) == {
        ("namespace", "itself", "192.168.202.11"): True,
        ("host", "namespace", "192.168.202.11"): True,
        ("namespace", "the host's end of the cable", "192.168.202.1"): True,
        ("namespace", "the host's other addresses", "192.168.64.3"): False,
        ("namespace", "the gateway", "192.168.64.1"): False,
        ("namespace", "outside", "192.168.64.1"): False,
        ("namespace", "a name", ""): False,
        ("outside", "namespace", ""): None,
    }


def test_bridged(lab: Lab) -> None:
    """Bridged: a namespace reaches host, LAN, outside and names, and its neighbour reaches it."""
    lab.ok("netmodes", *BRIDGED)
    lab.ok("netmodes", *BRIDGED, "-n", "B")

    status, results = check(lab, "--outside", "outside.example", name="B")

    assert status == 0
    assert got(results) == {
        ("namespace", "itself", "192.168.64.51"): True,
        ("host", "namespace", "192.168.64.51"): True,
        ("host", "the gateway", "192.168.64.1"): True,
        ("namespace", "the bridge", "192.168.64.100"): True,
        ("namespace", "the host's other addresses", "192.168.64.3"): True,
        ("namespace", "the gateway", "192.168.64.1"): True,
        ("namespace", "outside", "8.8.8.8"): True,
        ("namespace", "a name", "outside.example"): True,
        ("neighbour", "namespace", "192.168.64.51"): True,
        ("outside", "namespace", ""): None,
    }
    assert [one["namespace"] for one in results if one["from"] == "neighbour"] == ["A"]


def test_nat(lab: Lab) -> None:
    """Nat: a namespace reaches all outside, and its neighbour on the bridge reaches it."""
    lab.ok("netmodes", "nat")
    lab.ok("netmodes", "nat", "-n", "B")

    status, results = check(lab, "--outside", "8.8.8.8", name="B")

    reached = got(results)
    assert status == 0
    assert reached["namespace", "outside", "8.8.8.8"] is True
    assert reached["neighbour", "namespace", "10.64.0.12"] is True


def test_isolated(lab: Lab) -> None:
    """Isolated: a namespace reaches itself, and nobody else; where no way is, none is missed."""
    lab.replace("ip", NO_DUMMY.format(real='"$REAL"'))
    lab.ok("netmodes", "isolated")

    status, results = check(lab)
    said = lab.netmodes("check", "A").stdout

    assert (status, {way: reached for way, reached in got(results).items() if reached}) == (
        0,
        {("namespace", "itself", "192.168.222.10"): True},
    )
    assert "A is as isolated promises.\n" in said


def test_module_dummy_deleted(lab: Lab) -> None:
    """A dummy0 that the module has made is said to take isolated's name, until the fix is typed."""
    lab.have_dummies()
    lab.ok("ip", "link", "add", "dummy0", "type", "dummy")
    said = lab.netmodes("isolated").stderr
    lab.ok("netmodes", "down", "A")
    lab.ok(*re.findall(r"# +(ip link del .*)", said)[0].split())

    assert "the host has a dummy0, as the module makes one" in said
    assert "ip link add dummy0 type dummy" in lab.netmodes("isolated").stderr


def test_untried(lab: Lab) -> None:
    """What cannot be tried says so, and is no difference."""
    lab.ok("netmodes", *BRIDGED, "--dns", "none")

    status, results = check(lab)

    untried = {(one["from"], one["to"]): one["reason"] for one in results if one["got"] is None}
    assert status == 0
    assert untried == {
        ("namespace", "a name"): "the host's name server is its own loopback, and the namespace "
        "has no other",
        ("neighbour", "namespace"): "no other network of ours is on br0",
        ("outside", "namespace"): "only a machine of the LAN can try it: `ping 192.168.64.50` "
        "there",
    }


def test_nothing_to_try(lab: Lab) -> None:
    """A host with no other address and no way out has nothing to be reached there."""
    lab.ok("netmodes", "host-only")
    lab.ok("ip", "addr", "flush", "dev", "enp0s1")

    status, results = check(lab)
    said = lab.netmodes("check", "A").stdout

    assert "A is as host-only promises, as far as it could be tried: 3 of 8 could not.\n" in said
    tried = [one["tried"] for one in results if one["from"] == "namespace"]
    reasons = [one["reason"] for one in results if one["from"] == "namespace"]
    assert status == 0
    assert tried == ["192.168.202.11", "192.168.202.1", "", "", "", ""]
    assert reasons[2] == "the host has no other"
    assert reasons[3] == "the host has no default route that names a gateway"
    assert reasons[4] == f"{reasons[3]}: `--outside ADDR` names an address outside"


HOST_TO_A, A_TO_HOST = ("host", "namespace"), ("namespace", "the host's end of the cable")
FAR = [("namespace", "the gateway"), ("namespace", "outside")]
BEYOND_THE_BRIDGE = [HOST_TO_A, ("namespace", "the bridge"), *FAR]
BEYOND_THE_BRIDGE += [("namespace", "the host's other addresses"), ("namespace", "a name")]

#: Mode, what breaks it, what is not kept then, and the reason for the first of it.
BROKEN = {
    "cable": (("host-only",), "ip link set veth0 down", [HOST_TO_A, A_TO_HOST], "veth0 is down"),
    "port": (
        BRIDGED, "ip link set veth0 nomaster",
        BEYOND_THE_BRIDGE, "veth0 is not a port of br0"),
    "forwarding": (
        BRIDGED, "sysctl -w net.ipv4.ip_forward=0",
        [("namespace", "outside")], "the host passes nothing on (net.ipv4.ip_forward is 0)"),
    "verbatim": (
        (*BRIDGED, "--verbatim"), "",
        [("host", "the gateway"), ("namespace", "outside")],
        "enp0s1 is a port of br0, yet has 192.168.64.3/24, so that nothing sent from there gets an "
        "answer"),
    "gateway": (
        BRIDGED, "ip route replace default via 192.168.64.9",
        [("host", "the gateway"), *FAR], "nobody answers for 192.168.64.9 on br0"),
    "loopback": (("host-only", "--verbatim"), "", [("namespace", "itself")], "lo is down in A"),
    "its own firewall": (
        ("host-only",),
        "ip netns exec A iptables -A INPUT -s 192.168.202.1 -m conntrack --ctstate NEW -j DROP",
        [HOST_TO_A],
        "the firewall drops what the host sends it, or the answer (`-A INPUT -s 192.168.202.1/32 "
        "-m conntrack --ctstate NEW -j DROP`)"),
    "a leak to the host": (
        ("host-only",), "ip netns exec A ip route add 192.168.64.3 via 192.168.202.1",
        [("namespace", "the host's other addresses")],
        "A sends it out by veth1, from 192.168.202.11, to 192.168.202.1, its gateway; the host "
        "takes it in by veth0: 192.168.64.3 is its own"),
}  # fmt: skip
#: Bridged or nat, what breaks it that a ping of the gateway does not show, and the reason.
BEYOND = {
    "route": (BRIDGED, "ip netns exec A ip route del default", "A has no default route"),
    "forwarding": (
        BRIDGED, "sysctl -w net.ipv4.ip_forward=0",
        "the host passes nothing on (net.ipv4.ip_forward is 0)"),
    "policy": (
        BRIDGED, "iptables -P FORWARD DROP",
        "the host's firewall drops what A sends: iptables' policy for FORWARD"),
    "verbatim": (
        (*BRIDGED, "--verbatim"), "",
        "enp0s1 is a port of br0, yet has 192.168.64.3/24, so that nothing sent from there gets an "
        "answer"),
    "nat": (
        ("nat",),
        "nft delete table ip netmodes-bridge-nat0; iptables -t nat -A POSTROUTING -s 172.17.0.0/16 "
        "-j MASQUERADE",
        "somebody has deleted a rule that netmodes made: what leaves nat0 has the host's address "
        "outside; only answers, and packets to published ports, come in"),
}  # fmt: skip


#: What drops what is sent outside, in each place where it comes to.
DROPS = {
    "policy": (BRIDGED, "iptables -P FORWARD DROP"),
    "Docker's": (
        ("nat",), "iptables -N DOCKER-USER; iptables -I FORWARD -j DOCKER-USER; "
        "iptables -P FORWARD DROP"),
    "nft's": (
        ("nat",), "nft add table inet f; nft 'add chain inet f c { type filter hook forward "
        "priority 0; policy drop; }'"),
    "raw": (("nat",), "iptables -t raw -A PREROUTING -i nat0 -j DROP"),
    "leaving": (
        ("nat",), "nft add table inet f; nft 'add chain inet f c { type filter hook postrouting "
        "priority 0; }'; nft add rule inet f c oifname enp0s1 ip daddr != 192.168.64.0/24 drop"),
    "forwarding": (("nat",), "sysctl -w net.ipv4.ip_forward=0"),
}  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize("case", DROPS)
def test_fix_beyond(quick_lab: Lab, case: str) -> None:
    """What fixes the way outside lets all pass that the namespace sends, and nobody else's."""
    mode, breaking = DROPS[case]
    quick_lab.ok("netmodes", *mode)
    quick_lab.ok("bash", "-c", breaking)

    status, results = check(quick_lab)
    fixes = {one["finding"]["fix"] for one in results if one["differs"]}
    for fix in fixes:
        quick_lab.ok("bash", "-c", fix)
    fixed, _ = check(quick_lab)
    outside = quick_lab.inside("ping", "-c", "1", "-W", "1", "8.8.8.8")

    assert (status, fixed, outside.returncode) == (1, 0, 0)
    assert case == "forwarding" or all(re.search(r"10\.64\.0\.11|64\.50", one) for one in fixes)


@pytest.mark.sweep
@pytest.mark.parametrize("case", BEYOND)
def test_beyond_the_gateway(quick_lab: Lab, case: str) -> None:
    """Without an address outside the way beyond the gateway is judged, and nothing sent there."""
    mode, breaking, reason = BEYOND[case]
    quick_lab.ok("netmodes", *mode)
    assert quick_lab.sh(f"set -e\n{breaking}").returncode == 0

    status, results = check(quick_lab)

    assert status == 1
    (outside,) = (one for one in results if one["to"] == "outside" != one["from"])
    assert (outside["got"], outside["reason"]) == (False, reason)
    assert outside["tried"] in ("", "192.168.64.1")


COUNT = "iptables -t raw -I PREROUTING -d 8.8.8.8 -j ACCEPT"


@pytest.mark.parametrize("mode", [BRIDGED, ("nat",)])
def test_no_packet_beyond(lab: Lab, mode: tuple[str, ...]) -> None:
    """What stands for the outside where nobody named an address is sent to, but not let out; a
    filter of addresses that nobody has is nobody's fault."""
    lab.ok("netmodes", *mode)
    lab.ok("ip", "route", "add", "blackhole", "198.51.100.0/24")
    lab.ok("iptables", "-A", "FORWARD", "-d", "203.0.113.0/24", "-j", "DROP")
    lab.ok(*COUNT.split())
    lab.ok(*COUNT.split(), router=True)

    done = lab.netmodes("check", "A")

    counted = [lab.ok("iptables", "-t", "raw", "-nvxL", router=there) for there in (False, True)]
    came = [re.findall(r"^ *(\d+) .* 8\.8\.8\.8", one, re.M) for one in counted]
    assert done.returncode == 0
    assert came == [["1"], ["0"]]


def test_no_rule_for_it(quick_lab: Lab) -> None:
    """A rule that is not for the packets takes nothing back."""
    quick_lab.ok("netmodes", *BRIDGED)
    quick_lab.ok(*"iptables -A FORWARD -m mark --mark 7 -j DROP".split())

    status, _ = check(quick_lab)

    assert status == 0


def test_dropped_by_the_host(quick_lab: Lab) -> None:
    """The host itself has no right to be silent, whatever rule it is."""
    quick_lab.ok("netmodes", "host-only")
    quick_lab.ok(*"iptables -A INPUT -i veth0 -m mark ! --mark 7 -j DROP".split())

    status, results = check(quick_lab)

    assert status == 1
    assert ("namespace", "the host's end of the cable") in differing(results)


ECHO_IGNORED = "sysctl -w net.ipv4.icmp_echo_ignore_all=1"

#: What keeps this machine, or the namespace, from answering pings alone; and who is not reached
#: with a ping then.
NO_PINGS = {
    "the host's setting": (("nat",), ECHO_IGNORED, ("namespace", "the bridge")),
    "the host's rule": (
        ("nat",), "iptables -A INPUT -p icmp -j DROP", ("namespace", "the bridge")),
    "its setting": (("host-only",), f"ip netns exec A {ECHO_IGNORED}", HOST_TO_A),
    "its rule": (
        ("host-only",), "ip netns exec A iptables -A INPUT -p icmp -j DROP", HOST_TO_A),
    "a rule for what is passed on": (
        ("nat",), "iptables -I FORWARD -p icmp -j DROP", ("namespace", "outside")),
    "a rule for what the host sends": (
        BRIDGED, "iptables -I OUTPUT -p icmp -j DROP", ("host", "the gateway")),
}  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize("case", NO_PINGS)
def test_answers_no_pings(quick_lab: Lab, case: str) -> None:
    """Who answers no pings, and is this machine or its namespace, is tried by TCP, and reached."""
    mode, breaking, way = NO_PINGS[case]
    quick_lab.ok("netmodes", *mode)
    quick_lab.ok("bash", "-c", breaking)

    status, results = check(quick_lab)

    (row,) = [one for one in results if (one["from"], one["to"]) == way]
    assert (status, row["got"], row["reason"]) == (
        0, True, f"{row['tried']} answers no pings, but TCP",
    )  # fmt: skip


#: What drops pings and refuses connections, so that a refusal is no answer of the target's.
REFUSES = {
    "ICMP": "{0} -A INPUT -i nat0 -p tcp -j REJECT",
    "a reset": "{0} -A INPUT -i nat0 -p tcp -j REJECT --reject-with tcp-reset",
}


@pytest.mark.parametrize("program", ["iptables", "iptables-legacy"])
@pytest.mark.parametrize("case", REFUSES)
def test_refused_by_a_rule(quick_lab: Lab, case: str, program: str) -> None:
    """A connection that a rule refuses in the target's name is no answer; the rule is the cause."""
    quick_lab.ok("netmodes", "nat")
    quick_lab.ok(
        "bash", "-c", f"{program} -A INPUT -p icmp -j DROP; {REFUSES[case]}".format(program)
    )

    _, results = check(quick_lab)

    (row,) = [one for one in results if one["to"] == "the bridge"]
    assert (row["got"], row["reason"]) == (
        False, "the host's firewall drops what A sends: `-A INPUT -p icmp -j DROP`",
    )  # fmt: skip


def test_own_rule_for_the_gateway(quick_lab: Lab) -> None:
    """What the host's own rule keeps from the gateway is unknown, with the rule; nothing is taken
    back for it."""
    quick_lab.ok("iptables", *"-A OUTPUT -d 192.168.64.1 -j DROP".split())

    done = quick_lab.netmodes(*BRIDGED, "--check", "--anyway")
    _, results = check(quick_lab)

    (row,) = [one for one in results if (one["from"], one["to"]) == ("host", "the gateway")]
    assert (done.returncode, row["got"]) == (0, None), done.stderr
    assert "(`-A OUTPUT -d 192.168.64.1/32 -j DROP`)" in row["reason"]


def test_leak_without_pings(quick_lab: Lab) -> None:
    """An address of the host that must not be reached differs, also where it answers no pings."""
    quick_lab.ok("netmodes", "host-only")
    quick_lab.ok("bash", "-c", ECHO_IGNORED)
    quick_lab.ok(*"ip netns exec A ip route add 192.168.64.3 via 192.168.202.1".split())

    status, results = check(quick_lab)

    assert (status, differing(results)) == (1, {("namespace", "the host's other addresses")})


def test_nothing_proved(quick_lab: Lab) -> None:
    """Where neither pings nor TCP tell of a host that answers no pings, nothing is known."""
    quick_lab.ok("bash", "-c", f"{ECHO_IGNORED}; iptables -A INPUT -p tcp --dport 9 -j DROP")

    done = quick_lab.netmodes("host-only", "--check")
    status, results = check(quick_lab)

    (row,) = [one for one in results if one["to"] == A_TO_HOST[1]]
    assert (done.returncode, status, row["got"]) == (0, 0, None)
    assert "answers no pings" in row["reason"]


def test_neighbour_goes_meanwhile(quick_lab: Lab) -> None:
    """Whether a neighbour reached it that goes down during the check is unknown."""
    quick_lab.ok("netmodes", "nat")
    quick_lab.ok("netmodes", "nat", "-n", "B")
    quick_lab.replace(
        "ping",
        """
        if [ "$(ip netns identify $$)" = B ]; then
            setsid nsenter --target 1 --net --mount netmodes down B --kill 2>/run/said
        fi
        exec "$REAL" "$@" -W 0.2
        """,
    )
    status, results = check(quick_lab)
    (from_b,) = [one for one in results if one["from"] == "neighbour"]

    assert (status, from_b["got"], from_b["reason"]) == (0, None, "B is up no more")


def test_nat_neighbour(quick_lab: Lab) -> None:
    """A neighbour on the bridge that does not reach the namespace differs."""
    quick_lab.ok("netmodes", "nat")
    quick_lab.ok("netmodes", "nat", "-n", "B")
    quick_lab.ok(*"ip link set veth2 type bridge_slave isolated on".split())
    quick_lab.ok(*"ip link set veth0 type bridge_slave isolated on".split())

    status, results = check(quick_lab)

    assert (status, differing(results)) == (1, {("neighbour", "namespace")})


LEAK = """
ip netns exec A ip route add default via 192.168.202.1; sysctl -w net.ipv4.ip_forward=1
iptables -t nat -A POSTROUTING -o enp0s1 -j MASQUERADE
echo nameserver 192.168.64.1 >/etc/netns/A/resolv.conf
cp /etc/nsswitch.conf /etc/netns/A
"""


@pytest.mark.sweep
@pytest.mark.parametrize("case", BROKEN)
def test_broken(quick_lab: Lab, case: str) -> None:
    """What was broken differs and nothing else, and the reason is named."""
    mode, breaking, lost, reason = BROKEN[case]
    quick_lab.ok("netmodes", *mode)
    assert quick_lab.sh(f"set -e\n{breaking}").returncode == 0

    status, results = check(quick_lab, "--outside", "8.8.8.8")

    assert status == 1
    assert differing(results) == set(lost)
    assert next(one["reason"] for one in results if one["differs"]) == reason


def test_leak(quick_lab: Lab) -> None:
    """A namespace that reaches more than its mode promises differs, with the way it takes."""
    quick_lab.ok("netmodes", "host-only")
    assert quick_lab.sh(f"set -e\n{LEAK}").returncode == 0

    status, results = check(quick_lab, "--outside", "outside.example")

    assert status == 1
    near = {("namespace", "the host's other addresses"), ("namespace", "a name")}
    assert differing(results) == {*near, *FAR}
    (outside,) = (one["reason"] for one in results if one["to"] == "outside" != one["from"])
    assert "sends it out by enp0s1 to 192.168.64.1, its gateway" in outside


def test_fresh(lab: Lab) -> None:
    """What was remembered from before counts for nothing: verbatim, the host has lost the LAN."""
    lab.ok("ping", "-c", "1", "192.168.64.1")
    lab.ok("netmodes", *BRIDGED, "--verbatim")
    remembered = lab.inside("ping", "-c", "1", "-W", "1", "8.8.8.8")

    status, results = check(lab, "--outside", "8.8.8.8")

    assert remembered.returncode == 0
    assert status == 1
    assert differing(results) == {("host", "the gateway"), ("namespace", "outside")}


def test_beyond_sight(quick_lab: Lab) -> None:
    """An outside that answers nobody is no difference: what is beyond the gateway is not seen."""
    quick_lab.ok("netmodes", "nat")
    quick_lab.sh("nsenter --net=/run/lan/neighbour sysctl -w net.ipv4.icmp_echo_ignore_all=1")

    status, results = check(quick_lab, "--outside", "192.168.64.7")

    (outside,) = (one for one in results if one["to"] == "outside")
    assert (status, outside["got"]) == (0, None)
    assert outside["reason"] == (
        "192.168.64.7 is there, for it answers ARP, but answers nothing else"
    )


def test_silent_gateway(quick_lab: Lab) -> None:
    """A gateway that answers no pings, as many a cloud's, is no difference: it is there."""
    quick_lab.ok("netmodes", *BRIDGED)
    quick_lab.ok("sysctl", "-w", "net.ipv4.icmp_echo_ignore_all=1", router=True)

    status, results = check(quick_lab)

    silent = [one for one in results if one["to"] in ("the gateway", "outside")]
    assert (status, [one["got"] for one in silent]) == (0, [None] * 3)
    assert {one["reason"] for one in silent} == {
        "192.168.64.1 is there, for it answers ARP, but answers nothing else"
    }


def test_table(quick_lab: Lab) -> None:
    """The table says all that JSON does, in 80 columns; what fixes it stands beneath, once."""
    quick_lab.ok("netmodes", "host-only")
    quick_lab.ok("ip", "link", "set", "veth0", "down")

    done = quick_lab.netmodes("check", "A")

    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["FROM", "TO", "EXPECTED", "GOT", "TIME"]
    assert re.search(
        r"^namespace itself 192\.168\.202\.11 +yes +yes +[0-9.]+ ms$", done.stdout, re.M
    )
    assert "A is not as host-only promises: 2 of 8 differ." in lines
    assert done.stdout.count("  fix: ip link set veth0 up") == 1


def test_long_names(lab: Lab) -> None:
    """However long a namespace's or a host's name is, a table has 80 columns."""
    name, host = "n" * 70, "outside." * 7 + "example"
    lab.environment["COLUMNS"] = "80"
    lab.sh(f"cat /etc/hosts >/run/hosts; echo 8.8.8.8 {host} >>/run/hosts")
    lab.ok("mount", "--bind", "/run/hosts", "/etc/hosts")
    lab.ok("netmodes", "host-only", "-n", name)

    table = lab.netmodes("check", name, "--outside", host).stdout

    assert max(map(len, table.splitlines())) <= 80
    assert name in table


def test_shows_all_it_does(lab: Lab) -> None:
    """Each command is shown as it can be pasted."""
    lab.ok("netmodes", "host-only")

    done = lab.netmodes("check", "A")

    shown = [line.removeprefix("[#] ") for line in done.stderr.splitlines()]
    assert "ip netns exec A ip neigh flush all" in shown
    assert "ip neigh flush to 192.168.202.11 dev veth0" in shown
    assert "ping -n -c 1 -W 1 -t 1 192.168.202.11" in shown
    assert all(lab.sh(line).returncode in (0, 1, 2) for line in shown)


def test_no_getent(lab: Lab) -> None:
    """Where names cannot be looked up for want of a program, it is named."""
    lab.ok("netmodes", "host-only")
    lab.sh("mount --bind /dev/null $(command -v getent)")

    done = lab.netmodes("check", "A", "--outside", "outside.example")

    assert done.returncode == 1
    assert "there is no `getent` on PATH: install libc-bin" in done.stderr


def test_no_network(lab: Lab) -> None:
    """A namespace that is not a network of ours is refused, and so is a name with no address."""
    unknown = lab.netmodes("check", "B")
    lab.ok("netmodes", "host-only")
    nowhere = lab.netmodes("check", "A", "--outside", "nowhere.example")
    number = lab.netmodes("check", "A", "--outside", "8.8.8")
    nothing = lab.netmodes("check", "A", "--outside", "")

    assert (unknown.returncode, nowhere.returncode) == (1, 1)
    assert (number.returncode, nothing.returncode) == (2, 2)
    assert "B is not a network of ours" in unknown.stderr
    assert "the host itself finds no address for nowhere.example" in nowhere.stderr
    assert "'8.8.8' is no IPv4 address" in number.stderr
    assert "'' is no IPv4 address" in nothing.stderr


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("192.168.64.3", "is this machine's own"),
        ("192.168.202.1", "is this machine's own"),
        ("127.0.0.1", "is this machine's own"),
        ("localhost", "127.0.0.1 is this machine's own"),
        ("192.168.202.11", "in 192.168.202.0/24, the subnet of A itself"),
        ("192.168.202.77", "in 192.168.202.0/24, the subnet of A itself"),
        ("192.168.64.255", "is not the address of one machine"),
    ],
)
def test_not_outside(lab: Lab, address: str, words: str) -> None:
    """What is this machine's own, or of the network's own subnet, stands for no outside."""
    lab.ok("netmodes", "host-only")

    done = lab.netmodes("check", "A", "--outside", address)

    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


def test_unreadable(lab: Lab) -> None:
    """A mode of another version is tried by its promises; an unreadable journal is said."""
    lab.ok("netmodes", "host-only")
    lab.ok("sed", "-i", "s/host-only/strange/", "/run/netmodes/A/plan.json")

    strange = lab.netmodes("check", "A")
    lab.sh("echo nothing >/run/netmodes/A/plan.json")
    unread, shown = lab.netmodes("check", "A"), lab.netmodes("show")

    assert (strange.returncode, unread.returncode) == (0, 1)
    assert "A is as strange promises." in strange.stdout
    assert "cannot be read" in unread.stderr
    assert shown.returncode == 0
    assert "error: the journal of A cannot be read" in shown.stdout
    (fix,) = re.findall(r"fix: (bash /run/netmodes/A/down\.sh)", shown.stdout)
    lab.ok("bash", "-c", fix)
    assert lab.ok("ip", "netns") + lab.ok("netmodes", "list", "--json") == "[]\n"


#: As if another program undid half of what was done, as soon as it is done.
MEDDLING = """
"$REAL" "$@"; status=$?
case "$*" in "netns exec A ip link set veth1 up") "$REAL" link set veth0 down ;; esac
exit $status
"""


def test_up_and_check(lab: Lab) -> None:
    """With --check a mode is tried as soon as it is up, and stays if all is as promised."""
    done = lab.netmodes("host-only", "--check")
    again = lab.netmodes("host-only", "--check")
    listed = lab.ok("netmodes", "list")

    assert (done.returncode, again.returncode) == (0, 0)
    assert "A is as host-only promises." in done.stdout
    assert "A is as host-only promises." in again.stdout
    assert "A is up already." in again.stderr
    assert re.search(r"^A +host-only +up ", listed, re.M)


def test_up_and_check_as_json(lab: Lab) -> None:
    """With --json the record holds the result of every promise."""
    record = json.loads(lab.ok("netmodes", "host-only", "--check", "--json"))

    assert [one["differs"] for one in record["report"]["results"]] == [False] * 8


def test_all_comes_back(quick_lab: Lab, untouched: State) -> None:
    """If a promise is not kept everything comes back, and the table says what it was."""
    quick_lab.replace("ip", MEDDLING)

    done = quick_lab.netmodes("host-only", "--check")

    assert done.returncode == 1
    assert "A is not as host-only promises: 2 of 8 differ." in done.stdout
    assert "fix: ip link set veth0 up" in done.stdout
    assert "nothing is left" in done.stderr
    assert state(quick_lab.ok) == untouched


def test_verbatim_comes_back(quick_lab: Lab, untouched: State) -> None:
    """Bridged to the letter is not what it promises, so with --check the host gets its NIC back."""
    done = quick_lab.netmodes(*BRIDGED, "--verbatim", "--check")

    assert done.returncode == 1
    assert state(quick_lab.ok) == untouched


def test_what_was_up_stays(quick_lab: Lab) -> None:
    """A network that was up before is not undone, whatever promise it breaks."""
    quick_lab.ok("netmodes", "host-only")
    quick_lab.ok("ip", "link", "set", "veth0", "down")

    done = quick_lab.netmodes("host-only", "--check")

    assert done.returncode == 1
    assert "undone" not in done.stderr
    assert "host-only" in quick_lab.ok("netmodes", "list")


def test_unreached_comes_back(quick_lab: Lab, untouched: State) -> None:
    """A network that would reach nothing beyond the LAN comes back as well."""
    quick_lab.replace(
        "ip",
        """case "$*" in
        "netns exec A ip route add default via "*) iptables -A FORWARD -i br0 -o br0 -j DROP ;;
        "link del br0") nft delete table ip filter ;; esac; exec "$REAL" "$@" """,
    )

    done = quick_lab.netmodes(*BRIDGED, "--check")

    assert done.returncode == 1
    assert "the host's firewall drops what A sends: `-A FORWARD -i br0 -o br0" in done.stdout
    assert state(quick_lab.ok) == untouched


IN_PYTHON = """
from netmodes import HostOnly, NotAsPromised
network = HostOnly()
record = network.up(check=True)
assert not record.report.differing
assert network.why("192.168.202.1").reached
assert network.check(outside="8.8.8.8").differing == ()
import subprocess; subprocess.run(["ip", "link", "set", "veth0", "down"], check=True)
try:
    network.up(check=True)
except NotAsPromised as error:
    print(error)
    print(*(one.reason for one in error.report.differing), sep="\\n")
"""


def test_in_python(quick_lab: Lab) -> None:
    """The command line's verbs are the library's."""
    printed = quick_lab.ok(sys.executable, "-c", IN_PYTHON)

    reason = "veth0 is down"
    first = "A is not as host-only promises: 2 differ, the first from host to namespace"
    assert printed.splitlines() == [f"{first}: {reason}", reason, reason]


POLICY = "iptables -P FORWARD DROP"

#: What somebody has before a run, the run, and how its rules are deleted afterwards.
DELETED = {
    "flush of nft": ("", "nat", "nft flush ruleset"),
    "flush of nft for two": ("", "nat -n B && netmodes nat", "nft flush ruleset"),
    "flush of the table": ("", "nat", "nft flush table ip netmodes-bridge-nat0"),
    "flush of iptables": (POLICY, "nat", "iptables -F"),
    "older rules": (f"{POLICY}; iptables-save >/run/s", "nat", "iptables-restore </run/s"),
    "flush of iptables, bridged": (POLICY, "bridged --uplink enp0s1", "iptables -F"),
}


@pytest.mark.parametrize("case", DELETED)
def test_deleted_rules(lab: Lab, case: str) -> None:
    """Rules that somebody has deleted are named; the fixes that are printed, typed, bring all that
    was promised back, and leave nothing of it after down."""
    before, mode, deletes = DELETED[case]
    lab.ok("bash", "-c", before)
    lab.ok("bash", "-c", f"netmodes {mode} && {deletes}")
    fixes: set[str] = set()
    status, results = check(lab)
    while status and len(fixes) < 5:
        assert {one["reason"].partition(": ")[0] for one in results if one["differs"]} <= {
            "somebody has deleted a rule that netmodes made",
            "the resolver 192.168.64.1 cannot be reached",
        }
        fix = next(one["finding"]["fix"] for one in results if one["differs"])
        assert fix not in fixes
        fixes.add(fix)
        lab.ok("bash", "-c", fix)
        status, results = check(lab)

    assert fixes
    lab.ok("netmodes", "down", "--all")
    assert "netmodes" not in lab.ok("bash", "-c", "nft list ruleset; iptables-save")
