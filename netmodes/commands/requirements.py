"""Requirements of more than one mode, each a command that changes nothing."""

from collections.abc import Iterator
from ipaddress import ip_interface

from netmodes.commands.iproute import NAMESPACES
from netmodes.machine.entries import route_words, written
from netmodes.machine.facts import Facts
from netmodes.plan.requirement import Requirement

#: What to do where a script was rendered for another machine, or for this one as it was.
AGAIN = "export again"


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


def is_there(name: str) -> Requirement:
    """The host has a device of this name."""
    argv = ("ip", "-o", "link", "show", "dev", name)
    return Requirement(argv, f" {name}", f"there is no device {name} on this machine: {AGAIN}")


def is_port(device: str, bridge: str) -> Iterator[Requirement]:
    """The device is a port of the bridge."""
    yield is_there(device)
    argv = ("ip", "-o", "link", "show", "dev", device, "master", bridge)
    yield Requirement(argv, f" {device}", f"{device} is no port of {bridge}: {AGAIN}")


def is_bridge(name: str, address: str) -> Iterator[Requirement]:
    """The device is a bridge, and has this address in CIDR."""
    yield is_there(name)
    bridge = ("ip", "-o", "link", "show", "dev", name, "type", "bridge")
    yield Requirement(bridge, name, f"{name} is no bridge: {AGAIN}")
    yield _has(name, f" inet {address} ", f"{name} has no address {address}")


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
    yield is_there(name)
    for slave in ("bridge_slave", "bond_slave"):
        otherwise = f"{name} is a port of a {slave.partition('_')[0]}: {AGAIN}"
        argv = ("ip", "-o", "link", "show", "dev", name, "type", slave)
        yield Requirement(argv, None, otherwise)
    mac = (facts.link(name) or {}).get("address", "")
    show = ("ip", "-o", "link", "show", "dev", name)
    yield Requirement(show, f"link/ether {mac} ", f"{name} has another MAC than {mac}: {AGAIN}")
    for address in facts.global_addresses(name):
        text = f"{address['family']} {written(address)} "
        yield _has(name, text, f"{name} has no address {written(address)}")
    for route in facts.default_routes(name):
        via = route_words(route, ("gateway", "dev"))
        otherwise = f"there is no route `{via}`: {AGAIN}"
        yield Requirement(("ip", "-4", "route", "show", "default"), f"{via} ", otherwise)


def _has(name: str, text: str, otherwise: str) -> Requirement:
    """The device has an address, as ``ip`` prints it."""
    return Requirement(("ip", "-o", "addr", "show", "dev", name), text, f"{otherwise}: {AGAIN}")


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
