"""Addresses: which a user may give, and which a mode takes in a subnet of its own.

A mode counts up from the article's value, by whole subnets, to the first that is free; ``lan``
counts up by host.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import islice

from netmodes.errors import Refused
from netmodes.machine.facts import Facts

#: Subnets to count up from where a VPN has all from the article's on: private ones (RFC 1918), and
#: those for benchmarks, which lead nowhere (RFC 2544).
ASIDE = ("172.30.0.0", "192.168.230.0", "198.18.0.0", "198.19.0.0")


def parse(address: str) -> IPv4Interface:
    """A host's IPv4 address, from its text in CIDR.

    Raises:
        Refused: the text is none, or no host can have the address.
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
    """The number of a host in its subnet: 50 for 192.168.64.50/24."""
    found = parse(address)
    return int(found.ip) - int(found.network.network_address)


def bare(address: str) -> str:
    """An address without its prefix length."""
    return address.partition("/")[0]


def validate_address(address: str) -> None:
    """Refuse text that is no host's address in CIDR; "" is still open."""
    if address:
        parse(address)


def validate_pair(host_address: str, address: str) -> None:
    """Refuse two addresses that are no CIDR, the same, or of two subnets; "" is still open."""
    validate_address(host_address)
    validate_address(address)
    if not host_address or not address:
        return
    near, far = parse(host_address), parse(address)
    if near.network != far.network:
        raise Refused(f"{address} is outside {near.network}, the subnet of {host_address}")
    if near.ip == far.ip:
        raise Refused(f"{near.ip} is given to both ends: choose two addresses of {near.network}")


def validate_gateway(gateway: str, address: str) -> None:
    """Refuse a gateway that is no other host of the namespace's subnet; "" is still open.

    Args:
        gateway: an address without a prefix length, or "".
        address: the namespace's address in CIDR, or "".
    """
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
    """The namespace's address, in CIDR, in a subnet of its own.

    Without one it is counted up from the article's.

    Raises:
        Refused: the subnet overlaps one that the host reaches, or none is free.
    """
    if address:
        return _refuse_overlap(address, facts)
    (found,) = _first_free(facts, article)
    return found


def own_pair(
    host_address: str, address: str, facts: Facts, article: tuple[str, str]
) -> tuple[str, str]:
    """The host's and the namespace's address, in CIDR, in a subnet of their own.

    What is not given is counted up from the article's.

    Raises:
        Refused: the subnet overlaps one that the host reaches, or none is free.
    """
    if not host_address and not address:
        near, far = _first_free(facts, *article)
        return near, far
    host_address = host_address or _other_host(address, article[0])
    address = address or _other_host(host_address, article[1])
    validate_pair(host_address, address)
    return _refuse_overlap(host_address, facts), address


def more_pairs(near: str, far: str, count: int, given: bool, facts: Facts) -> list[tuple[str, str]]:
    """The same two hosts of the subnets that follow, each a subnet of its own, in CIDR.

    Args:
        near: the host's first address, in CIDR.
        far: the first namespace's, of the same subnet.
        count: how many pairs there are to be.
        given: the user has named one, so that no subnet is passed over because it is not free.
        facts: the machine.

    Raises:
        Refused: a subnet overlaps one that the host reaches, or not so many are free.
    """
    first, numbers = parse(near).network, (number(near), number(far))
    after = _next(first) if given else dict.fromkeys(_subnets(first, first.prefixlen))
    free = (one for one in after if one != first and (given or facts.overlap(one) is None))
    found = [*islice(free, count)]
    if len(found) < count:
        raise Refused(
            f"only {len(found)} subnets are free after {first}: name fewer namespaces, or give "
            "addresses of a smaller subnet"
        )
    pairs = [tuple(_host(subnet, at) for at in numbers) for subnet in found]
    return [(_refuse_overlap(one, facts), other) for one, other in pairs]


def _refuse_overlap(address: str, facts: Facts) -> str:
    subnet = parse(address).network
    if (other := facts.overlap(subnet)) is not None:
        raise Refused(f"{subnet} overlaps {other}: choose an address of another subnet")
    return address


def _other_host(address: str, article: str) -> str:
    """Another host of an address's subnet: the one with the article's number, or near it."""
    given, wanted = parse(address), number(article)
    last = given.network.num_addresses - 2
    numbers = [one for one in (wanted, wanted + 1, 1, 2) if one <= last]
    return next(one for at in numbers if (one := _host(given.network, at)) != address)


def _host(subnet: IPv4Network, number: int) -> str:
    """The host of this number in a subnet, in CIDR."""
    return f"{subnet[number]}/{subnet.prefixlen}"


def _first_free(facts: Facts, *article: str) -> tuple[str, ...]:
    """The article's addresses of one subnet, moved up by whole subnets to one that is free."""
    prefix, numbers = IPv4Interface(article[0]).network.prefixlen, [*map(number, article)]
    for subnet in _subnets(IPv4Interface(article[0]).network, prefix):
        if facts.overlap(subnet) is None:
            return tuple(_host(subnet, at) for at in numbers)
    raise Refused(f"no subnet is free from {article[0]} on: give the addresses yourself")


def _next(subnet: IPv4Network) -> Iterator[IPv4Network]:
    """The subnets of the same size after one."""
    size, last = subnet.num_addresses, int(IPv4Address("255.255.255.255"))
    for start in range(int(subnet.broadcast_address) + 1, last, size):
        yield IPv4Network((start, subnet.prefixlen))


def _subnets(first: IPv4Network, prefix: int) -> Iterator[IPv4Network]:
    """Subnets from the first on, then from each aside."""
    for start in (first.network_address, *map(IPv4Address, ASIDE)):
        for count in range(256):
            subnet = IPv4Network((int(start) + count * first.num_addresses, prefix))
            if not subnet.is_private:
                break
            yield subnet
