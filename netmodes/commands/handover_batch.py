"""The hand-over's batches: every address and route of the uplink as a line of ``ip -batch``.

A route from a router advertisement is never made by hand: a stand-in with a worse metric serves
until the kernel has learned it again (docs/kernel.md#advertised-routes).
"""

from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_interface, ip_network

from netmodes.commands import looks
from netmodes.machine.entries import FOREVER, ROUTE_WORDS, Json, is_advertised, route_words, written
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look, literal
from netmodes.plan.undo import seconds_left

#: The other keys that a route may have; its metrics have the same words in both commands.
ROUTE_ASIDE = ("type", "dst", "flags", "metrics", "expires")
METRICS = ("mtu", "advmss", "hoplimit", "initcwnd", "initrwnd", "window", "reordering", "quickack")

#: Worse than the kernel's own for advertised routes (1024, net/ipv6/route.h).
STAND_IN = 2048


def unmovable(route: Json) -> list[str]:
    """The words of a route that ``ip route replace`` cannot repeat here, by ``ip``'s names."""
    words = [word for word in route if word not in (*ROUTE_WORDS, *ROUTE_ASIDE)]
    metrics = [word for pairs in route.get("metrics", []) for word in pairs]
    return words + [word for word in metrics if word not in METRICS]


def to_bridge(uplink: str, bridge: str, bridge_address: str, facts: Facts) -> str:
    """The lines that move everything to the bridge; each address is always on one device or both.

    Routes move before the addresses they need are deleted (docs/kernel.md#last-address). On the
    bridge an IPv4 address has no end (docs/kernel.md#lifetimes). Its subnet's route replaces the
    one of the bridge's address: the host keeps its source (docs/kernel.md#source-address).
    """
    addresses, routes = facts.global_addresses(uplink), facts.unicast_routes(uplink)
    subnet = ip_interface(bridge_address).network
    source = next(item["local"] for item in addresses if ip_address(item["local"]) in subnet)
    return _lines(
        *(f"addr add {_on_bridge(item)} dev {bridge}" for item in addresses),
        *(f"route replace {_local(item, bridge)}" for item in addresses if _is_6(item)),
        *(f"route replace {_route(item, bridge)}" for item in routes),
        f"route replace {subnet} dev {bridge} proto kernel scope link src {source}",
        *(f"addr del {written(item)} dev {uplink}" for item in _deleted(addresses)),
    )


