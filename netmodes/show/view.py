"""What is really there: the host and the namespaces of ours, from facts and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netmodes.commands import notices
from netmodes.diagnose.inspection import of_network
from netmodes.errors import Refused
from netmodes.machine.entries import Json, kind, route_words, written
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network


@dataclass(frozen=True)
class Device:
    """A network device as it is.

    Args:
        name: its name.
        kind: ``bridge``, ``veth``, ``dummy``, …; "" for a real NIC or the loopback.
        state: "up", "down", or "no carrier": it is up, but nothing is at its other end.
        mac: its MAC; "" for none.
        addresses: as ``ip addr`` writes them, without IPv6's link-local ones.
        master: the bridge it is a port of; "".
        cable: the other end of a veth pair, as a place's name and a device's; None where it is not
            known.
        outside: it leads out of the machine.
        wrong: a finding is about it.
    """

    name: str
    kind: str
    state: str
    mac: str
    addresses: tuple[str, ...]
    master: str = ""
    cable: tuple[str, str] | None = None
    outside: bool = False
    wrong: bool = False


@dataclass(frozen=True)
class Place:
    """The host, or a namespace.

    Args:
        name: the namespace's name; "" for the host.
        mode: its mode's; "" for the host.
        devices: in the kernel's order; the host's without its loopback.
        routes: of the main table, as ``ip route`` writes them, without IPv6's link-local ones.
        unseen: why nothing of this is known; "" where it is.
    """

    name: str
    mode: str = ""
    devices: tuple[Device, ...] = ()
    routes: tuple[str, ...] = ()
    unseen: str = ""


@dataclass(frozen=True)
class View:
    """The whole picture, and what is wrong with it."""

    host: Place
    namespaces: tuple[Place, ...]
    findings: tuple[Finding, ...]


def view(facts: Facts, inside: Mapping[str, Facts | None], name: str | None = None) -> View:
    """What is there.

    Args:
        facts: the host's.
        inside: those of each namespace of ours; None where they could not be read.
        name: a network of ours, for it alone and what it is plugged into.

    Raises:
        Refused: there is no such network.
    """
    if name is not None and facts.network(name) is None:
        raise Refused(f"{name} is not up: `netmodes list` shows what is")
    networks = [one for one in facts.known("networks") if name in (None, one.name)]
    found = tuple(dict.fromkeys(_findings(networks, facts, inside)))
    links = facts.known("links") if name is None else _around(networks[0], facts)
    spaces = tuple(_namespace(one, facts, inside.get(one.name), found) for one in networks)
    host = _host(links, facts, inside, found)
    shown = [device.name for device in host.devices]
    return View(
        host, spaces, tuple(one for one in found if name is None or _about(one, shown, name))
    )


def _findings(
    networks: list[Network], facts: Facts, inside: Mapping[str, Facts | None]
) -> Iterator[Finding]:
    yield from notices.before_up(facts)
    for one in networks:
        yield from of_network(one.name, facts, inside.get(one.name))


def _about(finding: Finding, devices: list[str], name: str) -> bool:
    """Whether a finding is about what is shown of one network."""
    return finding.about in (name, *devices) or finding.namespace == name


def _around(network: Network, facts: Facts) -> list[Json]:
    """The host's devices that a network stands on: its end of the cable, a bridge and its ports."""
    names = network.topology.host_devices
    return [
        link
        for link in facts.known("links")
        if link["ifname"] in names or link.get("master") in names
    ]


def _host(
    links: list[Json],
    facts: Facts,
    inside: Mapping[str, Facts | None],
    found: tuple[Finding, ...],
) -> Place:
    about = {one.about for one in found if not one.namespace}
    devices = tuple(
        _device(link, about, _far_end(link, facts, inside), _leads_out(link, facts))
        for link in links
        if link["ifname"] != "lo"
    )
    return Place("", "", devices, _routes(facts, {device.name for device in devices}))


def _namespace(
    network: Network, facts: Facts, inside: Facts | None, found: tuple[Finding, ...]
) -> Place:
    name, mode = network.name, network.mode
    if name not in facts.known("namespaces"):
        return Place(name, mode, unseen="there is no such namespace")
    if inside is None:
        return Place(name, mode, unseen="only root can look inside")
    about = {one.about for one in found if one.namespace == name}
    devices = tuple(
        _device(link, about, ("", near["ifname"]) if (near := _near_end(link, facts)) else None)
        for link in inside.known("links")
    )
    return Place(name, mode, devices, _routes(inside, {device.name for device in devices}))


def _device(
    link: Json, about: set[str], cable: tuple[str, str] | None, outside: bool = False
) -> Device:
    loopback = "LOOPBACK" in link.get("flags", [])
    shown = [item for item in link.get("addr_info", []) if item.get("scope") == "global"]
    return Device(
        link["ifname"],
        kind(link) or "",
        _state(link),
        "" if loopback else link.get("address", ""),
        tuple(written(item) for item in shown),
        link.get("master", ""),
        cable,
        outside,
        link["ifname"] in about,
    )


def _state(link: Json) -> str:
    flags = link.get("flags", [])
    if "UP" not in flags:
        return "down"
    no_carrier = "NO-CARRIER" in flags or link.get("operstate") in ("DOWN", "LOWERLAYERDOWN")
    return "no carrier" if no_carrier else "up"


def _far_end(
    link: Json, facts: Facts, inside: Mapping[str, Facts | None]
) -> tuple[str, str] | None:
    """The other end of a host's veth: each names the other's ifindex; or as the journal has it."""
    if kind(link) == "veth" and "link" in link:
        return "", link["link"]
    for name, there in inside.items():
        for other in there.known("links") if there else ():
            if _paired(link, other):
                return name, other["ifname"]
    for network in facts.known("networks"):
        net, name = network.topology, network.name
        if net.host_device == link["ifname"] and inside.get(name) is None:
            return name, net.device
    return None


def _near_end(link: Json, facts: Facts) -> Json | None:
    """The host's end of a veth in a namespace."""
    return next((near for near in facts.known("links") if _paired(near, link)), None)


def _paired(near: Json, far: Json) -> bool:
    """Whether these, in two network namespaces, are the ends of one veth pair."""
    ends = [
        (link.get("link_index"), link["ifindex"]) for link in (near, far) if "link_index" in link
    ]
    return len(ends) == 2 and ends[0] == ends[1][::-1] and kind(near) == kind(far) == "veth"


def _leads_out(link: Json, facts: Facts) -> bool:
    """A real NIC, and what a default route or a network of ours takes for one."""
    name = link["ifname"]
    uplinks = {network.topology.uplink for network in facts.known("networks")}
    defaults = {route.get("dev") for route in facts.default_routes()}
    real = kind(link) is None and link.get("link_type") == "ether"
    return real or name in uplinks or (name in defaults and kind(link) != "bridge")


def _routes(facts: Facts, devices: set[str]) -> tuple[str, ...]:
    """The main table's routes through these devices, in words of ``ip route``."""
    return tuple(
        route_words(route)
        for route in [*facts.known("routes"), *(facts.routes6 or [])]
        if route.get("table", "main") == "main"
        and route.get("type", "unicast") == "unicast"
        and route.get("dev") in devices
        and not route["dst"].startswith("fe80:")
    )
