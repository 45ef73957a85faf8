"""Firewall: what would drop the namespace's packets, and rules that name the uplink."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from console import machine

from netmodes import Bridged, Facts, Nat, Plan, Refused
from netmodes.commands.netfilter import TAG
from netmodes.machine.rule import Rule, rule_from
from netmodes.plan.verdict import Verdict, Verdicts

DROP = ["-P INPUT ACCEPT", "-P FORWARD DROP", "-P OUTPUT ACCEPT"]
DOCKER = ["-N DOCKER-USER", "-A FORWARD -j DOCKER-USER"]


def bridged(facts: Facts, *, anyway: bool = False, **parameters: str) -> Plan:
    """The plan that bridges the uplink of this machine."""
    return Bridged(uplink="enp0s1", **parameters).plan(facts, anyway=anyway)


def chain(hook: str, policy: str, *rules: str, table: str = "inet filter") -> list[str]:
    """What ``nft list ruleset`` prints of a table with one chain."""
    head = f"\t\ttype filter hook {hook} priority filter; policy {policy};"
    body = [head, *(f"\t\t{rule}" for rule in rules)]
    return [f"table {table} {{", f"\tchain {hook} {{", *body, "\t}", "}"]


# What drops.


@pytest.mark.parametrize(
    ("iptables", "chain"),
    [
        (DROP, "FORWARD"),
        ([*DROP, *DOCKER], "DOCKER-USER"),
        ([*DROP, "-N DOCKER-USER-2"], "FORWARD"),
        ([*DROP, "-N DOCKER-USER"], "FORWARD"),
        ([*DROP, DOCKER[0], "-A FORWARD -j REJECT", DOCKER[1]], "FORWARD"),
        (
            ["-P FORWARD ACCEPT", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"],
            "FORWARD",
        ),
        (["-P FORWARD ACCEPT", "-A FORWARD -m conntrack --ctstate NEW -j DROP"], "FORWARD"),
    ],
    ids=["forward", "docker", "no-docker", "no-jump", "late", "reject", "new"],
)
def test_accept(iptables: list[str], chain: str, article: Facts) -> None:
    """The accept stands first in the chain that drops, for this bridge only, and is taken out."""
    plan = bridged(replace(article, iptables=iptables), bridge="lan")

    (step,) = [step for step in plan.steps if step.argv[0] == "iptables"]
    rule = (chain, "-i", "lan", "-o", "lan", *TAG, "-j", "ACCEPT")
    assert step.undo is not None
    assert step.argv == ("iptables", "-I", *rule)
    assert step.undo.argv == ("iptables", "-D", *rule)
    assert step.undo.look.word(f"-A {' '.join(rule)}") == "ACCEPT"
    assert (step.guard, step.share) == (True, "accept lan")


@pytest.mark.parametrize(
    "iptables",
    [
        None,
        [],
        ["-P FORWARD ACCEPT"],
        ["-P INPUT DROP", *DOCKER],
        ["-N FORWARD DROP"],
        [*DROP, "-A FORWARD -i br+ -j ACCEPT"],
        ["-P FORWARD ACCEPT", "-A FORWARD -i eth7 -j DROP"],
        ["-P FORWARD ACCEPT", "-A FORWARD -m set --match-set banned src -j DROP"],
    ],
)
def test_accept_needless(iptables: list[str] | None, article: Facts) -> None:
    """Where nothing that is forwarded is dropped nothing is allowed."""
    plan = bridged(replace(article, iptables=iptables))

    assert [line for line in plan.lines if line.startswith("iptables")] == []


def test_accept_is_no_articles_command() -> None:
    """With --verbatim nothing is allowed either."""
    plan = Bridged(uplink="enp0s1").plan(machine("docker"), verbatim=True)

    assert [line for line in plan.lines if line.startswith("iptables")] == []


def test_accept_is_shared() -> None:
    """Who joins the bridge inherits its accept, and adds none."""
    first, joined = bridged(machine("docker")), machine("bridged-up")
    (network,) = joined.known("networks")
    shares = tuple(step for step in first.steps if step.share)
    networks = [replace(network, shares=shares)]

    second = bridged(replace(joined, networks=networks, iptables=DROP), namespace="B")

    assert "accept br0" in first.shares.values()
    assert [*second.shares.values()] == [*first.shares.values()]
    assert [line for line in second.lines if line.startswith("iptables")] == []


def nat(facts: Facts, *, anyway: bool = False) -> Plan:
    """The plan of a namespace behind NAT."""
    return Nat().plan(facts, anyway=anyway)


DROPS = {
    "policy": chain("forward", "drop"),
    "rule": chain("forward", "accept", "ct state established accept", "counter reject"),
    "doubtful accept": chain("forward", "drop", "ip saddr @friends accept"),
    "other bridge": chain("forward", "drop", 'iifname { "lan", "docker0" } accept'),
    "map": chain("forward", "drop", "ct state vmap { established : accept, related : accept }"),
    "second table": [*chain("input", "accept"), *chain("forward", "drop", table="ip other")],
}


@pytest.mark.parametrize("mode", [bridged, nat])
@pytest.mark.parametrize("nft", DROPS.values(), ids=DROPS)
def test_drop_of_nft(nft: list[str], mode: Callable[..., Plan], article: Facts) -> None:
    """A drop that only nft knows is shown, with what lets pass, and refused but with --anyway."""
    facts = replace(article, nft=nft)
    with pytest.raises(
        Refused, match=r"drops what (br0|nat0) passes on \(.*chain .* forward\): "
    ) as no:
        mode(facts)

    assert ": nft insert rule " in str(no.value)
    assert str(no.value).endswith(" accept, or go on with --anyway")
    assert mode(facts, anyway=True).lines == mode(article).lines


def test_drop_of_bridged_frames(article: Facts) -> None:
    """A bridge's own frames that are dropped stop bridged, and not what nat hands to the host."""
    facts = replace(article, nft=chain("forward", "drop", table="bridge lan"))

    assert nat(facts).lines == nat(article).lines
    with pytest.raises(Refused, match="bridge lan forward"):
        bridged(facts)


