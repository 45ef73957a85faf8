"""What a packet may be sent to: an IPv4 address or a host's name, and a TCP port."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from netmodes.errors import Refused
from netmodes.machine.facts import Facts

#: A host's name (RFC 1123).
HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")

#: A TCP port; some numbers are too large.
PORT = re.compile(r"0*([1-9][0-9]{0,4})", re.ASCII)


def parse(target: str) -> tuple[str, str]:
    """The host and the port of ``ADDR[:PORT]``; "" without a port.

    Raises:
        Refused: it is neither.
    """
    refuse_ipv6(target)
    host, colon, port = target.partition(":")
    number = PORT.fullmatch(port)
    if colon and not (number and int(number[1]) < 65536):
        raise Refused(f"{target!r} has no TCP port after its colon: write ADDR:80, or ADDR alone")
    validate_host(host)
    return host, number[1] if number else ""


def validate_host(host: str) -> None:
    """Refuse what is neither a machine's IPv4 address nor a host's name."""
    refuse_ipv6(host)
    numbers = re.fullmatch(r"[0-9.]+", host)
    if not is_address(host) and (numbers or not HOST_NAME.fullmatch(host)):
        raise Refused(f"{host!r} is no IPv4 address or name of a host: write one, as in 8.8.8.8")
    if is_address(host):
        validate_machine(host)


def refuse_ipv6(target: str) -> None:
    """Refuse an IPv6 address, with a port or without."""
    if target.startswith("[") or is_ipv6(target):
        raise Refused(f"{target!r} is IPv6, which is not followed here: write an IPv4 address")


def validate_machine(address: str, *networks: Facts) -> None:
    """Refuse an address that is no single machine's: unspecified, multicast or broadcast.

    The facts tell the broadcast addresses of their networks.
    """
    found = IPv4Address(address)
    subnets = (own.network for facts in networks for own in facts.every_address())
    broadcasts = [subnet.broadcast_address for subnet in subnets if subnet.prefixlen < 31]
    everybody = [IPv4Address("255.255.255.255"), *broadcasts]
    if found.is_unspecified or found.is_multicast or found in everybody:
        raise Refused(f"{address} is not the address of one machine: write one, as in 8.8.8.8")


def is_address(text: str) -> bool:
    """Whether it is an IPv4 address."""
    try:
        return bool(IPv4Address(text))
    except AddressValueError:
        return False


def is_ipv6(text: str) -> bool:
    """Whether it is an IPv6 address."""
    try:
        return bool(IPv6Address(text))
    except AddressValueError:
        return False
