"""The facts: a snapshot of a machine, as values, each parsed once.

Modes are pure functions of facts, so a plan can be rendered here for a machine elsewhere
(``netmodes facts`` there, ``--facts FILE`` here).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Interface, IPv4Network, ip_address
from typing import Any

from netmodes.errors import Refused
from netmodes.machine import parse
from netmodes.machine.entries import Address, Link, Neighbour, Route
from netmodes.machine.resolv import Names
from netmodes.machine.rule import Rule
from netmodes.machine.table import Table
from netmodes.plan.network import Network
from netmodes.plan.step import Step
from netmodes.plan.verdict import Verdicts

#: Stands for every address outside; the same by the version of IP.
OUTSIDE = "8.8.8.8"
OUTSIDES = {4: OUTSIDE, 6: "2001:4860:4860::8888"}

#: Kinds of device that need another device below them, which then cannot become a bridge's port.
CHILDREN = ("macsec", "macvlan", "macvtap", "ipvlan", "ipvtap", "vlan")


@dataclass(frozen=True)
class Facts:
    """The network of a host or namespace, as far as modes need it; None is unknown, never absent.

    Args:
        links: every device with its addresses, in the kernel's order.
        routes: the IPv4 routes of every table.
        routes6: the IPv6 routes.
        neighbours: the permanent neighbours, and those that a device answers for.
        namespaces: the named network namespaces, as in /run/netns.
        sysctls: the settings that modes depend on, by name; None for one that does not exist.
        with_ip_forward: the settings that switching ip_forward on and off changes, by name.
        device_sysctls: for each device that could be an uplink, ``interface_sysctls``.
        networks: the networks that netmodes made.
        nft: the lines of ``nft list ruleset``; only root may read it.
        iptables: the lines of ``iptables -S``; only root may read it.
        rules: the IPv4 rules of policy routing.
        rules6: the IPv6 ones.
        tc: the lines of ``tc filter show``, egress and ingress, by device.
        managers: the daemons and DHCP clients that configure a device, by device.
        bound: the sockets that hear nothing while a device is a port of a bridge, by device.
        names: how names are resolved.
        programs: those of ``nft`` and ``iptables`` that are installed, and that the kernel knows.
        nics: the "driver" and "wireless" mode of real devices, by device.
        listening: the programs that listen, by port: "8080/tcp"; only where one is published.
        processes: the network namespace, by inode, of the process that was asked about, by number;
            "" where only root may see it.
        past: of a namespace, the processes that read others' files for names, and which, by number.
        resolvers: the addresses of the name servers in /etc/resolv.conf.
        exit: the device that the host leads outside by; "" for none.
        ssh: the device of the SSH session that netmodes runs in; "" for none.
        peer: the address of that session's client; "" for none.
        missing: the programs that netmodes runs and that are not installed.
        kinds: whether a device of this kind can be made, by kind.
        fixed: the folders that modes write and that are on read-only mounts.
        privileges: "root", "sudo", "bounded" (root that may not change the network) or "none".
        user_namespaces: "why" a user may not make a user namespace, and the "setting" behind it.
        verdicts: what becomes of a mode's packets, by the kernel's own word in a copy.
        before: for a machine elsewhere, its facts from before each network of ours, by name; None
            for this one, whose networks tell themselves what they share.
        table: what all this was parsed from.
    """

    links: list[Link] | None = None
    routes: list[Route] | None = None
    routes6: list[Route] | None = None
    neighbours: list[Neighbour] | None = None
    namespaces: list[str] | None = None
    sysctls: dict[str, str | None] | None = None
    with_ip_forward: dict[str, str] | None = None
    device_sysctls: dict[str, dict[str, str]] | None = None
    networks: list[Network] | None = None
    nft: list[str] | None = None
    iptables: list[str] | None = None
    rules: list[Rule] | None = None
    rules6: list[Rule] | None = None
    tc: dict[str, list[str] | None] | None = None
    managers: dict[str, list[str]] | None = None
    bound: dict[str, list[str]] | None = None
    names: Names | None = None
    programs: list[str] | None = None
    nics: dict[str, dict[str, str]] | None = None
    listening: dict[str, str] | None = None
    processes: dict[str, str] | None = None
    past: dict[int, str] | None = None
    resolvers: list[str] | None = None
    exit: str | None = None
    ssh: str | None = None
    peer: str | None = None
    missing: list[str] | None = None
    kinds: dict[str, bool] | None = None
    fixed: list[str] | None = None
    privileges: str | None = None
    user_namespaces: dict[str, str] | None = None
    verdicts: Verdicts | None = None
    before: dict[str, Facts] | None = field(default=None, repr=False)
    table: Table | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> str:
        """What the facts were read from, as JSON text."""
        return (self.table or Table()).to_json()

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """Facts from the text of ``to_json``, which ``netmodes facts`` prints.

        Raises:
            Refused: the text is no JSON of facts, or a value in it is not what it is taken for.
        """
        return cls.from_table(Table.from_json(text))

    @classmethod
    def from_table(cls, table: Table, networks: list[Network] | None = None) -> Facts:
        """The facts of a table.

        Args:
            table: what was read.
            networks: the networks of ours, from their journals here; None for those of the table.

        Raises:
            Refused: a value is not what it is taken for; or `ip` could not tell what there is.
        """
        found = parse.fields_of(table)
        if networks is None and "journals" in table:
            found["before"] = before = {}
            for name, read in parse.tables_before(table):
                with suppress(Refused):
                    before[name] = cls.from_table(read)
            networks = parse.networks_of(table)
        return cls(**found, networks=networks, table=table)

    def known(self, what: str) -> Any:  # noqa: ANN401
        """The value of a field that a mode cannot do without.

        Raises:
            Refused: it is unknown.
        """
        facts = getattr(self, what)
        if facts is None:
            raise Refused(
                f"the machine's {what} are unknown: make the facts again with `netmodes facts`"
            )
        return facts

    def link(self, name: str) -> Link | None:
        """The device of that name or altname, or None."""
        self.known("links")
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Link]:
        """The devices by each of their names."""
        links = reversed(self.links or ())
        return {name: link for link in links for name in (link.name, *link.altnames)}

    def nic(self, name: str) -> dict[str, str]:
        """What is known of a device's hardware: "driver" and "wireless"."""
        return (self.nics or {}).get(name, {})

    def children(self, name: str) -> list[str]:
        """The names of the devices that need this one below them, ours in namespaces too."""
        links: list[Link] = self.known("links")
        on_host = [link.name for link in links if link.below == name and link.kind in CHILDREN]
        nets = [network.topology for network in self.networks or ()]
        return on_host + [net.device for net in nets if net.uplink == name and not net.bridge]

    def addresses(self, name: str) -> list[IPv4Interface]:
        """The global IPv4 addresses of a device, in the kernel's order."""
        link = self.link(name)
        return link.ipv4 if link else []

    def ipv6_addresses(self, name: str) -> list[Address]:
        """The IPv6 addresses of a device, link-local ones too."""
        link = self.link(name)
        return [one for one in link.addresses if one.is_6] if link else []

    def known_link(self, name: str) -> Link:
        """The device of that name.

        Raises:
            Refused: there is none.
        """
        link = self.link(name)
        if link is None:
            raise Refused(f"there is no device {name}: `ip link` shows all")
        return link

    def global_addresses(self, name: str) -> list[Address]:
        """A device's addresses of both families, without IPv6's link-local ones."""
        found = self.known_link(name).addresses
        return [one for one in found if not one.is_6 or one.scope == "global"]

    def every_route(self) -> list[Route]:
        """The routes of both families, in the kernel's order."""
        return [*self.known("routes"), *self.known("routes6")]

    def routes_through(self, name: str) -> list[Route]:
        """The routes through a device, but those that the kernel adds with any address."""
        routes = (one for one in self.every_route() if one.dev == name and not one.is_link_local)
        return [one for one in routes if one.type == "unicast" or one.protocol != "kernel"]

    def neighbours_on(self, name: str) -> list[Neighbour]:
        """The neighbours of a device that were entered by hand."""
        return [one for one in self.known("neighbours") if one.dev == name]

    def interface_sysctls(self, name: str) -> dict[str, str]:
        """A device's own settings that differ from a new device's, and its `ipv4.rp_filter`."""
        found: dict[str, str] = self.known("device_sysctls").get(name, {})
        return found

    def has_advertised(self, name: str) -> bool:
        """Whether a device has addresses or routes from router advertisements."""
        routes = (one for one in self.known("routes6") if one.dev == name)
        found = (*self.global_addresses(name), *routes)
        return any(one.is_advertised for one in found)

    def every_address(self) -> list[IPv4Interface]:
        """The global IPv4 addresses of all devices."""
        links: list[Link] = self.known("links")
        return [address for link in links for address in link.ipv4]

    def device_of(self, address: IPv4Interface) -> str:
        """The device that has an address; "" for none."""
        links: list[Link] = self.known("links")
        return next((link.name for link in links if address in link.ipv4), "")

    def default_routes(self, device: str = "") -> list[Route]:
        """The main table's default routes, through this device if one is named."""
        self.known("routes")
        return [one for one in self._defaults if device in ("", one.dev)]

    @cached_property
    def _defaults(self) -> list[Route]:
        return [one for one in self.routes or () if one.is_default and one.table == "main"]

    def overlap(self, subnet: IPv4Network) -> str | None:
        """What already has addresses of this subnet, in words; None if it is free."""
        first = subnet.network_address
        for route in self.known("routes"):
            if (to := route.subnet) and (first in to or to.network_address in subnet):
                return f"the host's route to {route.dst}"
        for network in self.known("networks"):
            if any(IPv4Network(other).overlaps(subnet) for other in network.topology.subnets):
                return f"namespace {network.name}"
        return next((whose for whose, ip in self._needed() if ip_address(ip) in subnet), None)

    def _needed(self) -> Iterator[tuple[str, str]]:
        """The addresses that the host must go on reaching, each after its owner."""
        for server in self.name_servers():
            yield f"the name server {server}", server.partition("%")[0]
        if self.peer:
            yield f"your SSH session ({self.peer})", self.peer.partition("%")[0]

    def name_servers(self) -> list[str]:
        """The name servers that namespaces and the machine itself ask; none where unknown."""
        return [*(self.names.servers if self.names else ()), *(self.resolvers or ())]

    @property
    def resolver(self) -> str:
        """The name server that is asked first; without any, glibc asks its own loopback."""
        return self.resolvers[0] if self.resolvers else "127.0.0.1"

    @property
    def has_ipv6(self) -> bool:
        """Whether the kernel has IPv6, even if it is disabled."""
        return self.known("sysctls").get("net.ipv6.conf.all.disable_ipv6") is not None

    def bridged(self, uplink: str) -> Network | None:
        """The network of ours that has bridged this uplink, or None."""
        networks: list[Network] = self.known("networks")
        found = (one for one in networks if one.topology.bridge and one.topology.uplink == uplink)
        return next(found, None)

    def on_bridge(self, bridge: str, mode: str = "") -> list[Network]:
        """The networks of ours on this bridge and of this mode; "" stands for any."""
        return [
            network
            for network in self.known("networks")
            if bridge in ("", network.topology.bridge) and mode in ("", network.mode)
        ]

    def shared(self, share: str) -> list[Step]:
        """The step of this share that a network of ours has run: none or one."""
        steps = [step for network in self.known("networks") for step in network.shares]
        return [step for step in steps if step.share == share][:1]

    def network(self, name: str) -> Network | None:
        """The network of ours of that name, or None."""
        return next((one for one in self.known("networks") if one.name == name), None)