BOTH = '{ "br0", "nat0" }'
ACCEPTS = {
    "accept policy": chain("forward", "accept"),
    "other hooks": [*chain("input", "drop"), *chain("output", "drop")],
    "other subnet": chain("forward", "accept", "ip saddr 10.0.0.0/8 ip daddr 10.9.0.0/16 drop"),
    "doubtful drop": chain("forward", "accept", "ip daddr @banned drop"),
    "IPv6": chain("forward", "drop", table="ip6 filter"),
    "set": chain("forward", "drop", "ct state established accept", f"iifname {BOTH} accept"),
    "wildcard": chain(
        "forward", "drop", "ct state established accept", 'iifname { "br*", "nat*" } accept'
    ),
    "jump": [
        *chain("forward", "drop", "jump ours")[:-1],
        *["\tchain ours {", f"iifname {BOTH} accept", f"oifname {BOTH} accept", "\t}", "}"],
    ],
    "map": chain(
        "forward", "drop", "ct state vmap { established : accept }", f"iifname {BOTH} accept"
    ),
}


@pytest.mark.parametrize("mode", [bridged, nat])
@pytest.mark.parametrize("nft", [None, [], *ACCEPTS.values()], ids=["None", "[]", *ACCEPTS])
def test_no_drop_of_nft(nft: list[str] | None, mode: Callable[..., Plan], article: Facts) -> None:
    """What is not dropped, for sure, is no reason to refuse."""
    assert mode(replace(article, nft=nft)).lines == mode(article).lines


