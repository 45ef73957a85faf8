"""What a run must not cost the host: the questions that are asked, and what counts as lost."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from console import machine

from netmodes import Bridged, Facts, HostOnly
from netmodes.engine import unharmed
from netmodes.engine.unharmed import Host, harm, look_at
from netmodes.machine.entries import Neighbour, Route
from netmodes.machine.query import Asked
from netmodes.machine.rule import rule_from
from netmodes.machine.table import Table
from netmodes.machine.values import subnet
from netmodes.plan.plan import Plan
from netmodes.plan.text import lines_of

PEER = Neighbour(ip_address("192.168.64.60"), "enp0s1", proxy=True)


def asked(facts: Facts, monkeypatch: pytest.MonkeyPatch, rules: str = "") -> list[Asked]:
    """Where to the host's way is asked for, on a machine with these policy rules."""
    monkeypatch.setattr(unharmed, "routes_to", dict.fromkeys)
    values = [*map(rule_from, lines_of(rules))]
    return [*look_at(replace(facts, rules=values), "enp0s1").ways]


def test_asked(article: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways to the gateway, outside and to the SSH peer are asked for."""
    facts = replace(article, peer="10.1.2.3")

    assert asked(facts, monkeypatch) == [("10.1.2.3",), ("192.168.64.1",), ("8.8.8.8",)]


def test_asked_by_rules(article: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way outside is asked for as policy rules tell it: by its source, and by its mark."""
    rules = "9:\tfrom 192.168.64.0/25 lookup 7 \n10:\tfrom 10.0.0.1 lookup 7 \n"
    marked = "11:\tnot from all fwmark 0xca6c/0xff lookup 9 \n"

    assert asked(article, monkeypatch, rules + marked)[1:] == [
        ("8.8.8.8",),
        ("8.8.8.8", "from", "192.168.64.3"),
        ("8.8.8.8", "mark", "0xca6c"),
    ]


def test_asked_by_default_routes(article: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address outside is one to which no other route leads."""
    vpn = [Route(subnet(to, 4), "tun0") for to in ("8.8.8.0/24", "0.0.0.0/1", "128.0.0.0/1")]

    assert ("1.1.1.1",) in asked(
        replace(article, routes=[*article.known("routes"), *vpn]), monkeypatch
    )


@pytest.fixture
def plan(article: Facts) -> Plan:
    """A plan that hands an uplink over to a bridge."""
    return Bridged(uplink="enp0s1").plan(article)


def moved(facts: Facts) -> Facts:
    """The machine as the hand-over is to leave it."""
    uplink = facts.known_link("enp0s1")
    bridge = replace(uplink, name="br0", kind="bridge")
    links = [replace(uplink, addresses=()), bridge]
    routes = [route.through("br0") for route in facts.known("routes")]
    routes6 = [route.through("br0") for route in facts.known("routes6")]
    neighbours = [replace(one, dev="br0") for one in facts.neighbours or ()]
    return Facts(links=links, routes=routes, routes6=routes6, neighbours=neighbours)


@pytest.mark.parametrize("name", ["article", "rich", "advertised", "uplink-26"])
def test_unharmed(name: str, plan: Plan) -> None:
    """Nothing is lost where everything has moved, however little time it has left."""
    facts = machine(name)

    assert [*harm(Host(Table(), {}, facts), Host(Table(), {}, moved(facts)), plan)] == []


def test_neighbours(article: Facts, plan: Plan) -> None:
    """A neighbour that the uplink answered for, and the bridge does not, is lost."""
    before = replace(article, neighbours=[PEER])
    now = replace(moved(before), neighbours=[])

    assert [*harm(Host(Table(), {}, before), Host(Table(), {}, now), plan)] == [
        "the proxied neighbour 192.168.64.60 of enp0s1 is not on br0"
    ]


def test_source(article: Facts, plan: Plan) -> None:
    """A route that has another source on the bridge is lost; one that had none may have got one."""
    (default,) = article.default_routes()
    named, bare = (
        replace(article, routes=[replace(default, prefsrc=one)]) for one in (default.prefsrc, None)
    )

    def lost(before: Facts, now: Facts) -> int:
        return len([*harm(Host(Table(), {}, before), Host(Table(), {}, moved(now)), plan)])

    assert (lost(bare, named), lost(named, bare)) == (0, 1)


def test_no_source() -> None:
    """A host that has no address to send from loses nothing where it has one meanwhile."""
    host_only = HostOnly().plan(machine("article"))
    before = Route(subnet("8.8.8.8", 4), "enp0s1")
    now = replace(before, prefsrc=ip_address("192.168.202.1"))
    ways = {("8.8.8.8",): before}, {("8.8.8.8",): now}

    assert [*harm(Host(Facts(), ways[0]), Host(Facts(), ways[1]), host_only)] == []
    assert [*harm(Host(Facts(), ways[1]), Host(Facts(), ways[0]), host_only)] != []
