"""Addresses: which ones can stand, and which come next.

One rule for what is not given: count up from the article's value to the first that is free; by
whole subnets where the subnet is the namespace's own, by host where it is the LAN's.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from netmodes.errors import Refused
from netmodes.machine.facts import Facts


def parse(address: str) -> IPv4Interface:
    """An IPv4 address with its prefix length.

    Raises:
        Refused: it is not one, or no host can have it.
    """
    try:
        if "/" not in address:
            raise ValueError
        found = IPv4Interface(address)
    except ValueError:
        raise Refused(
            f"{address!r} is not an IPv4 address with a prefix, like 192.168.202.11/24"
        ) from None
    if str(found) != address:
        raise Refused(f"{address!r} is not written as ip prints it: write {found}")
    _refuse_unusable(found)
    return found


def _refuse_unusable(address: IPv4Interface) -> None:
    ip, subnet = address.ip, address.network
    if ip.is_loopback or ip.is_multicast or ip.is_reserved or ip in IPv4Network("0.0.0.0/8"):
        raise Refused(
            f"{ip} is no host's address (loopback, multicast or reserved): choose another"
        )
    if subnet.prefixlen > 30:
        raise Refused(f"{subnet} has no room for two hosts: take a prefix of at most /30")
    if ip == subnet.network_address:
        raise Refused(f"{ip} is the network's own address in {subnet}: choose a host's")
    if ip == subnet.broadcast_address:
        raise Refused(f"{ip} is the broadcast address of {subnet}: choose a host's")


def subnet(address: str) -> str:
    """The subnet of an address, both in CIDR."""
    return str(IPv4Interface(address).network)


def number(address: str) -> int:
    """Which host of its subnet an address is: 50 for 192.168.64.50/24."""
    found = parse(address)
    return int(found.ip) - int(found.network.network_address)


def bare(address: str) -> str:
    """The address without its prefix length."""
    return address.partition("/")[0]


def validate_address(address: str) -> None:
    """Refuse what is no host's address in CIDR; "" is still open."""
    if address:
        parse(address)


def validate_pair(host_side: str, inside: str) -> None:
    """Refuse two addresses that are the same or not of one subnet; "" is still open."""
    validate_address(host_side)
    validate_address(inside)
    if not host_side or not inside:
        return
    near, far = parse(host_side), parse(inside)
    if near.network != far.network:
        raise Refused(f"{inside} is outside {near.network}, the subnet of {host_side}")
    if near.ip == far.ip:
        raise Refused(f"{near.ip} is given to both ends: choose two addresses of {near.network}")


def validate_gateway(gateway: str, address: str) -> None:
    """Refuse a gateway that is no address of the namespace's subnet; "" is still open."""
    if not gateway:
        return
    try:
        found = IPv4Address(gateway)
    except ValueError:
        raise Refused(f"gateway {gateway!r} is not an IPv4 address, like 192.168.64.100") from None
    if not address:
        return
    subnet = parse(address).network
    if found == parse(address).ip:
        raise Refused(f"{gateway} is both the namespace's address and its gateway: choose another")
    if found not in subnet or found in (subnet.network_address, subnet.broadcast_address):
        raise Refused(f"gateway {gateway} is no host of {subnet}, the namespace's subnet")


def own_address(address: str, article: str, facts: Facts) -> str:
    """A free address in a subnet of the namespace's own."""
    if address:
        return _refuse_overlap(address, facts)
    moved = _moved(facts, (article,))
    return moved[0]


def own_pair(
    host_side: str, inside: str, facts: Facts, *defaults: tuple[str, str]
) -> tuple[str, str]:
    """The host's and the namespace's address, in a subnet of their own.

    Args:
        host_side: the host's, or "".
        inside: the namespace's, or "".
        facts: the machine.
        defaults: where to count up from: from the first, or, where none is free, the next.
    """
    if not host_side and not inside:
        near, far = _moved(facts, *defaults)
        return near, far
    host_side = host_side or _beside(inside, defaults[0][0])
    inside = inside or _beside(host_side, defaults[0][1])
    validate_pair(host_side, inside)
    return _refuse_overlap(host_side, facts), inside


def _refuse_overlap(address: str, facts: Facts) -> str:
    subnet = parse(address).network
    if (other := facts.overlap(subnet)) is not None:
        raise Refused(f"{subnet} overlaps {other}: choose an address of another subnet")
    return address


def _beside(address: str, article: str) -> str:
    """The host of this one's subnet that the article's is of its own, or the next after it."""
    given, host = parse(address), number(article)
    found = _host(given.network, host)
    return str(_host(given.network, host + 1) if found == given else found)


def _host(subnet: IPv4Network, number: int) -> IPv4Interface:
    if number >= subnet.num_addresses - 1:
        raise Refused(f"{subnet} has no host .{number}: give every address yourself")
    return IPv4Interface((subnet[number], subnet.prefixlen))


def _moved(facts: Facts, *defaults: tuple[str, ...]) -> tuple[str, ...]:
    """The first of these addresses whose subnet is free, all of them moved up by whole subnets."""
    for addresses in defaults:
        size = IPv4Interface(addresses[0]).network.num_addresses
        for count in range(256):
            moved = tuple(_plus(address, count * size) for address in addresses)
            if not IPv4Interface(moved[0]).is_private:
                break
            if facts.overlap(IPv4Interface(moved[0]).network) is None:
                return moved
    raise Refused(f"no subnet is free from {defaults[0][0]} on: give the addresses yourself")


def _plus(address: str, distance: int) -> str:
    found = IPv4Interface(address)
    return f"{found.ip + distance}/{found.network.prefixlen}"


def lan_address(address: str, number: int, uplink: str, facts: Facts, other: str) -> str:
    """A free address of the uplink's subnet: this one, or host ``number`` and up but the other."""
    subnets = [found.network for found in facts.addresses(uplink)]
    if not subnets:
        raise Refused(
            f"{uplink} has no IPv4 address, so there is no subnet to join: give it one first"
        )
    taken = _taken(facts)
    if address:
        return _on_lan(parse(address), uplink, subnets, taken)
    last = subnets[0].num_addresses - 1
    for candidate in range(number, last):
        found = _host(subnets[0], candidate)
        if str(found.ip) not in (*taken, bare(other)):
            return str(found)
    raise Refused(
        f"{uplink}'s subnet {subnets[0]} has no free host from .{number} on: "
        "give --address and --bridge-address"
    )


def _taken(facts: Facts) -> dict[str, str]:
    """Addresses known to be somebody's, each with whose."""
    gateways = {
        route["gateway"]: "the gateway's" for route in facts.known("routes") if "gateway" in route
    }
    hosts = {str(address.ip): "the host's own" for address in facts.every_address()}
    ours = {
        bare(address): f"namespace {network.name}'s"
        for network in facts.known("networks")
        for address in (network.topology.address, network.topology.host_address)
    }
    return {**ours, **gateways, **hosts}


def _on_lan(
    address: IPv4Interface, device: str, subnets: list[IPv4Network], taken: dict[str, str]
) -> str:
    if address.network not in subnets:
        raise Refused(f"{address} is outside {subnets[0]}, the subnet of {device}")
    if (whose := taken.get(str(address.ip))) is not None:
        raise Refused(f"{address.ip} is {whose} address: choose another of {address.network}")
    return str(address)