def to_uplink(uplink: str, bridge: str, facts: Facts) -> str:
    """The lines that take the uplink out of the bridge and move everything back.

    See docs/kernel.md#way-back for their order.

    IPv6 addresses go ahead, without their routes: an advertisement that the uplink hears first
    would give it the same ones, deaf for a second (docs/kernel.md#ipv6-addresses).
    """
    addresses, routes = facts.global_addresses(uplink), facts.unicast_routes(uplink)
    return _lines(
        *(f"addr add {_as_it_was(item)} dev {uplink}" for item in addresses if _is_6(item)),
        f"link set {uplink} nomaster",
        *(f"addr del {written(item)} dev {bridge}" for item in addresses),
        *(f"addr add {_as_it_was(item)} dev {uplink}" for item in addresses if not _is_6(item)),
        *(f"addr change {_settled(item)} dev {uplink}" for item in addresses if _is_6(item)),
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


def _other_way(route: Json, *devices: str) -> Look:
    """A route to the same destination, with the same metric, through no device of these."""
    argv = ("ip", "-6" if _is_6(route) else "-4", "route", "show", "table", "all")
    has = {"table": route.get("table"), "metric": route.get("metric")}
    words = [f" {key} {value}( |$)" for key, value in has.items() if value is not None]
    but = [f" {key} " for key, value in has.items() if value is None]
    but += [f" dev {literal(device)}( |$)" for device in devices]
    pattern = f"^([a-z]* ?{literal(route['dst'])}) .*{'.*'.join(words)}"
    whole = "" if _is_6(route) else " table local "
    return Look(argv, (pattern,), whole, but="|".join(but))


def last_to_return(uplink: str, facts: Facts) -> str:
    """The address that the uplink loses first and gets back last, without a prefix length."""
    return str(_deleted(facts.global_addresses(uplink))[0]["local"])


def _deleted(addresses: list[Json]) -> list[Json]:
    """The addresses to delete, secondary ones first; advertised ones go when IPv6 is disabled."""
    return [item for item in reversed(addresses) if not is_advertised(item)]


def _on_bridge(address: Json) -> str:
    """An address for the bridge, without a route of its own: the routes follow."""
    nodad = ["nodad"] if _is_6(address) else []
    lifetimes = _lifetimes(address if is_advertised(address) else _for_ever(address), str)
    return " ".join([written(address), *_scope(address), *nodad, "noprefixroute", *lifetimes])


def _local(address: Json, device: str) -> str:
    """The route that lets the host receive for an IPv6 address.

    The kernel adds its own later, from a work queue (addrconf_dad_work), and would lose answers to
    its first neighbour solicitation until then.
    """
    return f"local {address['local']} dev {device} table local"


def _for_ever(address: Json) -> Json:
    """The same address with no end; still deprecated if it is."""
    preferred = FOREVER if address.get("preferred_life_time", FOREVER) else 0
    return {**address, "valid_life_time": FOREVER, "preferred_life_time": preferred}


def _as_it_was(address: Json) -> str:
    """An address for the uplink, with its label, broadcast, metric and remaining lifetime."""
    words = [written(address)]
    for key, word in (("broadcast", "brd"), ("label", "label"), ("metric", "metric")):
        if key in address:
            words += [word, str(address[key])]
    early = [
        flag for flag in ("nodad", "noprefixroute") if _is_6(address) and not address.get(flag)
    ]
    return " ".join([*words, *_scope(address), *early, *_flags(address), *_lifetimes(address)])


def _settled(address: Json) -> str:
    """An IPv6 address without the early `nodad`, and with its subnet's route."""
    return " ".join([written(address), *_flags(address), *_lifetimes(address)])


def _flags(address: Json) -> list[str]:
    known = ("nodad", "noprefixroute", "home", "mngtmpaddr", "autojoin")
    return [flag for flag in known if address.get(flag)]


def _scope(address: Json) -> list[str]:
    return [] if address["scope"] == "global" else ["scope", address["scope"]]


def _lifetimes(address: Json, write: Callable[[int], str] = seconds_left) -> Iterator[str]:
    for key, word in (("valid_life_time", "valid_lft"), ("preferred_life_time", "preferred_lft")):
        deprecated = address.get("deprecated") and word == "preferred_lft"
        seconds = 0 if deprecated else address.get(key, FOREVER)
        if seconds == 0:
            yield f"{word} 0"  # deprecated: not for new connections
        elif seconds != FOREVER:
            yield f"{word} {write(seconds)}"


def _replaceable(routes: list[Json], addresses: list[Json]) -> Iterator[Json]:
    """The routes, without the IPv6 ones that the kernel adds with their addresses."""
    subnets = [
        str(ip_interface(f"{item['local']}/{item['prefixlen']}").network)
        for item in addresses
        if item["family"] == "inet6" and not item.get("noprefixroute")
    ]
    for route in routes:
        comes = route.get("protocol") == "kernel" and ":" in route["dst"]
        if not comes or str(ip_network(route["dst"])) not in subnets:
            yield route


def _route(route: Json, device: str, write: Callable[[int], str] = str) -> str:
    """A route through this device, for ``ip route replace``.

    ``::/0`` stands for an IPv6 default, because ``default`` would be IPv4's.
    """
    destination = "::/0" if route["dst"] == "default" and _is_6(route) else route["dst"]
    route = {**route, "dst": destination, "dev": device}
    if "expires" in route or route.get("protocol") == "ra":
        route = {**route, "metric": STAND_IN, "protocol": "boot"}
    words = [route_words(route, ROUTE_WORDS)]
    words += [flag for flag in route.get("flags", []) if flag == "onlink"]
    for metrics in route.get("metrics", []):
        words += [f"{key} {value}" for key, value in metrics.items()]
    if "expires" in route:
        words += ["expires", write(route["expires"])]
    return " ".join(words)


def _is_6(item: Json) -> bool:
    """Whether an address or a route is IPv6's."""
    return item.get("family") == "inet6" or ":" in item.get("gateway", "") or "pref" in item


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
