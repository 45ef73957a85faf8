"""Requirements of more than one mode, each a command that changes nothing."""

from collections.abc import Iterator
from ipaddress import ip_interface

from netmodes.commands.iproute import NAMESPACES
from netmodes.machine.entries import route_words, written
from netmodes.machine.facts import Facts
from netmodes.plan.requirement import Requirement


def no_namespace(name: str) -> Requirement:
    """No namespace has this name."""
    argv = ("stat", "-c", "%i", f"{NAMESPACES}/{name}")
    return Requirement(
        argv, None, f"namespace {name} exists already: delete it or choose another name"
    )


def no_device(name: str) -> Requirement:
    """No device of the host has this name."""
    argv = ("ip", "-o", "link", "show", "dev", name)
    return Requirement(
        argv, None, f"device {name} exists already: delete it or choose another name"
    )


def is_port(device: str, bridge: str) -> Requirement:
    """The device is a port of the bridge."""
    argv = ("ip", "-o", "link", "show", "dev", device, "master", bridge)
    return Requirement(argv, f" {device}", f"{device} is no port of {bridge}: export again")


def is_bridge(name: str, address: str) -> Iterator[Requirement]:
    """The device is a bridge, and has this address in CIDR."""
    otherwise = f"{name} is not the bridge with {address} any more: export again"
    yield Requirement(("ip", "-o", "link", "show", "dev", name, "type", "bridge"), name, otherwise)
    yield Requirement(("ip", "-o", "addr", "show", "dev", name), f" inet {address} ", otherwise)


def no_overlap(address: str) -> Iterator[Requirement]:
    """No route of the host overlaps the subnet of an address in CIDR.

    A default route does not count, nor a half of one.
    """
    subnet = ip_interface(address).network
    quarter = ip_interface(f"{subnet.network_address}/2").network
    show = ("ip", "-4", "route", "show", "table", "all", "root")
    otherwise = f"{subnet} overlaps a route of the host: choose an address of another subnet"
    yield Requirement((*show, str(subnet)), None, otherwise)
    yield Requirement((*show, str(quarter), "match", str(subnet)), None, otherwise)


def uplink_unchanged(name: str, facts: Facts) -> Iterator[Requirement]:
    """The uplink's MAC, addresses and default routes are those that the plan was rendered for."""
    again = f"{name} is not as it was when this was rendered: export again"
    for slave in ("bridge_slave", "bond_slave"):
        yield Requirement(("ip", "-o", "link", "show", "dev", name, "type", slave), None, again)
    mac = (facts.link(name) or {}).get("address", "")
    yield Requirement(("ip", "-o", "link", "show", "dev", name), f"link/ether {mac} ", again)
    for address in facts.global_addresses(name):
        text = f"{address['family']} {written(address)} "
        yield Requirement(("ip", "-o", "addr", "show", "dev", name), text, again)
    for route in facts.default_routes(name):
        via = f"{route_words(route, ('gateway', 'dev'))} "
        yield Requirement(("ip", "-4", "route", "show", "default"), via, again)


def nobody_has(address: str, device: str) -> Iterator[Requirement]:
    """No machine on the LAN answers for this address, given without a prefix length.

    A ping makes the kernel ask by ARP, which machines answer even if they drop pings. The old
    neighbour entry goes first, for it may be out of date.
    """
    yield Requirement(("ip", "neigh", "flush", "to", address, "dev", device), "", "", asks=True)
    ping = ("ping", "-c", "1", "-W", "0.3", "-I", device, address)
    yield Requirement(ping, "", "", asks=True)
    neighbour = ("ip", "neigh", "show", "to", address, "dev", device, "nud", "reachable")
    yield Requirement(neighbour, None, f"{address} is taken on the LAN: choose another", asks=True)
