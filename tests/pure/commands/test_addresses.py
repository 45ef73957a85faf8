"""Addresses: which can stand, and which are taken where none is given."""

import re
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from netmodes import Bridged, Facts, HostOnly, Isolated, Nat, Plan, Refused
from netmodes.commands.addresses import validate_address, validate_gateway, validate_pair
from netmodes.machine.entries import Address
from netmodes.machine.printed import route_from
from netmodes.machine.resolv import Names


def with_routes(facts: Facts, *destinations: str) -> Facts:
    """The same machine with more routes."""
    routes = (route_from({"dst": dst}) for dst in destinations)
    return replace(facts, routes=[*facts.known("routes"), *routes])


def with_addresses(facts: Facts, *addresses: str) -> Facts:
    """The same machine with more addresses on its last device, the uplink."""
    *others, uplink = facts.known("links")
    more = (Address(IPv4Address(address), 24) for address in addresses)
    return replace(facts, links=[*others, replace(uplink, addresses=(*uplink.addresses, *more))])


def pair(plan: Plan) -> tuple[str, str]:
    """Both addresses of a plan, the host's first."""
    host_side = "bridge_address" if plan.mode == "bridged" else "host_address"
    return plan.parameters[host_side], plan.parameters["address"]


@pytest.mark.parametrize(
    "address", ["", "192.168.202.11/24", "10.0.0.1/8", "10.0.0.2/30", "1.2.3.4/1", "100.64.0.1/10"]
)
def test_address(address: str) -> None:
    """A host's address with room for another beside it can stand; none at all is still open."""
    assert validate_address(address) is None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("192.168.202.11", "not an IPv4 address with a prefix"),
        ("192.168.202/24", "not an IPv4 address with a prefix"),
        ("192.168.202.11/33", "not an IPv4 address with a prefix"),
        ("192.168.202.11/-1", "not an IPv4 address with a prefix"),
        ("192.168.202.011/24", "not an IPv4 address with a prefix"),
        ("192.168.202.11/24\n", "not an IPv4 address with a prefix"),
        (" 192.168.202.11/24", "not an IPv4 address with a prefix"),
        ("192.168.202.11/٢٤", "not an IPv4 address with a prefix"),
        ("$(id)/24", "not an IPv4 address with a prefix"),
        ("fd00::1/64", "not an IPv4 address with a prefix"),
        ("192.168.202.11/024", "write 192.168.202.11/24"),
        ("192.168.202.11/255.255.255.0", "write 192.168.202.11/24"),
        ("127.0.0.1/8", "is no host's address"),
        ("224.0.0.1/24", "is no host's address"),
        ("255.255.255.255/24", "is no host's address"),
        ("0.0.0.1/8", "is no host's address"),
        ("192.168.202.11/31", "no room for two hosts"),
        ("192.168.202.11/32", "no room for two hosts"),
        ("192.168.202.0/24", "the network's own address in 192.168.202.0/24"),
        ("192.168.202.12/30", "the network's own address in 192.168.202.12/30"),
        ("192.168.202.255/24", "the broadcast address of 192.168.202.0/24"),
        ("192.168.202.15/30", "the broadcast address of 192.168.202.12/30"),
    ],
)
def test_address_refused(address: str, says: str) -> None:
    """What is no host's address is refused, with what it is."""
    with pytest.raises(Refused, match=says):
        validate_address(address)


def test_pair() -> None:
    """Two addresses of one subnet are a pair; one that is open fits any."""
    assert validate_pair("10.0.0.1/24", "10.0.0.2/24") is None
    assert validate_pair("10.0.0.1/24", "") is None
    assert validate_pair("", "10.0.0.2/24") is None


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ("10.0.1.2/24", "10.0.1.2/24 is outside 10.0.0.0/24"),
        ("10.0.0.2/25", "10.0.0.2/25 is outside 10.0.0.0/24"),
        ("10.0.0.1/24", "given to both ends"),
        ("10.0.0.0/24", "the network's own"),
    ],
)
def test_pair_refused(inside: str, says: str) -> None:
    """Two addresses that are not two hosts of one subnet are no pair."""
    with pytest.raises(Refused, match=says):
        validate_pair("10.0.0.1/24", inside)


@pytest.mark.parametrize("gateway", ["", "10.0.0.1", "10.0.0.254"])
def test_gateway(gateway: str) -> None:
    """Another host of the namespace's subnet can be its gateway; none is still open."""
    assert validate_gateway(gateway, "10.0.0.2/24") is None
    assert validate_gateway(gateway, "") is None


@pytest.mark.parametrize(
    ("gateway", "says"),
    [
        ("10.0.1.1", "is no host of 10.0.0.0/24"),
        ("10.0.0.0", "is no host of 10.0.0.0/24"),
        ("10.0.0.255", "is no host of 10.0.0.0/24"),
        ("10.0.0.2", "both the namespace's address and its gateway"),
        ("10.0.0.1/24", "is not an IPv4 address"),
        ("router", "is not an IPv4 address"),
        ("fd00::1", "is not an IPv4 address"),
        ("10.0.0.1\n", "is not an IPv4 address"),
    ],
)
def test_gateway_refused(gateway: str, says: str) -> None:
    """What is no other host of the namespace's subnet is no gateway of it."""
    with pytest.raises(Refused, match=says):
        validate_gateway(gateway, "10.0.0.2/24")


