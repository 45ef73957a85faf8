"""What ``ip -j`` prints, as devices, addresses, neighbours and routes.

Whatever else an entry has is not read, but by ``Route``, which names it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from netmodes.machine import values
from netmodes.machine.entries import FOREVER, MARKS, Address, Link, Neighbour, Route
from netmodes.plan.text import texts

#: An object of JSON.
Json = dict[str, Any]

#: How a bridge passes on all frames, and how ``bridge -d link`` prints what ``ip -j`` has.
USUAL = {
    **{"state": "forwarding", "isolated": False, "locked": False, "bcast_flood": True},
    **{"flood": True, "learning": True, "stp_state": 0},
}
ON_OFF = {True: "on", False: "off"}


def _seconds(value: Any) -> int:  # noqa: ANN401
    """Seconds that are left; below 0 where the kernel is late."""
    return values.number(max(value, 0) if isinstance(value, int) else value)


#: What ``ip -j route`` prints of most routes, and what each is.
ROUTE_VALUES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    *((key, values.word) for key in ("table", "type", "protocol", "scope", "pref")),
    *(("dev", values.device), ("gateway", values.ip), ("prefsrc", values.ip)),
    *(("metric", values.number), ("flags", values.words), ("expires", _seconds)),
)
ROUTE_NAMES = {"dst", *dict(ROUTE_VALUES)}


def entries(value: Any) -> Iterator[Json]:  # noqa: ANN401
    """The entries of a list; iproute2 prints ``{}`` for "no such thing" among them."""
    return filter(None, map(values.table, values.listed(value)))


def link_from(data: Json) -> Link:
    """A device from its JSON."""
    info = values.table(data.get("linkinfo") or {})
    own = values.table(info.get("info_data") or {})
    kind = _word(info, "info_kind")
    return Link(
        values.device(data["ifname"]),
        values.number(data.get("ifindex", 0)),
        kind,
        values.line(data.get("link_type", "")),
        _optional(data, "address", values.mac) or "",
        values.number(data.get("mtu", 1500)),
        frozenset(values.words(data.get("flags", []))),
        _word(data, "operstate"),
        _optional(data, "master", values.device) or "",
        _optional({**own, **data}, "link", values.device) or "",  # a vxlan's is its own
        values.number(data.get("link_index", 0)),
        _optional(own, "id", values.number) if kind == "vlan" else None,
        _word(own, "mode") if kind == "bond" else "",
        tuple(map(address_from, entries(data.get("addr_info", [])))),
        tuple(texts(values.listed(data.get("altnames", [])))),
        tuple(_unusual({**own, **values.table(info.get("info_slave_data") or {})})),
    )


def _unusual(bridging: Json) -> Iterator[str]:
    """What may keep a frame from a port of a bridge, or from all."""
    for name, usual in USUAL.items():
        if (found := bridging.get(name, usual)) != usual:
            yield f"{name} {ON_OFF.get(found, found)}"


def address_from(data: Json) -> Address:
    """An address from its JSON."""
    ip, deprecated = values.ip(data["local"]), data.get("deprecated")
    length = values.number(data["prefixlen"])
    if length > ip.max_prefixlen:
        raise ValueError(f"{ip}/{length} has no such prefix length")
    return Address(
        ip,
        length,
        values.word(data.get("scope", "global")),
        _optional(data, "address", values.ip),
        _optional(data, "broadcast", values.ip),
        _optional(data, "label", values.label) or "",
        _optional(data, "metric", values.number),
        values.number(data.get("valid_life_time", FOREVER)),
        0 if deprecated else values.number(data.get("preferred_life_time", FOREVER)),
        frozenset(mark for mark in MARKS if data.get(mark)),
    )


def neighbour_from(data: Json) -> Neighbour:
    """A neighbour from its JSON, in which a flag is a key."""
    return Neighbour(
        values.ip(data["dst"]),
        values.device(data["dev"]),
        _optional(data, "lladdr", values.mac) or "",
        "proxy" in data,
        "router" in data,
        "extern_learn" in data,
        _word(data, "protocol"),
    )


def route_from(data: Json, version: int = 4) -> Route:
    """A route from its JSON."""
    read = {key: parse(data[key]) for key, parse in ROUTE_VALUES if data.get(key) is not None}
    if others := [key for key in data if key not in ROUTE_NAMES]:
        read |= _rest_of_route(data, others)
    return Route(values.subnet(data["dst"], version), **read)


def _rest_of_route(data: Json, others: list[str]) -> Json:
    """What few routes have: metrics, several next hops, and what a value has no place for."""
    metrics = [pair for each in data.get("metrics", []) for pair in values.table(each).items()]
    known = {key: values.number(value) for key, value in metrics if isinstance(value, int)}
    hops = [*entries(data.get("nexthops", []))]
    named = [key for key in others if key not in ("metrics", "nexthops")]
    named += ["nexthops"] * bool(data.get("nexthops")) + [
        key for key, value in metrics if key not in known
    ]
    return {
        "metrics": tuple((values.word(key), value) for key, value in known.items()),
        "hops": tuple(values.device(hop["dev"]) for hop in hops if "dev" in hop),
        "others": tuple(map(values.line, named)),
    }


def route_got(printed: str) -> Route | None:
    """The route that ``ip -j route get`` printed, with the flags of its cache; None for none."""
    for found in entries(json.loads(printed or "[]", strict=False)):
        route = route_from(found, values.ip(found["dst"]).version)
        return replace(route, flags=(*route.flags, *values.words(found.get("cache", []))))
    return None


def _word(data: Json, key: str) -> str:
    return _optional(data, key, values.word) or ""


def _optional(data: Json, key: str, parse: Any) -> Any:  # noqa: ANN401
    return parse(data[key]) if data.get(key) is not None else None
