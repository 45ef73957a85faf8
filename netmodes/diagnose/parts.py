"""What a network of ours stands on, part by part: what is wrong with each, and what puts it right.

``show`` asks for all of them, ``why`` for those on a packet's way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface

from netmodes.commands.addresses import bare
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network, Topology


@dataclass(frozen=True)
class Parts:
    """A network of ours, as it should be and as it is.

    Args:
        network: the network.
        host: the host's facts.
        inside: the namespace's.
    """

    network: Network
    host: Facts
    inside: Facts

    @property
    def name(self) -> str:
        """The namespace's name."""
        return self.network.name

    @property
    def net(self) -> Topology:
        """Its devices and addresses, as they should be."""
        return self.network.topology

    @property
    def again(self) -> str:
        """What to do where no single command puts it right."""
        return f"`netmodes down {self.name}`, then put it up again"

    def within(self, command: str) -> str:
        """The command as run in the namespace."""
        return f"ip netns exec {self.name} {command}"

    def on_host(self) -> Iterator[Finding]:
        """All that is wrong on the host's side; without its namespace nothing else matters."""
        if self.name not in (self.host.namespaces or [self.name]):
            what = f"there is no namespace {self.name}"
            yield Finding("error", what, "ip netns", advice=self.again, about=self.name)
            return
        net = self.net
        ports = [port for port in (net.host_device, net.uplink) if net.bridge and port]
        yield from filter(None, map(self.device, net.host_devices))
        yield from filter(None, map(self.plug, ports))
        yield from filter(None, (self.carrier(net.uplink), self.outer_address(), self.forwarding()))

    def in_namespace(self) -> Iterator[Finding]:
        """All that is wrong in the namespace."""
        yield from filter(None, map(self.inner_device, (self.net.device, "lo")))
        yield from filter(None, (self.inner_address(), self.default_route()))

    def device(self, name: str) -> Finding | None:
        """A device of the host: there and up."""
        link = self.host.link(name)
        if link is None:
            what = f"there is no {name} on the host"
            return Finding("error", what, "ip link", advice=self.again, about=name)
        if "UP" in link.get("flags", []):
            return None
        evidence, fix = f"ip addr show dev {name}", f"ip link set {name} up"
        return Finding("error", f"{name} is down", evidence, fix=fix, about=name)

    def carrier(self, name: str) -> Finding | None:
        """A device of the host: plugged in."""
        if "NO-CARRIER" not in (self.host.link(name) or {}).get("flags", []):
            return None
        what, evidence = f"{name} has no carrier", f"ip link show dev {name}"
        advice = "plug its cable in, or see to its other end"
        return Finding("error", what, evidence, advice=advice, about=name)

    def plug(self, port: str) -> Finding | None:
        """A port of the bridge."""
        bridge, link = self.net.bridge, self.host.link(port)
        if link is None or link.get("master") == bridge:
            return None
        what, evidence = f"{port} is not a port of {bridge}", f"ip link show dev {port}"
        return Finding("error", what, evidence, about=port, **self._plugged(port))

    def _plugged(self, port: str) -> dict[str, str]:
        """What makes it a port, and takes off the addresses that the bridge has in its place."""
        bridge, addresses = self.net.bridge, self.host.addresses(port)
        if not set(addresses) <= set(self.host.addresses(bridge)):
            return {"advice": self.again}
        taken = [f"ip addr del {address} dev {port}" for address in addresses]
        return {"fix": " && ".join([f"ip link set {port} master {bridge}", *taken])}

    def outer_address(self) -> Finding | None:
        """The host's address, on the bridge or at its end of the cable."""
        wanted, link = self.net.host_address, self.host.link(self.net.ingress)
        infos = (link or {}).get("addr_info", [])
        if not wanted or link is None or any(info["local"] == bare(wanted) for info in infos):
            return None
        what, evidence = (
            f"{self.net.ingress} has no address {wanted}",
            f"ip addr show dev {self.net.ingress}",
        )
        fix = f"ip addr add {wanted} dev {self.net.ingress}"
        return Finding("error", what, evidence, fix=fix, about=self.net.ingress)

    def forwarding(self, *devices: str) -> Finding | None:
        """What the host passes on comes in by these devices; it is their own setting that counts.

        Without any, those of the namespace's gateway, where that is the host.
        """
        through = self.net.ingress if self.net.gateway == bare(self.net.host_address) else ""
        sysctls = self.host.sysctls or {}
        on = self.host.with_ip_forward
        for device in devices or filter(None, [through]):
            if on is None or f"net/ipv4/conf/{device}/forwarding" in on:
                continue
            key = "ip_forward"
            if sysctls.get("net.ipv4.ip_forward") == "1":
                key = f"conf.{device.replace('.', '/')}.forwarding"
            what = f"the host passes nothing on (net.ipv4.{key} is 0)"
            evidence, fix = f"sysctl net.ipv4.{key}", f"sysctl -w net.ipv4.{key}=1"
            return Finding("error", what, evidence, fix=fix, about=device)
        return None

    def inner_device(self, name: str) -> Finding | None:
        """A device of the namespace: there and up."""
        link = self.inside.link(name)
        if link is None:
            what = f"there is no {name} in {self.name}"
            return self.found("error", what, "ip link", advice=self.again, about=name)
        if "UP" in link.get("flags", []):
            return None
        what, fix = f"{name} is down in {self.name}", f"ip link set {name} up"
        return self.found("error", what, f"ip addr show dev {name}", fix=fix, about=name)

    def inner_address(self) -> Finding | None:
        """The namespace's address."""
        device, address = self.net.device, self.net.address
        if self.inside.link(device) is None:
            return None
        if IPv4Interface(address) in self.inside.addresses(device):
            return None
        what = f"{device} has no address {address} in {self.name}"
        fix = f"ip addr add {address} dev {device}"
        return self.found("error", what, f"ip addr show dev {device}", fix=fix, about=device)

    def default_route(self) -> Finding | None:
        """The namespace's default route, where its mode has one."""
        if not self.net.gateway or self.inside.default_routes():
            return None
        what, fix = (
            f"{self.name} has no default route",
            f"ip route add default via {self.net.gateway}",
        )
        return self.found("error", what, "ip route", fix=fix, about=self.name)

    def found(
        self,
        level: str,
        what: str,
        evidence: str,
        *,
        fix: str = "",
        advice: str = "",
        about: str = "",
    ) -> Finding:
        """A finding in the namespace, where its commands run."""
        return Finding(
            level,
            what,
            self.within(evidence),
            fix=fix and self.within(fix),
            advice=advice,
            about=about,
            namespace=self.name,
        )