@pytest.mark.parametrize("address", ["10.0.0.255/24", "10.0.0.0/24", "10.0.0.2"])
@pytest.mark.parametrize("mode", [Isolated, HostOnly, Bridged])
def test_checked_when_made(mode: type[Isolated | HostOnly | Bridged], address: str) -> None:
    """A mode cannot be made with an address that is none."""
    uplink = {"uplink": "enp0s1"} if mode is Bridged else {}

    with pytest.raises(Refused):
        mode(address=address, **uplink)


def test_own_subnet(article: Facts) -> None:
    """A namespace's own subnet is the article's, moved up past the routes of the host."""
    moved = with_routes(article, "192.168.202.0/24", "192.168.203.128/25", "192.168.204.7")

    assert pair(HostOnly().plan(article)) == ("192.168.202.1/24", "192.168.202.11/24")
    assert pair(HostOnly().plan(moved)) == ("192.168.205.1/24", "192.168.205.11/24")


def test_own_subnet_is_private(article: Facts) -> None:
    """With every private subnet taken, none of the internet's is."""
    full = with_routes(article, *(f"192.168.{number}.0/24" for number in range(202, 256)))
    private = with_routes(article, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    nothing = with_routes(private, "198.18.0.0/15")

    assert pair(HostOnly().plan(full)) == ("172.30.0.1/24", "172.30.0.11/24")
    for mode in (HostOnly(), Nat()):
        near = mode.plan(private).topology.host_address
        assert near == "198.18.0.1/24"
        with pytest.raises(Refused, match="no subnet is free"):
            mode.plan(nothing)


@pytest.mark.parametrize(
    ("host_address", "address", "expected"),
    [
        ("10.9.0.1/24", "", ("10.9.0.1/24", "10.9.0.11/24")),
        ("", "10.9.0.77/16", ("10.9.0.1/16", "10.9.0.77/16")),
        ("10.9.0.129/25", "", ("10.9.0.129/25", "10.9.0.139/25")),
        ("10.9.0.2/24", "10.9.0.1/24", ("10.9.0.2/24", "10.9.0.1/24")),
        ("", "10.9.0.1/24", ("10.9.0.2/24", "10.9.0.1/24")),
        ("10.9.0.11/24", "", ("10.9.0.11/24", "10.9.0.12/24")),
        ("10.9.0.1/29", "", ("10.9.0.1/29", "10.9.0.2/29")),
        ("", "10.9.0.1/29", ("10.9.0.2/29", "10.9.0.1/29")),
    ],
)
def test_one_address(
    host_address: str, address: str, expected: tuple[str, str], article: Facts
) -> None:
    """Where one address is given, the other is to its subnet what the article's is to its own."""
    assert pair(HostOnly(host_address=host_address, address=address).plan(article)) == expected


def test_gateway_is_the_bridge(article: Facts) -> None:
    """The namespace's gateway is the bridge, or the one that is given."""
    bridge = Bridged(uplink="enp0s1", bridge_address="192.168.64.20/24").plan(article)
    router = Bridged(uplink="enp0s1", gateway="192.168.64.1").plan(article)

    assert "ip netns exec A ip route add default via 192.168.64.20" in bridge.lines
    assert "ip netns exec A ip route add default via 192.168.64.1" in router.lines


def test_gateway_outside_a_derived_subnet(article: Facts) -> None:
    """A gateway is held against the namespace's address also where that is derived."""
    with pytest.raises(Refused, match=r"is no host of 192\.168\.64\.0/24"):
        Bridged(uplink="enp0s1", gateway="10.0.0.1").plan(article)


@pytest.mark.parametrize(
    ("known", "whose"),
    [
        ({"names": Names(servers=("10.64.0.53",))}, "the name server 10.64.0.53"),
        ({"resolvers": ["fe80::1%enp0s1", "10.64.0.53"]}, "the name server 10.64.0.53"),
        ({"peer": "10.64.0.20"}, "your SSH session (10.64.0.20)"),
    ],
    ids=["names", "resolvers", "peer"],
)
def test_needed_addresses(known: dict[str, Any], whose: str, article: Facts) -> None:
    """No subnet of ours takes the addresses of who is to be reached through the default route."""
    facts = replace(article, **known)
    with pytest.raises(Refused, match=f"overlaps {re.escape(whose)}: choose an address of another"):
        Nat(bridge_address="10.64.0.1/24").plan(facts)
    plan = Nat().plan(facts)

    assert plan.parameters["bridge_address"] == "10.64.1.1/24"
    assert any(f"nat takes first, overlaps {whose}" in notice for notice in plan.notices)
    assert Nat().plan(article).parameters["bridge_address"] == "10.64.0.1/24"
