"""Rules that name the uplink, and do more than a packet shows."""

from dataclasses import replace
from typing import Any

import pytest
from console import machine

from netmodes import Bridged, Facts, Plan, Refused
from netmodes.firewall.naming import naming
from netmodes.machine.rule import Rule, rule_from


def bridged(facts: Facts, *, anyway: bool = False, **parameters: str) -> Plan:
    """The plan that bridges the uplink of this machine."""
    return Bridged(uplink="enp0s1", **parameters).plan(facts, anyway=anyway)


def nft(*parts: str) -> list[str]:
    """What ``nft list ruleset`` prints of a table of these chains and sets."""
    return ["table inet own {", *(line for one in parts for line in one.split("\n")), "}"]


def part(kind: str, *lines: str) -> str:
    """A chain or set of a table."""
    return "\n".join([f"\t{kind} {{", *(f"\t\t{line}" for line in lines), "\t}"])


def closed(rule: str) -> list[str]:
    """What it prints of a chain for what comes in, which drops all but by this rule."""
    head = "type filter hook input priority filter; policy drop;"
    return nft(part("chain input", head, rule))


def rules(asks: str) -> list[Rule]:
    """A rule of policy routing that asks for this."""
    return [rule_from(f"32765:\tfrom all {asks} lookup 100")]


NAMING: list[tuple[str, Any, str]] = [
    ("nft", closed('iifname "enp0s1" accept'), 'nft: iifname "enp0s1" accept'),
    ("nft", ['\t\telements = { "wlan0", "enp0s1" }'], "nft: elements"),
    ("iptables", ["-A INPUT -i enp0s1 -j ACCEPT"], "iptables: -A INPUT -i enp0s1 -j ACCEPT"),
    ("iptables", ["-A INPUT -i enp+ -j ACCEPT"], "iptables: -A INPUT -i enp+ -j ACCEPT"),
    ("nft", closed('iifname "en*" accept'), 'nft: iifname "en*" accept'),
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
    fix = {"rules": "ip -4 rule add pref 32765 from all ", "rules6": "ip -6 rule add pref 32765 "}
    assert fix.get(what, ": let it name lan as well, or") in str(refusal.value)
    assert str(refusal.value).endswith(", or go on with anyway=True")
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(("what", "lines", "shown"), NAMING[:-1])
def test_naming_both(what: str, lines: list[Any], shown: str, article: Facts) -> None:
    """A rule that names the bridge as well, or has a twin for it, stands in nobody's way."""
    twins = [
        rule_from(f"32764:{one.text[6:]}".replace("enp0s1", "lan [detached]"))
        if isinstance(one, Rule)
        else one.replace("enp0s1", "lan").replace("en*", "lan").replace("enp+", "lan")
        for one in lines
    ]
    both = replace(article, **{what: [*lines, *twins]})

    assert bridged(both, bridge="lan").lines == bridged(article, bridge="lan").lines


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


POST = part("chain post", "type nat hook postrouting priority srcnat; policy accept;", "jump own")
WAN = part("set wan", "type ifname", 'elements = { "enp0s1" }')
BOTH = part("set wan", "type ifname", 'elements = { "enp0s1", "br0" }')

SEEN: list[tuple[str, list[str], str]] = [
    ("nft", nft(part("chain in", 'iifname "enp0s1" accept', "drop")), ""),
    ("nft", nft(part("chain in", 'iifname "enp0s1" jump own'), part("chain own", "drop")), ""),
    ("nft", nft(part("chain in", 'iifname "enp0s1" ct mark set 1')), 'iifname "enp0s1" ct mark'),
    ("nft", nft(part("chain in", 'iifname "enp0s1" accept comment "a set of"')), ""),
    ("nft", nft(POST, part("chain own", 'oifname "enp0s1" masquerade')), 'oifname "enp0s1" masq'),
    (
        "nft",
        nft(POST, part("chain own", 'oifname "enp0s1" goto x'), part("chain x", "masquerade")),
        'oifname "enp0s1" goto x',
    ),
    (
        "nft",
        nft(POST, part("chain own", 'oifname "enp0s1" masquerade', 'oifname "br0" masquerade')),
        "",
    ),
    ("nft", nft(BOTH, part("chain own", "oifname @wan masquerade")), ""),
    (
        "nft",
        nft(POST, part("chain own", 'oifname != "enp0s1" return', "masquerade")),
        'oifname != "enp0s1" return',
    ),
    ("nft", nft(WAN, part("chain own", "oifname @wan masquerade")), "oifname @wan masquerade"),
    ("nft", nft(WAN, part("chain own", "iifname @wan accept")), ""),
    ("nft", nft(part("chain a", 'iifname "enp0s1" jump b'), part("chain b", "jump a")), ""),
    ("iptables", ["-A INPUT -i enp0s1 -j OWN", "-A OWN -m set --match-set a src -j DROP"], ""),
    (
        "iptables",
        ["*nat", "-A PREROUTING -i enp0s1 -j DNAT --to-destination 10.0.0.2", "COMMIT"],
        "-A PREROUTING -i enp0s1 -j DNAT",
    ),
    ("iptables", ["*nat", "-A POSTROUTING -o docker0 -j MASQUERADE", "COMMIT"], ""),
]


@pytest.mark.parametrize(("what", "lines", "shown"), SEEN)
def test_seen(what: str, lines: list[str], shown: str, article: Facts) -> None:
    """Where packets show what passes, a rule is named that does more for the uplink alone."""
    found = [*naming("enp0s1", "br0", replace(article, **{what: lines}), seen=True)]

    assert len(found) == bool(shown)
    assert all(f"({what}: {shown}" in one.what for one in found)
