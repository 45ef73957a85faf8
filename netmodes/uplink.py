"""The host's NIC that leads outside: what keeps it from being bridged, what must stay as it is."""

from __future__ import annotations

from collections.abc import Iterator

from netmodes.errors import Refused
from netmodes.facts import Facts, kind, written
from netmodes.step import Check

__all__ = ["check_uplink", "managed", "stray", "unchanged"]

#: What a manager of the uplink may do while it is a port, and the one line that tells it not to.
MANAGERS = {
    "NetworkManager": (
        "may take {0} out of the bridge, or give it an address again",
        "nmcli device set {0} managed no",
    ),
    "systemd-networkd": (
        "may give {0} its address again",
        "printf '[Match]\\nName={0}\\n[Link]\\nUnmanaged=yes\\n' "
        ">/run/systemd/network/00-{0}.network && networkctl reload",
    ),
}

#: The same for a DHCP client.
DHCP_CLIENT = ("gives {0} its address again when it renews the lease", "pkill -STOP -f '{1}.*{0}'")


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
    for slave in ("bridge_slave", "bond_slave"):
        yield Check(("ip", "-o", "link", "show", "dev", name, "type", slave), None, again)
    mac = (facts.link(name) or {}).get("address", "")
    yield Check(("ip", "-o", "link", "show", "dev", name), f"link/ether {mac} ", again)
    for address in facts.global_addresses(name):
        text = f"{address['family']} {written(address)} "
        yield Check(("ip", "-o", "addr", "show", "dev", name), text, again)
    for route in facts.default_routes(name):
        via = (
            f"default via {route['gateway']} dev {name} "
            if "gateway" in route
            else f"default dev {name} "
        )
        yield Check(("ip", "-4", "route", "show", "default"), via, again)


def stray(name: str, facts: Facts) -> str | None:
    """The article's trap, in words: an address on a port, where nothing can reach it; or None."""
    link = facts.link(name) or {}
    found = [str(address) for address in facts.addresses(name)]
    if "master" not in link or not found:
        return None
    return (
        f"{name} is a port of {link['master']}, yet has {', '.join(found)}: "
        f"what is sent from there gets no answer (`ip addr del {found[0]} dev {name}`)"
    )


def managed(name: str, manager: str) -> str:
    """What this manager of the uplink will do, and the one line that tells it not to."""
    does, line = (text.format(name, manager) for text in MANAGERS.get(manager, DHCP_CLIENT))
    return f"{manager} {does}; this tells it not to: {line}"
