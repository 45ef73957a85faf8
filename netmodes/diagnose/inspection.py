"""What is not as planned about a network of ours, on the host and in its namespace.

``show`` asks about everything, ``why`` about what is on a packet's way.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Interface
from shlex import join, quote

from netmodes.commands.addresses import bare
from netmodes.commands.forwarding import off
from netmodes.diagnose.rules import gone
from netmodes.errors import Refused
from netmodes.journal import BEFORE, ROOT, Journal
from netmodes.machine.entries import Link, Route
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network, Topology
from netmodes.plan.text import lines_of


def of_network(name: str, host: Facts, namespace: Facts | None = None) -> Iterator[Finding]:
    """What is not as planned about the network of this namespace; nothing if it is not ours."""
    network = host.network(name)
    if network is None:
        return
    if network.state == "unreadable":
        what, evidence = f"the journal of {name} cannot be read", f"ls -l {ROOT}/{name}"
        yield Finding("error", what, evidence, fix=f"bash {ROOT}/{name}/down.sh", about=name)
        return
    if network.state == "at work":
        what, advice = f"a run is at work on {name}", "wait until it is done"
        yield Finding("warning", what, "netmodes list", advice=advice, about=name)
        return
    inspection = Inspection(network, host, namespace or Facts())
    yield from inspection.host_findings()
    if namespace is not None:
        yield from inspection.namespace_findings()


#: What a route is given again with.
WORDS = ("gateway", "dev", "protocol", "scope", "prefsrc", "metric")


@dataclass(frozen=True)
class Inspection:
    """A network of ours and the facts; each method looks for one thing that is wrong."""

    network: Network
    host: Facts
    namespace: Facts

    @property
    def name(self) -> str:
        """The namespace's name."""
        return self.network.name

    @property
    def net(self) -> Topology:
        """The devices and addresses as planned."""
        return self.network.topology

    @property
    def again(self) -> str:
        """What to do where no single command helps."""
        return f"`netmodes down {self.name}`, then put it up again"

    @cached_property
    def before(self) -> list[Route]:
        """The host's routes before the run that put it up; none where they are unknown."""
        with suppress(OSError, Refused):
            text = (Journal(self.name).folder / BEFORE).read_text()
            return [*Facts.from_json(text).known("routes")]
        return []

    def host_findings(self) -> Iterator[Finding]:
        """Everything that is wrong on the host; without its namespace nothing else matters."""
        if self.host.namespaces is not None and self.name not in self.host.namespaces:
            what = f"there is no namespace {self.name}"
            yield Finding("error", what, "ip netns", advice=self.again, about=self.name)
            return
        net = self.net
        ports = [port for port in (net.host_device, net.uplink) if net.bridge and port]
        forwards = net.ingress if net.gateway == bare(net.host_address) else ""
        found = [
            *map(self.host_device, net.host_devices),
            *map(self.bridge_port, ports),
            self.carrier(net.uplink),
            self.host_address(),
            self.forwarding(forwards),
        ]
        yield from filter(None, found)

    def namespace_findings(self) -> Iterator[Finding]:
        """Everything that is wrong in the namespace."""
        devices = map(self.namespace_device, (self.net.device, "lo"))
        yield from filter(None, (*devices, self.namespace_address(), self.default_route()))
        yield from self.other_names()

    def host_device(self, name: str) -> Finding | None:
        """A device of the host is missing or down."""
        link = self.host.link(name)
        if link is None:
            what = f"there is no {name} on the host"
            return Finding("error", what, "ip link", advice=self.again, about=name)
        if link.is_up:
            return None
        evidence = f"ip addr show dev {quote(name)}"
        fix = " && ".join([f"ip link set {quote(name)} up", *self.lost_routes(name)])
        return Finding("error", f"{name} is down", evidence, fix=fix, about=name)

    def lost_routes(self, device: str) -> Iterator[str]:
        """The commands that give the host its routes by a device again, as a run left them."""
        there = {route.dst for route in self.host.known("routes") if route.dev == device}
        line_of = re.compile(rf"route \w+ (\S+) .*dev {re.escape(device)} .*")
        for run in filter(None, (Journal(one.name).read() for one in self.host.on_bridge(device))):
            lines = [line for step in run.plan.steps for line in lines_of(step.stdin or "")]
            found = filter(None, map(line_of.fullmatch, lines))
            yield from (
                f"ip {one[0]}" for one in found if one[1] not in there and ":" not in one[1]
            )
        if not (self.host.link(device) or Link("")).master:
            own = [one for one in self.before if (one.dev, one.table) == (device, "main")]
            lost = sorted(own, key=lambda one: one.gateway is not None)
            yield from (
                f"ip route replace {one.words(*WORDS)}" for one in lost if one.dst not in there
            )

    def rules(self, *shares: str) -> Iterator[Finding]:
        """Rules that a run made for it, all or of these shares, and that somebody has deleted."""
        run = Journal(self.network.journal).read()
        steps = run.plan.all_steps if run else ()
        wanted = (step for step in steps if not shares or step.share.startswith(shares))
        return gone(wanted, self.host, self._anew())

    def _anew(self) -> str:
        """The commands that put all networks on its bridge down, and up again as they were."""
        every = self.host.on_bridge(self.net.bridge) if self.net.bridge else [self.network]
        down = join(("netmodes", "down", *(one.name for one in every)))
        return " && ".join([down, *map(_up, every)])

    def carrier(self, name: str) -> Finding | None:
        """A device of the host has no carrier."""
        if not (self.host.link(name) or Link("")).has_no_carrier:
            return None
        what, evidence = f"{name} has no carrier", f"ip link show dev {name}"
        advice = "plug its cable in, or see to its other end"
        return Finding("error", what, evidence, advice=advice, about=name)

    def bridge_port(self, port: str) -> Finding | None:
        """A device is not a port of the bridge."""
        bridge, link = self.net.bridge, self.host.link(port)
        if link is None or link.master == bridge:
            return None
        what, evidence = f"{port} is not a port of {bridge}", f"ip link show dev {port}"
        return Finding("error", what, evidence, about=port, **self._to_bridge(port))

    def _to_bridge(self, port: str) -> dict[str, str]:
        """The fix: it is a port again, without the addresses that the bridge has as well."""
        bridge, addresses = self.net.bridge, self.host.addresses(port)
        if not set(addresses) <= set(self.host.addresses(bridge)):
            return {"advice": self.again}
        deletions = [f"ip addr del {address} dev {port}" for address in addresses]
        return {"fix": " && ".join([f"ip link set {port} master {bridge}", *deletions])}

    def host_address(self) -> Finding | None:
        """The host's address is missing, on the bridge or on the host's end of the cable."""
        address, device = self.net.host_address, self.net.ingress
        link = self.host.link(device)
        if not address or link is None:
            return None
        if any(str(one.ip) == bare(address) for one in link.addresses):
            return None
        what, evidence = f"{device} has no address {address}", f"ip addr show dev {device}"
        fix = f"ip addr add {address} dev {device}"
        return Finding("error", what, evidence, fix=fix, about=device)

    def forwarding(self, *devices: str) -> Finding | None:
        """The host forwards nothing that comes in on one of these devices; "" is none."""
        found = (off(device, self.host) for device in filter(None, devices))
        return next(filter(None, found), None)

    def namespace_device(self, name: str) -> Finding | None:
        """A device of the namespace is missing or down."""
        link = self.namespace.link(name)
        if link is None:
            what = f"there is no {name} in {self.name}"
            return self.finding("error", what, "ip link", advice=self.again, about=name)
        if link.is_up:
            return None
        what, fix = f"{name} is down in {self.name}", f"ip link set {name} up"
        return self.finding("error", what, f"ip addr show dev {name}", fix=fix, about=name)

    def namespace_address(self) -> Finding | None:
        """The namespace's address is missing."""
        device, address = self.net.device, self.net.address
        if self.namespace.link(device) is None:
            return None
        if IPv4Interface(address) in self.namespace.addresses(device):
            return None
        what = f"{device} has no address {address} in {self.name}"
        evidence, fix = f"ip addr show dev {device}", f"ip addr add {address} dev {device}"
        return self.finding("error", what, evidence, fix=fix, about=device)

    def default_route(self) -> Finding | None:
        """The namespace's default route is missing; not every mode plans one."""
        if not self.net.gateway or self.namespace.default_routes():
            return None
        what, fix = f"{self.name} has no default route", f"default via {self.net.gateway}"
        return self.finding("error", what, "ip route", fix=f"ip route add {fix}", about=self.name)

    def other_names(self) -> Iterator[Finding]:
        """Processes that ask other name servers than the namespace's own file says."""
        for pid, whose in (self.namespace.past or {}).items():
            what = f"process {pid} in {self.name} reads {whose}, not {self.name}'s"
            evidence = f"nsenter --target {pid} --mount cat {whose.rpartition(' ')[2]}"
            advice = f"start it again, by `netmodes exec {self.name} -- CMD`"
            yield Finding(
                "warning", what, evidence, advice=advice, about=self.name, namespace=self.name
            )

    def finding(self, level: str, what: str, evidence: str, **more: str) -> Finding:
        """A finding whose evidence and fix run in the namespace."""
        place = f"ip netns exec {self.name}"
        if "fix" in more:
            more["fix"] = f"{place} {more['fix']}"
        return Finding(level, what, f"{place} {evidence}", namespace=self.name, **more)


def _up(network: Network) -> str:
    """The command that puts a network up as it was."""
    given = {key.replace("_", "-"): value for key, value in network.parameters.items() if value}
    return join(("netmodes", network.mode, *(f"--{key}={value}" for key, value in given.items())))
