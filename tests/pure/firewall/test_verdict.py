"""Filters: what in a firewall stops a packet, read from `iptables -S` and `nft list ruleset`."""

import pytest

from netmodes import Facts
from netmodes.firewall.verdict import Packet, is_translated, stops

PACKET = Packet("forward", "br0", "eth0", "10.0.0.2", "8.8.8.8")
TCP = Packet("forward", "br0", "eth0", "10.0.0.2", "8.8.8.8", "tcp", "443")
ANSWER = Packet("forward", "eth0", "br0", "8.8.8.8", "10.0.0.2", state="established")
#: Docker's own chain, which nothing jumps to.
DROP = ["-P FORWARD DROP", "-N DOCKER-USER"]
LATE = ["-A FORWARD -j DROP", "-A FORWARD -j DOCKER-USER"]
INPUT = Packet("input", "br0", "", "10.0.0.2", "10.0.0.1")


def iptables(*rules: str, policy: str = "ACCEPT", packet: Packet = PACKET) -> list[str]:
    """What stops a packet where the chain FORWARD has these rules."""
    new = [f"-N {name}" for name in ("mine", "other")]
    lines = [f"-P FORWARD {policy}", "-P INPUT ACCEPT", *new, *rules]
    return [stop.what for stop in stops(packet, Facts(iptables=lines))]


def table(*rules: str, policy: str = "accept") -> list[str]:
    """What nft lists of a table whose chain has these rules."""
    return [
        "table inet f {",
        "\tchain pass {",
        f"\t\ttype filter hook forward priority filter; policy {policy};",
        *(f"\t\t{rule}" for rule in rules),
        "\t}",
        "\tchain mine {",
        "\t\tdrop",
        "\t}",
        "}",
    ]


def nft(*rules: str, policy: str = "accept", packet: Packet = PACKET) -> list[str]:
    """What stops a packet where a chain of nft's has these rules."""
    return [stop.what for stop in stops(packet, Facts(nft=table(*rules, policy=policy)))]


def test_no_firewall() -> None:
    """Nothing stops a packet where there is no firewall, or none that may be read."""
    assert list(stops(PACKET, Facts())) == list(stops(PACKET, Facts(nft=[], iptables=[]))) == []
    assert iptables() == nft() == []


@pytest.mark.parametrize(
    ("rules", "stopped"),
    [
        (["-A FORWARD -i br0 -j DROP"], True),
        (["-A FORWARD -i br+ -j DROP"], True),
        (["-A FORWARD -i br1 -j DROP"], False),
        (["-A FORWARD ! -i br0 -j DROP"], False),
        (["-A FORWARD ! -i br1 -j DROP"], True),
        (["-A FORWARD -o eth0 -s 10.0.0.0/24 -d 8.8.8.8/32 -j REJECT"], True),
        (["-A FORWARD -s 10.0.1.0/24 -j DROP"], False),
        (["-A FORWARD -p tcp -j DROP"], False),
        (['-A FORWARD -p icmp -m comment --comment "-j ACCEPT it" -j DROP'], True),
        (["-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j DROP"], False),
        (["-A FORWARD -m conntrack --ctstate INVALID,NEW -j DROP"], True),
        (["-A FORWARD -i br0 -j ACCEPT", "-A FORWARD -j DROP"], False),
        (["-A FORWARD -j LOG --log-prefix x", "-A FORWARD -j DROP"], True),
        (["-A FORWARD -j mine", "-A mine -j DROP"], True),
        (["-A FORWARD -j mine", "-A mine -j RETURN", "-A mine -j DROP"], False),
        (
            ["-A FORWARD -j mine", "-A mine -j other", "-A other -j ACCEPT", "-A mine -j DROP"],
            False,
        ),
        (["-A FORWARD -i br1 -j mine", "-A mine -j DROP"], False),
        (["-A INPUT -j DROP"], False),
        (["-A FORWARD -p icmp -m icmp --icmp-type 8 -j DROP"], True),
        (["-A FORWARD -p icmp -m icmp --icmp-type 0 -j DROP"], False),
        (["-A FORWARD -g mine", "-A FORWARD -j DROP"], False),
    ],
)
def test_rules_of_iptables(rules: list[str], stopped: bool) -> None:
    """A rule stops what it is for, unless one before it accepts."""
    assert bool(iptables(*rules)) is stopped


