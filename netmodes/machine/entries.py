"""Devices, addresses and routes as ``ip -j`` prints them, each an entry of its list."""

from collections.abc import Iterable
from ipaddress import IPv4Network, ip_network
from typing import Any

#: One entry, or another object of JSON.
Json = dict[str, Any]

#: A lifetime without end, in seconds.
FOREVER = 4294967295

#: The keys of a route, each with its word in ``ip route``, in the order of the words.
ROUTE_WORDS = {
    "gateway": "via",
    "dev": "dev",
    "table": "table",
    "protocol": "proto",
    "scope": "scope",
    "prefsrc": "src",
    "metric": "metric",
    "pref": "pref",
}

#: The prefix length of half a default route.
HALF = 1


def kind(link: Json) -> str | None:
    """The kind of a virtual device (``veth``, ``bridge``, …), or None for a real one."""
    found = link.get("linkinfo", {}).get("info_kind")
    return None if found is None else str(found)


def written(address: Json) -> str:
    """An address in CIDR, as ``ip addr`` writes it; a peer's prefix length is the peer's."""
    peer = f" peer {address['address']}" if "address" in address else ""
    return f"{address['local']}{peer}/{address['prefixlen']}"


def is_advertised(address: Json) -> bool:
    """Whether the kernel or a daemon made an address from a router advertisement."""
    return bool(address.get("mngtmpaddr") or address.get("temporary"))


def route_words(route: Json, keys: Iterable[str] = ("gateway", "dev", "metric")) -> str:
    """A route as ``ip route`` takes it, with those of these keys that it has."""
    named = (f"{ROUTE_WORDS[key]} {route[key]}" for key in keys if key in route)
    return " ".join([route["dst"], *named])


def destination(route: Json) -> IPv4Network | None:
    """The subnet that a route leads to; None for a default route, broadcast or multicast.

    A VPN may have a default route in two halves, 0.0.0.0/1 and 128.0.0.0/1.
    """
    if route["dst"] == "default" or route.get("type") in ("broadcast", "multicast"):
        return None
    found = IPv4Network(ip_network(route["dst"], strict=False))
    return found if found.prefixlen > HALF else None