def test_drop_for_who_joins() -> None:
    """Who joins adds nothing to what the firewall sees, so it is no reason to refuse him."""
    joined = replace(machine("nat-up"), nft=chain("forward", "drop"))

    assert Nat(namespace="B").plan(joined).inherited


def test_firewalld(article: Facts) -> None:
    """What firewalld rejects is said, until the bridge is in a zone that it trusts."""
    rejects = chain("filter_FORWARD", "accept", "reject", table="inet firewalld")
    rejects[2] = rejects[2].replace("hook filter_FORWARD", "hook forward")
    trusts = [*rejects[:3], 'iifname "nat0" accept', 'oifname "nat0" accept', *rejects[3:]]
    notices = nat(replace(article, nft=rejects)).notices

    assert any("--zone=trusted --add-interface=nat0" in notice for notice in notices)
    assert nat(replace(article, nft=trusts)).notices == nat(article).notices


def test_drop_of_iptables_in_nft() -> None:
    """The chain that iptables and nft both show is a matter for iptables."""
    docker = machine("docker")

    assert "policy drop" in str(docker.nft)
    assert [line for line in bridged(docker).lines if line.startswith("iptables")] != []


# What names the uplink.


def rules(asks: str) -> list[Rule]:
    """A rule of policy routing that asks for this."""
    return [rule_from(f"32765:\tfrom all {asks} lookup 100")]


NAMING: list[tuple[str, Any, str]] = [
    ("nft", chain("input", "drop", 'iifname "enp0s1" accept'), 'nft: iifname "enp0s1" accept'),
    ("nft", ['\t\telements = { "wlan0", "enp0s1" }'], "nft: elements"),
    ("iptables", ["-A INPUT -i enp0s1 -j ACCEPT"], "iptables: -A INPUT -i enp0s1 -j ACCEPT"),
    ("iptables", ["-A INPUT -i enp+ -j ACCEPT"], "iptables: -A INPUT -i enp+ -j ACCEPT"),
    ("nft", chain("input", "drop", 'iifname "en*" accept'), 'nft: iifname "en*" accept'),
    ("rules", rules("iif enp0s1"), "rules: 32765:\tfrom all iif enp0s1"),
    ("rules6", rules("oif enp0s1"), "rules6: 32765:\tfrom all oif enp0s1"),
    ("tc", {"enp0s1": ["filter parent ffff: protocol ip pref 49152 matchall"]}, "tc: filter"),
]


@pytest.mark.parametrize(("what", "lines", "shown"), NAMING)
def test_naming(what: str, lines: object, shown: str, article: Facts) -> None:
    """A rule that names the uplink is refused, printed as it stands, with what to do."""
    facts = replace(article, **{what: lines})

    with pytest.raises(Refused) as refusal:
        bridged(facts, bridge="lan")

    assert f"({shown}" in str(refusal.value)
    assert str(refusal.value).endswith(": let it name lan as well, then use --anyway")
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("names", ["veth+", "l+", "enp0s10", "+", "enp0s1x+"])
def test_naming_several(names: str, article: Facts) -> None:
    """A rule that names other devices, or the bridge by how it begins, is no objection."""
    facts = replace(article, iptables=[f"-A INPUT -i {names} -j ACCEPT"])

    assert bridged(facts, bridge="lan").lines == bridged(article, bridge="lan").lines


@pytest.mark.parametrize(("what", "lines", "shown"), NAMING)
def test_naming_anyway(what: str, lines: object, shown: str, article: Facts) -> None:
    """With --anyway it goes on all the same, with the same commands."""
    facts = replace(article, **{what: lines})

    assert bridged(facts, anyway=True).lines == bridged(article).lines