@pytest.mark.parametrize(
    ("rule", "stopped"),
    [
        ("drop", True),
        ("counter packets 7 bytes 9 drop", True),
        ('iifname "br0" oifname "eth0" reject with icmp port-unreachable', True),
        ('iifname "br*" drop', True),
        ('iifname { "br0", "br1" } drop', True),
        ('iifname { "br1", "br2" } drop', False),
        ('iifname != "br0" drop', False),
        ("ip saddr 10.0.0.0/8 ip daddr { 1.1.1.1, 8.8.8.8 } drop", True),
        ("ip saddr != { 10.0.0.2, 10.0.0.3 } drop", False),
        ("ip protocol tcp drop", False),
        ("meta l4proto icmp drop", True),
        ("ct state established,related drop", False),
        ("ct state new drop", True),
        ("tcp dport 443 drop", False),
        ('log prefix "accept " drop', True),
        ("jump mine", True),
        ('iifname "br1" jump mine', False),
        ("ct state vmap { established : accept, new : drop }", True),
        ("ct state vmap { established : drop, new : accept }", False),
        ('iifname vmap { "br1" : jump mine, "br0" : jump mine }', True),
        ("ip6 saddr fe80::/10 drop", False),
        ("icmpv6 type nd-router-advert drop", False),
        ("meta nfproto ipv6 drop", False),
        ("meta nfproto ipv4 drop", True),
        ("tcp flags syn drop", False),
        ("udp dport 53 drop", False),
        ("meta l4proto { tcp, udp } th dport 53 drop", False),
        ("icmp type echo-request drop", True),
        ("icmp type { echo-reply, destination-unreachable } drop", False),
        ("ct status dnat drop", False),
        ('iifname . oifname { "br0" . "eth0" } accept', False),
    ],
)
def test_rules_of_nft(rule: str, stopped: bool) -> None:
    """The same in nft's words."""
    assert bool(nft(rule)) is stopped


def test_policy() -> None:
    """A policy stops what no rule accepts."""
    accept = "-A FORWARD -i br0 -o eth0 -j ACCEPT"

    assert iptables(policy="DROP") == ["iptables' policy for FORWARD"]
    assert iptables(accept, policy="DROP") == []
    assert iptables(accept, policy="DROP", packet=ANSWER) == ["iptables' policy for FORWARD"]
    assert nft(policy="drop") == ["the policy of nft's chain inet f pass"]
    assert nft('iifname "br0" accept', policy="drop") == []


def test_hook() -> None:
    """What is for the host itself passes other chains."""
    assert iptables(policy="DROP", packet=INPUT) == nft(policy="drop", packet=INPUT) == []
    assert iptables("-A INPUT -i br0 -j DROP", packet=INPUT) == ["`-A INPUT -i br0 -j DROP`"]


def test_port() -> None:
    """A rule for a port stops that port alone."""
    assert iptables("-A FORWARD -p tcp -m tcp --dport 443 -j DROP", packet=TCP)
    assert not iptables("-A FORWARD -p tcp -m tcp --dport 80 -j DROP", packet=TCP)
    assert nft("tcp dport { 80, 443 } drop", packet=TCP)
    assert not nft("tcp dport 80 drop", packet=TCP)


def test_in_doubt() -> None:
    """Of rules that ask for more than is understood, one that drops is blamed, none that accepts
    excuses; a rule that surely accepts before it does."""
    may_drop, may_accept = "-A FORWARD -m owner --x -j DROP", "-A FORWARD -m owner --x -j ACCEPT"

    assert iptables(may_drop) == [f"`{may_drop}`"]
    assert iptables(may_accept, policy="DROP") == ["iptables' policy for FORWARD"]
    assert iptables("-A FORWARD -j ACCEPT", may_drop) == []
    assert nft("meta mark 0x1 drop") == ["`meta mark 0x1 drop` in nft's chain inet f pass"]
    assert nft("ip saddr @friends accept", "drop") == ["`drop` in nft's chain inet f pass"]


#: Rules in order, the policy, and what stops the packet, surely (True) or perhaps.
CERTAIN: list[tuple[list[str], str, dict[str, bool]]] = [
    (["drop"], "accept", {"`drop`": True}),
    (["meta mark 0x1 drop"], "accept", {"`meta mark 0x1 drop`": False}),
    (["meta mark 0x1 drop", "drop"], "accept", {"`drop`": True}),
    (["meta mark 0x1 drop", "accept"], "accept", {"`meta mark 0x1 drop`": False}),
    (["meta mark 0x1 accept", "drop"], "accept", {"`drop`": False}),
    (["meta mark 0x1 accept"], "drop", {"the policy of": False}),
    (["meta mark 0x1 drop"], "drop", {"the policy of": True}),
    (["iifname @lan drop"], "accept", {"`iifname @lan drop`": False}),
    (["ip saddr @lan drop"], "accept", {"`ip saddr @lan drop`": False}),
    (["ip saddr vmap @lan", "drop"], "accept", {"`drop`": False}),
    (["meta mark 0x1 jump mine"], "accept", {"`drop`": False}),
    (["meta mark 0x1 return", "drop"], "accept", {"`drop`": False}),
    (["meta mark 0x1 goto mine", "accept"], "accept", {"`drop`": False}),
    (["ip saddr 10.0.0.1-10.0.0.9 drop"], "accept", {"`ip saddr 10.0.0.1": False}),
    (['iifname . oifname { "br1" . "eth0" } drop'], "accept", {"`iifname . oifname": False}),
]


