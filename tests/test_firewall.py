"""Filters: what would drop the namespace's packets, and rules that name the uplink."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from console import machine

from netmodes import Bridged, Facts, Plan, Refused

pytestmark = pytest.mark.pure

DROP = ["-P INPUT ACCEPT", "-P FORWARD DROP", "-P OUTPUT ACCEPT"]
DOCKER = ["-N DOCKER-USER", "-A FORWARD -j DOCKER-USER"]


def bridged(facts: Facts, *, force: bool = False, **parameters: str) -> Plan:
    """The plan that bridges the uplink of this machine."""
    return Bridged(uplink="enp0s1", **parameters).plan(facts, force=force)


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
    ],
    ids=["forward", "docker", "no-docker"],
)
def test_accept(iptables: list[str], chain: str, article: Facts) -> None:
    """The accept stands first in the chain that drops, for this bridge only, and is taken out."""
    plan = bridged(replace(article, iptables=iptables), bridge="lan")

    (step,) = [step for step in plan.steps if step.argv[0] == "iptables"]
    rule = (chain, "-i", "lan", "-o", "lan", "-j", "ACCEPT")
    assert step.undo is not None
    assert step.argv == ("iptables", "-I", *rule)
    assert step.undo.argv == ("iptables", "-D", *rule)
    assert step.undo.probe[-len(rule) - 1 :] == ("-C", *rule)
    assert (step.guard, step.share) == (True, "accept lan")


@pytest.mark.parametrize(
    "iptables", [None, [], ["-P FORWARD ACCEPT"], ["-P INPUT DROP", *DOCKER], ["-N FORWARD DROP"]]
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
    shared = [asdict(step) for step in first.steps if step.share]
    networks = [{**network, "shared": shared}]

    second = bridged(replace(joined, networks=networks, iptables=DROP), namespace="B")

    assert "accept br0" in first.shares.values()
    assert [*second.shares.values()] == [*first.shares.values()]
    assert [line for line in second.lines if line.startswith("iptables")] == []


@pytest.mark.parametrize(
    ("nft", "shown"),
    [
        (chain("forward", "drop"), "table inet filter, chain forward"),
        (chain("forward", "drop", "counter accept"), "table inet filter, chain forward"),
        (chain("forward", "drop", table="bridge lan"), "table bridge lan, chain forward"),
        (
            [*chain("input", "accept"), *chain("forward", "drop", table="ip firewalld")],
            "table ip firewalld, chain forward",
        ),
    ],
)
def test_drop_of_nft(nft: list[str], shown: str, article: Facts) -> None:
    """A drop that only nft knows is shown by table and chain, and refused."""
    with pytest.raises(Refused, match=rf"drops what br0 passes on \({shown}, policy drop\)"):
        bridged(replace(article, nft=nft))


@pytest.mark.parametrize(
    "nft",
    [
        None,
        [],
        chain("forward", "accept"),
        chain("input", "drop"),
        chain("output", "drop"),
        chain("forward", "accept", "ip saddr 10.0.0.0/8 counter drop # policy drop"),
    ],
)
def test_no_drop_of_nft(nft: list[str] | None, article: Facts) -> None:
    """What is not forwarded, or not dropped, is no reason to refuse."""
    assert bridged(replace(article, nft=nft)).lines == bridged(article).lines


def test_drop_of_nft_that_accepts_the_bridge(article: Facts) -> None:
    """The user who did what the refusal says can go on."""
    accept = 'iifname "br0" oifname "br0" accept'

    facts = replace(article, nft=chain("forward", "drop", accept))

    assert bridged(facts).lines == bridged(article).lines


def test_drop_of_iptables_in_nft() -> None:
    """The chain that iptables and nft both show is a matter for iptables."""
    docker = machine("docker")

    assert "policy drop" in str(docker.nft)
    assert [line for line in bridged(docker).lines if line.startswith("iptables")] != []


# What names the uplink.

NAMING: list[tuple[str, Any, str]] = [
    ("nft", chain("input", "drop", 'iifname "enp0s1" accept'), 'nft: iifname "enp0s1" accept'),
    ("nft", ['\t\telements = { "wlan0", "enp0s1" }'], "nft: elements"),
    ("iptables", ["-A INPUT -i enp0s1 -j ACCEPT"], "iptables: -A INPUT -i enp0s1 -j ACCEPT"),
    ("rules", ["32765:\tfrom all iif enp0s1 lookup 100"], "rules: 32765:\tfrom all iif enp0s1"),
    ("rules6", ["32765:\tfrom all oif enp0s1 lookup 100"], "rules6: 32765:\tfrom all oif enp0s1"),
    ("tc", {"enp0s1": ["filter parent ffff: protocol ip pref 49152 matchall"]}, "tc: filter"),
]


@pytest.mark.parametrize(("what", "lines", "shown"), NAMING)
def test_naming(what: str, lines: object, shown: str, article: Facts) -> None:
    """A rule that names the uplink is refused, printed as it stands, with what to do."""
    facts = replace(article, **{what: lines})

    with pytest.raises(Refused) as refusal:
        bridged(facts, bridge="lan")

    assert f"({shown}" in str(refusal.value)
    assert str(refusal.value).endswith(": let it name lan as well, then use --force")
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(("what", "lines", "shown"), NAMING)
def test_naming_forced(what: str, lines: object, shown: str, article: Facts) -> None:
    """With --force it goes on all the same, with the same commands."""
    facts = replace(article, **{what: lines})

    assert bridged(facts, force=True).lines == bridged(article).lines


@pytest.mark.parametrize(
    "name",
    ["enp0s10", "xenp0s1", "enp0s1.5", "enp0s1-5", "enp0s1_5", "br-enp0s1", "v.enp0s1", "enp0s"],
)
@pytest.mark.parametrize("what", ["nft", "iptables", "rules", "rules6"])
def test_naming_others(what: str, name: str, article: Facts) -> None:
    """A rule that names a device whose name only has the uplink's in it is none of ours."""
    facts = replace(article, **{what: [f'iif "{name}" and -i {name} and {{ {name}, wlan0 }}']})

    assert bridged(facts).lines == bridged(article).lines


def test_naming_with_dots(article: Facts) -> None:
    """An uplink's name is a name, and no pattern."""
    nics = machine("nics")

    def plan(name: str) -> Plan:
        links = [*nics.known("links"), {**nics.known_link("enp0s1"), "ifname": "enp.7"}]
        rules = [f"32765:\tfrom all iif {name} lookup 100"]
        return Bridged(uplink="enp.7").plan(replace(nics, links=links, rules=rules))

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
