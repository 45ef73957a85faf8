"""The hand-over's batches: every address and route of the uplink as a line of ``ip -batch``.

A route from a router advertisement is never made by hand: a stand-in with a worse metric serves
until the kernel has learned it again (docs/kernel.md#advertised-routes).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_interface

from netmodes.commands import looks
from netmodes.machine.entries import FOREVER, ROUTE_WORDS, Address, Route
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look, literal
from netmodes.plan.undo import seconds_left

#: A route's metrics that have the same words in both commands.
METRICS = ("mtu", "advmss", "hoplimit", "initcwnd", "initrwnd", "window", "reordering", "quickack")

#: Worse than the kernel's own for advertised routes (1024, net/ipv6/route.h).
STAND_IN = 2048


def unmovable(route: Route) -> list[str]:
    """The words of a route that ``ip route replace`` cannot repeat here, by ``ip``'s names."""
    return [*route.others, *(word for word, _ in route.metrics if word not in METRICS)]


def to_bridge(uplink: str, bridge: str, bridge_address: str, facts: Facts) -> str:
    """The lines that move everything to the bridge; each address is always on one device or both.

    Routes move before the addresses they need are deleted (docs/kernel.md#last-address). On the
    bridge an IPv4 address has no end (docs/kernel.md#lifetimes). Its subnet's route replaces the
    one of the bridge's address: the host keeps its source (docs/kernel.md#source-address).
    """
    addresses, routes = facts.global_addresses(uplink), facts.unicast_routes(uplink)
    subnet = ip_interface(bridge_address).network
    source = next(item.ip for item in addresses if item.ip in subnet)
    return _lines(
        *(f"addr add {_on_bridge(item)} dev {bridge}" for item in addresses),
        *(f"route replace {_local(item, bridge)}" for item in addresses if item.is_6),
        *(f"route replace {_route(item, bridge)}" for item in routes),
        f"route replace {subnet} dev {bridge} proto kernel scope link src {source}",
        *(f"addr del {item} dev {uplink}" for item in _deleted(addresses)),
    )


def to_uplink(uplink: str, bridge: str, facts: Facts) -> str:
    """The lines that take the uplink out of the bridge and move everything back.

    See docs/kernel.md#way-back for their order.

    IPv6 addresses go ahead, without their routes: an advertisement that the uplink hears first
    would give it the same ones, deaf for a second (docs/kernel.md#ipv6-addresses).
    """
    addresses, routes = facts.global_addresses(uplink), facts.unicast_routes(uplink)
    return _lines(
        *(f"addr add {_as_it_was(item)} dev {uplink}" for item in addresses if item.is_6),
        f"link set {uplink} nomaster",
        *(f"addr del {item} dev {bridge}" for item in addresses),
        *(f"addr add {_as_it_was(item)} dev {uplink}" for item in addresses if not item.is_6),
        *(f"addr change {_settled(item)} dev {uplink}" for item in addresses if item.is_6),
        *(
            f"route replace {_route(item, uplink, seconds_left)}"
            for item in _replaceable(routes, addresses)
        ),
    )


def left_out(uplink: str, bridge: str, facts: Facts) -> Iterator[tuple[str, Look]]:
    """The lines of ``to_uplink`` that may change what others made, each with a look for that.

    Somebody else may have enslaved the uplink to another bridge, or replaced a route of it.
    """
    elsewhere = f'{looks.named(uplink)}.*"master":'
    yield f"link set {uplink} nomaster", looks.links(elsewhere, but=f'"master":"{literal(bridge)}"')
    routes = facts.unicast_routes(uplink)
    for route in _replaceable(routes, facts.global_addresses(uplink)):
        line = f"route replace {_route(route, uplink, seconds_left)}"
        yield line, _other_way(route, uplink, bridge)


def _other_way(route: Route, *devices: str) -> Look:
    """A route to the same destination, with the same metric, through no device of these."""
    argv = ("ip", "-6" if route.is_6 else "-4", "route", "show", "table", "all")
    table = None if route.table == "main" else route.table
    has = {"table": table, "metric": route.metric}
    words = [f" {key} {value}( |$)" for key, value in has.items() if value is not None]
    but = [f" {key} " for key, value in has.items() if value is None]
    but += [f" dev {literal(device)}( |$)" for device in devices]
    pattern = f"^([a-z]* ?{literal(route.dst)}) .*{'.*'.join(words)}"
    whole = "" if route.is_6 else " table local "
    return Look(argv, (pattern,), whole, but="|".join(but))


def last_to_return(uplink: str, facts: Facts) -> str:
    """The address that the uplink loses first and gets back last, without a prefix length."""
    return str(_deleted(facts.global_addresses(uplink))[0].ip)


def _deleted(addresses: list[Address]) -> list[Address]:
    """The addresses to delete, secondary ones first; advertised ones go when IPv6 is disabled."""
    return [item for item in reversed(addresses) if not item.is_advertised]


def _on_bridge(address: Address) -> str:
    """An address for the bridge, without a route of its own: the routes follow."""
    nodad = ["nodad"] if address.is_6 else []
    lifetimes = _lifetimes(address if address.is_advertised else _for_ever(address), str)
    return " ".join([str(address), *_scope(address), *nodad, "noprefixroute", *lifetimes])


def _local(address: Address, device: str) -> str:
    """The route that lets the host receive for an IPv6 address.

    The kernel adds its own later, from a work queue (addrconf_dad_work), and would lose answers to
    its first neighbour solicitation until then.
    """
    return f"local {address.ip} dev {device} table local"


def _for_ever(address: Address) -> Address:
    """The same address with no end; still deprecated if it is."""
    return replace(address, valid=FOREVER, preferred=FOREVER if address.preferred else 0)


def _as_it_was(address: Address) -> str:
    """An address for the uplink, with its label, broadcast, metric and remaining lifetime."""
    has = {"brd": address.broadcast, "label": address.label, "metric": address.metric}
    words = [str(address), *(f"{word} {has[word]}" for word in has if has[word] not in ("", None))]
    early = sorted({"nodad", "noprefixroute"} - address.marks) if address.is_6 else []
    return " ".join([*words, *_scope(address), *early, *_flags(address), *_lifetimes(address)])


def _settled(address: Address) -> str:
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


def _replaceable(routes: list[Route], addresses: list[Address]) -> Iterator[Route]:
    """The routes, without the IPv6 ones that the kernel adds with their addresses."""
    with_route = (item for item in addresses if item.is_6 and "noprefixroute" not in item.marks)
    subnets = [item.interface.network for item in with_route]
    for route in routes:
        if route.protocol != "kernel" or route.to not in subnets:
            yield route


def _route(route: Route, device: str, write: Callable[[int], str] = str) -> str:
    """A route through this device, for ``ip route replace``.

    ``::/0`` stands for an IPv6 default, because ``default`` would be IPv4's.
    """
    route = replace(route, dev=device)
    if route.expires is not None or route.protocol == "ra":
        route = replace(route, metric=STAND_IN, protocol="boot")
    words = route.words(*ROUTE_WORDS).split(" ")
    words[:1] = ["::/0"] if route.is_default and route.is_6 else words[:1]
    words += [flag for flag in route.flags if flag == "onlink"]
    words += [f"{key}{' lock' * (key in route.locked)} {value}" for key, value in route.metrics]
    if route.expires is not None:
        words += ["expires", write(route.expires)]
    return " ".join(words)


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