@pytest.mark.parametrize(("rules", "policy", "expected"), CERTAIN)
def test_certain(rules: list[str], policy: str, expected: dict[str, bool]) -> None:
    """A stop is certain where all that it, and what may accept before it, asks is understood."""
    found = stops(PACKET, Facts(nft=table(*rules, policy=policy)))

    ((begin, certain),) = expected.items()
    (stop,) = found
    assert stop.what.startswith(begin)
    assert stop.certain is certain


@pytest.mark.parametrize("family", ["ip6", "bridge", "arp", "netdev"])
def test_other_families(family: str) -> None:
    """A table of another family than IPv4's sees no packet of it, or knows it by other devices."""
    lines = table("drop", policy="drop")

    assert list(stops(PACKET, Facts(nft=[f"table {family} f {{", *lines[1:]]))) == []
    assert list(stops(PACKET, Facts(nft=["table ip f {", *lines[1:]]))) != []


def test_rejects() -> None:
    """What sends a packet back is told from what drops it."""
    both = ["-P FORWARD ACCEPT", "-A FORWARD -p icmp -j REJECT --reject-with icmp-port-unreachable"]
    (stop,) = stops(PACKET, Facts(iptables=both))
    (policy,) = stops(PACKET, Facts(iptables=["-P FORWARD DROP"]))

    assert (stop.rejects, policy.rejects) == (True, False)
    assert next(stops(PACKET, Facts(nft=table("reject with icmp port-unreachable")))).rejects
    assert not next(stops(PACKET, Facts(nft=table("drop")))).rejects


@pytest.mark.parametrize(
    ("rule", "translated"),
    [
        ("masquerade", True),
        ('oifname "eth0" ip saddr 10.0.0.0/8 counter packets 0 bytes 0 masquerade', True),
        ("ip saddr 10.0.0.0/8 snat to 192.0.2.1", True),
        ("meta mark 0x1 masquerade", True),
        ("ip saddr 172.17.0.0/16 masquerade", False),
        ('oifname "eth1" masquerade', False),
        ('comment "masquerade" accept', False),
    ],
)
def test_translated(rule: str, translated: bool) -> None:
    """What leaves is translated by a rule for its source, in a chain of nat after the routing."""
    nat = "type nat hook postrouting priority srcnat; policy accept;"
    lines = ["table ip mine {", "chain post {", nat, rule, "}", "}"]
    filtering = ["table ip mine {", "chain post {", nat.replace("nat hook", "filter hook"), rule]

    assert is_translated(PACKET, Facts(nft=lines)) is translated
    assert not is_translated(PACKET, Facts(nft=filtering))
    assert not is_translated(PACKET, Facts(nft=["table ip6 mine {", *lines[1:]]))
    assert not is_translated(PACKET, Facts())


def test_chains_of_iptables_in_nft() -> None:
    """What iptables says of its chains, nft's view of the same does not repeat."""
    rules = [
        "table ip filter {",
        "chain FORWARD {",
        "type filter hook forward priority 0; policy drop;",
    ]
    both = Facts(iptables=["-P FORWARD DROP"], nft=[*rules, "}", "}"])
    nft_alone = Facts(nft=both.nft)

    assert [stop.what for stop in stops(PACKET, both)] == ["iptables' policy for FORWARD"]
    assert [stop.evidence for stop in stops(PACKET, nft_alone)] == [
        "nft list chain ip filter FORWARD"
    ]


def test_fix() -> None:
    """A rule of iptables is deleted; past a policy, or in nft, the packet is accepted."""
    (rule,) = stops(PACKET, Facts(iptables=["-P FORWARD ACCEPT", "-A FORWARD -i br0 -j DROP"]))
    (policy,) = stops(PACKET, Facts(iptables=DROP))
    (docker,) = stops(PACKET, Facts(iptables=[*DROP, "-A FORWARD -j DOCKER-USER"]))
    (late,) = stops(PACKET, Facts(iptables=[*DROP, *LATE]))

    assert late.fix == "iptables -D FORWARD -j DROP"
    assert rule.fix == "iptables -D FORWARD -i br0 -j DROP"
    assert policy.fix == "iptables -I FORWARD -i br0 -o eth0 -j ACCEPT"
    assert docker.fix == "iptables -I DOCKER-USER -i br0 -o eth0 -j ACCEPT"