@pytest.mark.parametrize(
    "name",
    ["enp0s10", "xenp0s1", "enp0s1.5", "enp0s1-5", "enp0s1_5", "br-enp0s1", "v.enp0s1", "enp0s"],
)
@pytest.mark.parametrize("what", ["nft", "iptables", "rules", "rules6"])
def test_naming_others(what: str, name: str, article: Facts) -> None:
    """A rule that names a device whose name only has the uplink's in it is none of ours."""
    text = f'iif "{name}" and -i {name} and {{ {name}, wlan0 }}'
    facts = replace(article, **{what: [text] if "rules" not in what else rules(f"iif {name}")})

    assert bridged(facts).lines == bridged(article).lines


def test_naming_with_dots(article: Facts) -> None:
    """An uplink's name is a name, and no pattern."""
    nics = machine("nics")

    def plan(name: str) -> Plan:
        links = [*nics.known("links"), replace(nics.known_link("enp0s1"), name="enp.7")]
        facts = replace(nics, links=links, rules=rules(f"iif {name}"))
        return Bridged(uplink="enp.7").plan(facts)

    assert plan("enpx7").parameters["uplink"] == "enp.7"
    with pytest.raises(Refused, match=r"iif enp\.7 lookup"):
        plan("enp.7")


@pytest.mark.parametrize(
    "tc", [None, {}, {"enp0s1": None}, {"enp0s1": []}, {"enp0s10": ["filter parent ffff:"]}]
)
def test_naming_in_no_filter(tc: dict[str, list[str] | None] | None, article: Facts) -> None:
    """A filter on another device, or none, is no reason to refuse."""
    assert bridged(replace(article, tc=tc)).lines == bridged(article).lines


def test_naming_for_who_joins() -> None:
    """Who joins changes nothing for the uplink, so no rule stands in the way."""
    joined = replace(machine("bridged-up"), iptables=["-A INPUT -i enp0s1 -j ACCEPT"])

    assert bridged(joined, namespace="B").inherited


# What is seen one way.


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (["ct state invalid drop"], True),
        (["ct state vmap { established : accept, invalid : drop }"], True),
        (["ct state established,related accept", "ct state new accept", "drop"], True),
        (["ct state new accept"], False),
        (['iifname "docker0" ct state invalid drop'], False),
        (["tcp dport 25 drop"], False),
        ([], False),
    ],
)
def test_half_seen(rules: list[str], says: bool, article: Facts) -> None:
    """Where rules may drop what the host sees one way, and no packet can tell, it is said."""
    facts = replace(article, nft=chain("forward", "accept", *rules))

    said = "\n".join(bridged(facts).notices)

    assert ("may cut connections off, for their answers come past it" in said) is says


def test_half_seen_elsewhere(article: Facts) -> None:
    """Of what nat passes on, or a namespace with a gateway of its own, it sees both ways."""
    facts = replace(article, nft=chain("forward", "accept", "ct state invalid drop"))

    for mode in (Nat(), Bridged(uplink="enp0s1", gateway="192.168.64.1")):
        assert not any("past it" in notice for notice in mode.plan(facts).notices)


@pytest.mark.parametrize(
    ("gateways", "around"),
    [
        ({"192.168.64.100": False, "192.168.64.1": True}, True),
        ({"192.168.64.100": False, "192.168.64.1": False}, False),
        ({"192.168.64.100": True, "192.168.64.1": True}, False),
        ({}, False),
        (None, False),
    ],
)
def test_past_the_host(gateways: dict[str, bool] | None, around: bool, article: Facts) -> None:
    """By the LAN's router only where connections by the host do not pass, and by it they do."""
    verdicts = None if gateways is None else Verdicts(gateways=gateways)
    mode, facts = Bridged(uplink="enp0s1"), replace(article, verdicts=verdicts)

    plan = mode.render(mode.settle(facts), facts, Verdict())

    guard = "ip netns exec A ip route replace default via 192.168.64.1"
    assert (guard in plan.lines) is around
    if around:
        assert plan.lines.index(guard) == 1 + plan.lines.index(
            "ip netns exec A ip route add default via 192.168.64.100"
        )
        assert guard not in plan.verbatim().lines
