"""The host and the namespaces of our networks as they are, from facts alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netmodes.commands import notices
from netmodes.commands.publish import parse
from netmodes.diagnose.inspection import of_network
from netmodes.errors import Refused
from netmodes.machine.entries import Link, Route
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network
from netmodes.show.cables import host_end, namespace_end

#: Why a namespace's devices are not known to a user.
ONLY_ROOT = "only root can look inside"


@dataclass(frozen=True)
class Device:
    """A network device.

    Args:
        name: its name.
        kind: ``bridge``, ``veth``, ``dummy``, …; "" for a real NIC or the loopback.
        state: "up", "down", or "no carrier": it is up, but nothing is at its other end.
        mac: its MAC; "" for none.
        addresses: as ``ip addr`` writes them, without IPv6's link-local ones.
        master: the bridge it is a port of; "".
        cable: the other end of a veth pair, as a place's name and a device's; None if unknown.
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
        unseen: why its devices and routes are unknown; "" if they are known.
        published: the host's ports that are passed on to it, in words.
    """

    name: str
    mode: str = ""
    devices: tuple[Device, ...] = ()
    routes: tuple[str, ...] = ()
    unseen: str = ""
    published: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """The whole picture, and the findings about it."""

    host: Place
    namespaces: tuple[Place, ...]
    findings: tuple[Finding, ...]


def view(facts: Facts, namespaces: Mapping[str, Facts | None], name: str | None = None) -> View:
    """All networks, or one with what it is plugged into.

    Args:
        facts: the host's.
        namespaces: those of each namespace of ours; None where they could not be read.
        name: the one network; None for all.

    Raises:
        Refused: there is no such network.
    """
    if name is not None and facts.network(name) is None:
        raise Refused(f"{name} is not up: `netmodes list` shows what is")
    networks = [one for one in facts.known("networks") if name in (None, one.name)]
    found = tuple(dict.fromkeys(_findings(networks, facts, namespaces)))
    links = facts.known("links") if name is None else _around(networks[0], facts)
    spaces = tuple(_namespace(one, facts, namespaces.get(one.name), found) for one in networks)
    host = _host(links, facts, namespaces, found)
    shown = [device.name for device in host.devices]
    return View(
        host, spaces, tuple(one for one in found if name is None or _about(one, shown, name))
    )


def _findings(
    networks: list[Network], facts: Facts, namespaces: Mapping[str, Facts | None]
) -> Iterator[Finding]:
    yield from notices.before_up(facts)
    for one in networks:
        yield from of_network(one.name, facts, namespaces.get(one.name))


def _about(finding: Finding, devices: list[str], name: str) -> bool:
    """Whether a finding is about one network, or about a device that it is shown with."""
    return finding.about in (name, *devices) or finding.namespace == name


def _around(network: Network, facts: Facts) -> list[Link]:
    """The host's devices of a network: its end of the cable, a bridge and its ports."""
    names = network.topology.host_devices
    links: list[Link] = facts.known("links")
    return [link for link in links if link.name in names or link.master in names]


def _host(
    links: list[Link],
    facts: Facts,
    namespaces: Mapping[str, Facts | None],
    found: tuple[Finding, ...],
) -> Place:
    about = {one.about for one in found if not one.namespace}
    devices = tuple(
        _device(link, about, namespace_end(link, facts, namespaces), _leads_out(link, facts))
        for link in links
        if link.name != "lo"
    )
    return Place("", "", devices, _routes(facts, {device.name for device in devices}))


def _namespace(
    network: Network, facts: Facts, own: Facts | None, found: tuple[Finding, ...]
) -> Place:
    name, mode = network.name, network.mode
    if name not in facts.known("namespaces"):
        return Place(name, mode, unseen="there is no such namespace")
    if own is None:
        return Place(name, mode, unseen=ONLY_ROOT)
    about = {one.about for one in found if one.namespace == name}
    devices = tuple(_device(link, about, host_end(link, facts)) for link in own.known("links"))
    routes = _routes(own, {device.name for device in devices})
    ports = (f"port {port} of the host is {port.port} here" for port in parse(network.published))
    return Place(name, mode, devices, routes, published=tuple(ports))


def _device(
    link: Link, about: set[str], cable: tuple[str, str] | None, outside: bool = False
) -> Device:
    return Device(
        link.name,
        link.kind,
        _state(link),
        "" if "LOOPBACK" in link.flags else link.mac,
        tuple(str(address) for address in link.addresses if address.scope == "global"),
        link.master,
        cable,
        outside,
        link.name in about,
    )


def _state(link: Link) -> str:
    if not link.is_up:
        return "down"
    no_carrier = link.has_no_carrier or link.operstate in ("DOWN", "LOWERLAYERDOWN")
    return "no carrier" if no_carrier else "up"


def _leads_out(link: Link, facts: Facts) -> bool:
    """Whether a device is a NIC, or a default route or network of ours uses it as one."""
    uplinks = {network.topology.uplink for network in facts.known("networks")}
    defaults = {route.dev for route in facts.default_routes()}
    real = not link.kind and link.type == "ether"
    return real or link.name in uplinks or (link.name in defaults and link.kind != "bridge")


def _routes(facts: Facts, devices: set[str]) -> tuple[str, ...]:
    """The main table's routes through these devices, as ``ip route`` prints them."""
    every: list[Route] = [*facts.known("routes"), *(facts.routes6 or [])]
    main = (route for route in every if (route.table, route.type) == ("main", "unicast"))
    shown = (route for route in main if route.dev in devices and not route.is_link_local)
    return tuple(route.words() for route in shown)
