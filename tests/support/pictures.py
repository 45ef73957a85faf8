"""Situations as facts, and what `netmodes show` draws of them.

``python tests/support/pictures.py`` writes each picture of tests/golden again.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import click
from networks import up
from places import GOLDEN

from netmodes import Bridged, Facts, HostOnly, Isolated, Mode
from netmodes.cli.show import picture
from netmodes.machine.printed import Json, link_from, route_from
from netmodes.show.explain import article_machine
from netmodes.show.mermaid import graph
from netmodes.show.view import View, view

Situation = tuple[Facts, dict[str, Facts | None]]


def link(name: str, index: int, *addresses: str, **more: Any) -> Json:  # noqa: ANN401
    """A device that is up, as ``ip -d -j addr`` prints it; ``more`` is what it has of its own."""
    infos = [
        {"family": "inet", "local": local, "prefixlen": int(length), "scope": "global"}
        for local, _, length in (address.partition("/") for address in addresses)
    ]
    plain = {"ifindex": index, "ifname": name, "flags": ["BROADCAST", "UP", "LOWER_UP"]}
    plain |= {"operstate": "UP", "link_type": "ether", "address": f"02:00:00:00:00:{index:02x}"}
    return {**plain, "addr_info": infos, **more}


def of_kind(kind: str) -> Json:
    """What tells a virtual device's kind."""
    return {"linkinfo": {"info_kind": kind}}


def veth(name: str, index: int, peer: int, *addresses: str, **more: Any) -> Json:  # noqa: ANN401
    """An end of a veth pair, whose other end is the device of this index elsewhere."""
    return link(name, index, *addresses, link_index=peer, link_netnsid=0, **of_kind("veth"), **more)


LO = {"ifindex": 1, "ifname": "lo", "flags": ["LOOPBACK", "UP"], "addr_info": []}
DOWN: Json = {"flags": ["BROADCAST"], "operstate": "DOWN"}
NO_CARRIER: Json = {"flags": ["BROADCAST", "UP", "NO-CARRIER"], "operstate": "LOWERLAYERDOWN"}
NIC = link("enp0s1", 2, "192.168.64.3/24", address="4a:9e:7e:55:59:ee")
ON_LAN = {"dst": "192.168.64.0/24", "dev": "enp0s1", "metric": 100}
DEFAULT = {"dst": "default", "gateway": "192.168.64.1", "dev": "enp0s1", "metric": 100}


def host(links: list[Json], routes: list[Json], *modes: Mode) -> Facts:
    """The article's machine with these devices and routes and the networks of these modes."""
    networks = [replace(up(mode.plan(article_machine())), shares=()) for mode in modes]
    names = [mode.namespace for mode in modes]
    facts = article_machine()
    ending = [one.topology.host_device for one in networks if one.topology.ends_at_host]
    names_on = [link["ifname"] for link in links if link["ifname"] not in ending]
    on = {f"net/ipv4/conf/{name}/forwarding": "1" for name in names_on}
    sysctls = {**facts.known("sysctls"), "net.ipv4.ip_forward": "1"}
    there = replace(facts, namespaces=names, networks=networks, sysctls=sysctls)
    devices, ways = [*map(link_from, [LO, *links])], [*map(route_from, routes)]
    return replace(there, with_ip_forward=on, links=devices, routes=ways)


def space(links: list[Json], *routes: Json) -> Facts:
    """A namespace with these devices beside its loopback."""
    devices, ways = [*map(link_from, [LO, *links])], [*map(route_from, routes)]
    return Facts(links=devices, routes=ways, routes6=[])


def isolated() -> Situation:
    """The article's isolated mode."""
    mode = Isolated()
    card = link("dummy0", 3, "192.168.222.10/24", operstate="UNKNOWN", **of_kind("dummy"))
    inside = space([card], {"dst": "192.168.222.0/24", "dev": "dummy0"})
    return host([NIC], [DEFAULT, ON_LAN], mode), {"A": inside}


def host_only(near: Json | None = None, far: Json | None = None) -> Situation:
    """The article's host-only mode; ``near`` and ``far`` is what its ends have of their own."""
    mode = HostOnly()
    ends = (
        veth("veth0", 4, 3, "192.168.202.1/24", **(near or {})),
        veth("veth1", 3, 4, "192.168.202.11/24", **(far or {})),
    )
    routes = [DEFAULT, ON_LAN, {"dst": "192.168.202.0/24", "dev": "veth0"}]
    inside = space([ends[1]], {"dst": "192.168.202.0/24", "dev": "veth1"})
    return host([NIC, ends[0]], routes, mode), {"A": inside}


def bridged(second: bool = False, on_port: bool = False) -> Situation:
    """The article's bridged mode, with a second namespace, or with the address on the port."""
    first = Bridged(uplink="enp0s1")
    port = NIC if on_port else {**NIC, "addr_info": []}
    addresses = ("192.168.64.100/24", *(() if on_port else ("192.168.64.3/24",)))
    bridge = link("br0", 3, *addresses, address=NIC["address"], **of_kind("bridge"))
    links = [bridge, {**port, "master": "br0"}, veth("veth0", 5, 4, master="br0")]
    modes, spaces = [first], {"A": on_lan("veth1", 4, 5, "192.168.64.50/24")}
    if second:
        more = {"namespace": "B", "host_device": "veth2", "device": "veth3"}
        modes.append(replace(first, address="192.168.64.51/24", **more))
        links.append(veth("veth2", 7, 6, master="br0"))
        spaces["B"] = on_lan("veth3", 6, 7, "192.168.64.51/24")
    routes = [{**DEFAULT, "dev": "br0"}, {**ON_LAN, "dev": "br0"}]
    return host(links, routes, *modes), {**spaces}


def on_lan(name: str, index: int, peer: int, address: str) -> Facts:
    """A namespace of the bridge."""
    routes = [
        {"dst": "default", "gateway": "192.168.64.100", "dev": name},
        {"dst": "192.168.64.0/24", "dev": name},
    ]
    return space([veth(name, index, peer, address)], *routes)


def unseen() -> Situation:
    """Bridged, as one who is not root sees it; and host-only, whose namespace is gone."""
    facts, _ = bridged()
    gone = HostOnly(namespace="C", host_device="veth8", device="veth9")
    other = host([], [], gone).known("networks")
    return replace(facts, networks=[*facts.known("networks"), *other]), {"A": None, "C": None}


SITUATIONS: dict[str, Callable[[], Situation]] = {
    "isolated": isolated,
    "host-only": host_only,
    "bridged": bridged,
    "bridged-two": lambda: bridged(second=True),
    "bridged-stray": lambda: bridged(on_port=True),
    "down": lambda: host_only(near=DOWN, far=NO_CARRIER),
    "unseen": unseen,
}


def pictured(seen: View) -> str:
    """The picture without colours, of a netmodes that is on everybody's PATH."""
    with patch("netmodes.cli.show.as_root", lambda *words: " ".join(("sudo netmodes", *words))):
        return click.unstyle(picture(seen))


#: How a view is written, by the ending of its file.
WRITTEN: dict[str, Callable[[View], str]] = {
    "picture": pictured,
    "mermaid": graph,
}


def seen(name: str, network: str | None = None) -> View:
    """The view of a situation."""
    return view(*SITUATIONS[name](), network)


def main() -> None:
    """Write all pictures again."""
    os.environ["COLUMNS"] = "80"
    for name in SITUATIONS:
        for how, write in WRITTEN.items():
            (GOLDEN / f"show-{name}.{how}").write_text(write(seen(name)))


if __name__ == "__main__":
    main()
