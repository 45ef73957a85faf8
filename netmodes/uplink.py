"""The host's NIC that leads outside: what keeps it from being bridged, what must stay as it is."""

from __future__ import annotations

from collections.abc import Iterator

from netmodes.errors import Refused
from netmodes.facts import Facts, kind
from netmodes.step import Check

__all__ = ["check_uplink", "unchanged"]


def check_uplink(name: str, facts: Facts) -> None:
    """Refuse an uplink that cannot become a port of a bridge, before anything is touched.

    The kernel would say "Device or resource busy" only after the bridge is up (kernel-facts 11).

    Raises:
        Refused: it says which and what to do.
    """
    link = facts.link(name)
    if link is None:
        raise Refused(f"there is no device {name}: {_suggestion(name, facts)}")
    if "LOOPBACK" in link.get("flags", []):
        raise Refused(f"{name} is the loopback and leads nowhere: {_suggestion(name, facts)}")
    if "master" in link:
        raise Refused(f"{name} is enslaved to {link['master']} already: {_suggestion(name, facts)}")
    if children := facts.children(name):
        raise Refused(
            f"{name} carries {', '.join(children)} and cannot be bridged: "
            "remove that first, or choose another uplink"
        )
    if link.get("link_type") != "ether":
        raise Refused(
            f"{name} is no Ethernet device and cannot be bridged: {_suggestion(name, facts)}"
        )
    if kind(link) == "bridge":
        raise Refused(
            f"{name} is a bridge and cannot be a port of another: {_suggestion(name, facts)}"
        )


def _suggestion(refused: str, facts: Facts) -> str:
    """What to do instead, with the NICs that there are."""
    nics = [
        dev for route in facts.default_routes() if (dev := route.get("dev", refused)) != refused
    ]
    if nics:
        return f"the default route goes through {nics[0]} (--uplink {nics[0]})"
    return "name the NIC that leads outside (`ip link` shows all)"


def unchanged(name: str, facts: Facts) -> Iterator[Check]:
    """MAC, addresses and default routes are still those the plan was rendered for."""
    again = f"{name} is not as it was when this was rendered: export again"
    mac = (facts.link(name) or {}).get("address", "")
    yield Check(("ip", "-o", "link", "show", "dev", name), f"link/ether {mac} ", again)
    for address in facts.addresses(name):
        yield Check(("ip", "-o", "-4", "addr", "show", "dev", name), f"inet {address} ", again)
    for route in facts.default_routes(name):
        via = (
            f"default via {route['gateway']} dev {name} "
            if "gateway" in route
            else f"default dev {name} "
        )
        yield Check(("ip", "-4", "route", "show", "default"), via, again)
