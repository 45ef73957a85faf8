"""The hand-over's batch: every address, neighbour and route as a line of ``ip -batch``."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_interface

from netmodes.commands.handover_routes import Routes
from netmodes.machine.entries import FOREVER, Address, Neighbour, Route
from netmodes.machine.facts import Facts
from netmodes.plan.undo import seconds_left

#: Seconds by which the kernel has a route of its own for a new IPv6 address.
SOON = 10


def to_bridge(uplink: str, bridge: str, bridge_address: str, facts: Facts) -> Iterator[str]:
    """The lines that move everything to the bridge; each address is always on one device or both.

    The bridge's own address goes last: the kernel takes a device's first one as the source
    (docs/kernel.md#source-address). Routes move before the addresses they need are deleted
    (docs/kernel.md#last-address). On the bridge an IPv4 address has no end
    (docs/kernel.md#lifetimes).
    """
    addresses, routes = facts.global_addresses(uplink), Routes(uplink, facts)
    yield f"addr del {bridge_address} dev {bridge}"
    for item in in_order(addresses):
        yield f"addr add {_on_bridge(item)} dev {bridge}"
    yield f"addr add {bridge_address} dev {bridge}"
    yield from (f"route replace {_local(item, bridge)}" for item in addresses if item.is_6)
    yield from (f"neigh replace {entered(one, bridge)}" for one in facts.neighbours_on(uplink))
    yield from routes.first_again(bridge)
    for route in routes.moving:
        yield from routes.lines(route, uplink, bridge)
    yield from _reaching(bridge, bridge_address, addresses, routes.moving)
    yield from (f"addr del {item} dev {uplink}" for item in deleted(addresses))


def _reaching(
    bridge: str, bridge_address: str, addresses: list[Address], routes: list[Route]
) -> Iterator[str]:
    """The route by which the host reaches who is on the bridge, if none of the uplink's does."""
    subnet = ip_interface(bridge_address).network
    on_link = [one.to for one in routes if one.gateway is None and one.table == "main"]
    if subnet not in on_link:
        source = next(item.ip for item in addresses if item.ip in subnet)
        yield f"route append {subnet} dev {bridge} proto kernel scope link src {source}"


def in_order(addresses: list[Address]) -> list[Address]:
    """The addresses as they are added: the kernel puts IPv6's newest first."""
    return [item for item in addresses if not item.is_6] + [
        item for item in reversed(addresses) if item.is_6
    ]


def deleted(addresses: list[Address]) -> list[Address]:
    """The addresses to delete, secondary ones first; advertised ones go when IPv6 is disabled."""
    return [item for item in reversed(addresses) if not item.is_advertised]


def entered(one: Neighbour, device: str) -> str:
    """A neighbour on this device, for ``ip neigh replace``."""
    proxy, mac = "proxy " * one.proxy, f" lladdr {one.mac}" if one.mac else ""
    words = ["router"] * one.router + ["extern_learn"] * one.extern
    words += [f"proto {one.protocol}"] if one.protocol else []
    words += [] if one.proxy else ["nud permanent"]
    return " ".join([f"{proxy}{one.ip}{mac} dev {device}", *words])


def _on_bridge(address: Address) -> str:
    """An address for the bridge, without a route of its own: the routes follow."""
    early = ["nodad"] if address.is_6 else []
    early += [f"brd {address.broadcast}"] if address.broadcast else []
    finite = _lifetimes(address if address.is_advertised else _for_ever(address), str)
    return " ".join([str(address), *_scope(address), *early, "noprefixroute", *finite])


def _local(address: Address, device: str) -> str:
    """The route that lets the host receive for an IPv6 address.

    The kernel adds its own later, from a work queue (addrconf_dad_work), and would lose answers to
    its first neighbour solicitation until then. This one ends soon, for an address may move on.
    """
    return f"local {address.ip} dev {device} table local expires {SOON}"


def _for_ever(address: Address) -> Address:
    """The same address with no end; still deprecated if it is."""
    return replace(address, valid=FOREVER, preferred=FOREVER if address.preferred else 0)


def as_it_was(address: Address) -> str:
    """An address for the uplink, with its label, broadcast, metric and remaining lifetime."""
    early = sorted({"nodad", "noprefixroute"} - address.marks) if address.is_6 else []
    return in_words(address, *early, write=seconds_left)


def in_words(address: Address, *early: str, write: Callable[[int], str] = str) -> str:
    """An address with all that it has, and these marks beside, for ``ip addr add``."""
    has = {"brd": address.broadcast, "label": address.label, "metric": address.metric}
    words = [str(address), *(f"{word} {has[word]}" for word in has if has[word] not in ("", None))]
    rest = (*_scope(address), *early, *_flags(address), *_lifetimes(address, write))
    return " ".join([*words, *rest])


def settled(address: Address) -> str:
    """An IPv6 address without the early `nodad`, and with its subnet's route."""
    return " ".join([str(address), *_flags(address), *_lifetimes(address)])


def _flags(address: Address) -> list[str]:
    known = ("nodad", "noprefixroute", "home", "mngtmpaddr", "autojoin")
    return [flag for flag in known if flag in address.marks]


def _scope(address: Address) -> list[str]:
    return [] if address.scope == "global" else ["scope", address.scope]


def _lifetimes(address: Address, write: Callable[[int], str] = seconds_left) -> Iterator[str]:
    for word, seconds in (("valid_lft", address.valid), ("preferred_lft", address.preferred)):
        if seconds == 0:
            yield f"{word} 0"  # deprecated: not for new connections
        elif seconds != FOREVER:
            yield f"{word} {write(seconds)}"
