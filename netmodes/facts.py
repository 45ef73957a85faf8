"""One read-only snapshot of the machine, as JSON in and out.

Reading needs no privileges and changes nothing; modes are pure functions of it, so a plan can be
rendered here for a machine elsewhere (``netmodes facts`` there, ``--facts FILE`` here).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from ipaddress import IPv4Interface, IPv4Network, ip_interface, ip_network
from pathlib import Path
from typing import Any

from netmodes.errors import Refused
from netmodes.journal import networks

__all__ = ["Facts"]

Json = dict[str, Any]

#: Kinds of device that live on another one and keep it from becoming a bridge's port.
CHILDREN = ("macvlan", "macvtap", "ipvlan", "ipvtap", "vlan")

SYSCTLS = ("net.ipv4.ip_forward",)


@dataclass(frozen=True)
class Facts:
    """A machine's network as far as modes care; None means unknown, never absent.

    Args:
        links: every device of the host with its addresses, as ``ip -d -j addr show`` prints it.
        routes: the IPv4 routes of every table, as ``ip -4 -j route show table all`` prints them.
        namespaces: the named network namespaces, as in /run/netns.
        sysctls: name to value.
        networks: the networks of ours, each with name, mode, parameters and state.
    """

    links: list[Json] | None = None
    routes: list[Json] | None = None
    namespaces: list[str] | None = None
    sysctls: dict[str, str] | None = None
    networks: list[Json] | None = None

    @classmethod
    def read(cls) -> Facts:
        """This machine's facts.

        Raises:
            Refused: there is no ``ip``, or it fails.
        """
        links, routes = _ip_json(
            ("ip", "-d", "-j", "addr", "show"), ("ip", "-4", "-j", "route", "show", "table", "all")
        )
        return cls(
            links=links,
            routes=routes,
            namespaces=_namespaces(),
            sysctls={key: value for key in SYSCTLS if (value := _sysctl(key)) is not None},
            networks=[network.summary() for network in networks()],
        )

    def to_json(self) -> str:
        """The snapshot as JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """A snapshot from what ``to_json`` (or ``netmodes facts``) gave.

        Raises:
            Refused: it is not that.
        """
        names = [field.name for field in fields(cls)]
        try:
            data = json.loads(text)
        except ValueError as error:
            raise Refused(
                f"these are not facts ({error}): make them with `netmodes facts`"
            ) from error
        if not isinstance(data, dict):
            raise Refused("these are not facts (no JSON object): make them with `netmodes facts`")
        return cls(**{name: data.get(name) for name in names})

    def known(self, what: str) -> Any:  # noqa: ANN401
        """The facts of that name.

        Raises:
            Refused: they are unknown.
        """
        facts = getattr(self, what)
        if facts is None:
            raise Refused(
                f"the machine's {what} are unknown: make the facts again with `netmodes facts`"
            )
        return facts

    def link(self, name: str) -> Json | None:
        """The device of that name on the host, or None."""
        return next((link for link in self.known("links") if link["ifname"] == name), None)

    def children(self, name: str) -> list[str]:
        """The devices that live on this one, by name."""
        return [
            link["ifname"]
            for link in self.known("links")
            if link.get("link") == name and kind(link) in CHILDREN
        ]

    def addresses(self, name: str) -> list[IPv4Interface]:
        """The global IPv4 addresses of a device, in order."""
        infos = (self.link(name) or {}).get("addr_info", [])
        return [
            IPv4Interface(f"{info['local']}/{info['prefixlen']}")
            for info in infos
            if info.get("family") == "inet" and info.get("scope") == "global"
        ]

    def every_address(self) -> list[IPv4Interface]:
        """The global IPv4 addresses of all devices."""
        names = [link["ifname"] for link in self.known("links")]
        return [address for name in names for address in self.addresses(name)]

    def default_routes(self, device: str | None = None) -> list[Json]:
        """The main table's default routes, through this device if one is named."""
        return [
            route
            for route in self.known("routes")
            if route["dst"] == "default"
            and route.get("table", "main") == "main"
            and device in (None, route.get("dev"))
        ]

    def overlap(self, subnet: IPv4Network) -> str | None:
        """What already stands for addresses of this subnet, in words, or None."""
        for route in self.known("routes"):
            if (other := _destination(route)) is not None and other.overlaps(subnet):
                return f"the host's route to {route['dst']}"
        for network in self.known("networks"):
            if any(other.overlaps(subnet) for other in _subnets(network)):
                return f"namespace {network['name']}"
        return None

    def network(self, name: str) -> Json | None:
        """The network of ours of that name, or None."""
        return next((net for net in self.known("networks") if net["name"] == name), None)


def kind(link: Json) -> str | None:
    """A virtual device's kind (``veth``, ``bridge``, …), or None for a real one."""
    found = link.get("linkinfo", {}).get("info_kind")
    return None if found is None else str(found)


def _destination(route: Json) -> IPv4Network | None:
    """Where a route leads, or None for a default, which stands for no subnet."""
    if route["dst"] == "default" or route.get("type") in ("broadcast", "multicast"):
        return None
    return IPv4Network(ip_network(route["dst"], strict=False))


def _subnets(network: Json) -> Iterator[IPv4Network]:
    for name, value in network["parameters"].items():
        if name.endswith("address") and "/" in value:
            yield IPv4Network(ip_interface(value).network)


def _ip_json(*commands: tuple[str, ...]) -> list[list[Json]]:
    """What each command prints, all of them run at once."""
    from subprocess import PIPE, Popen

    try:
        running = [Popen(argv, stdout=PIPE, stderr=PIPE, text=True) for argv in commands]
    except FileNotFoundError:
        raise Refused("there is no `ip` on PATH: install iproute2") from None
    ended = [(*child.communicate(), child.returncode) for child in running]
    return [_parsed(argv, *end) for argv, end in zip(commands, ended, strict=True)]


def _parsed(argv: tuple[str, ...], stdout: str, stderr: str, status: int) -> list[Json]:
    if status != 0:
        raise Refused(f"`{' '.join(argv)}` failed ({stderr.strip()}): the machine cannot be read")
    try:
        entries = json.loads(stdout or "[]")
    except ValueError:
        raise Refused(f"`{' '.join(argv)}` prints no JSON: install iproute2") from None
    # iproute2 prints `{}` for "no such thing" among the entries.
    return [entry for entry in entries if entry]


def _namespaces() -> list[str]:
    folder = Path("/run/netns")
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _sysctl(key: str) -> str | None:
    try:
        return Path("/proc/sys", *key.split(".")).read_text().strip()
    except OSError:
        return None
