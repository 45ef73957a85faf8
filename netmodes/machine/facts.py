"""The facts: a snapshot of a machine, to JSON and from it.

Modes are pure functions of facts, so a plan can be rendered here for a machine elsewhere
(``netmodes facts`` there, ``--facts FILE`` here).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from ipaddress import IPv4Interface, IPv4Network, ip_address
from typing import Any

from netmodes.errors import Refused
from netmodes.machine.entries import Json, destination, is_advertised, kind
from netmodes.plan.network import Network, network_from
from netmodes.plan.step import Step

#: Kinds of device that need another device below them, which then cannot become a bridge's port.
CHILDREN = ("macvlan", "macvtap", "ipvlan", "ipvtap", "vlan")


@dataclass(frozen=True)
class Facts:
    """The network of a host or namespace, as far as modes need it; None is unknown, never absent.

    Args:
        links: every device with its addresses, as ``ip -d -j addr show`` prints it.
        routes: the IPv4 routes of every table, as ``ip -4 -j route show table all`` prints them.
        routes6: the IPv6 routes.
        namespaces: the named network namespaces, as in /run/netns.
        sysctls: the settings that modes depend on, by name; None for one that does not exist.
        with_ip_forward: the settings that switching ip_forward on and off changes, by name.
        device_sysctls: for each device that could be an uplink, ``interface_sysctls``.
        networks: the networks that netmodes made.
        nft: the lines of ``nft list ruleset``; only root may read it.
        iptables: the lines of ``iptables -S``; only root may read it.
        rules: the lines of ``ip -4 rule show``.
        rules6: the lines of ``ip -6 rule show``.
        tc: the lines of ``tc filter show``, egress and ingress, by device.
        managers: the daemons and DHCP clients that configure a device, by device.
        names: how names are resolved, as ``netmodes.machine.resolv`` returns it.
        programs: those of ``nft`` and ``iptables`` that are installed, and that the kernel knows.
        nics: the "driver" and "wireless" mode of real devices, by device.
        resolvers: the addresses of the name servers in /etc/resolv.conf.
        ssh: the device of the SSH session that netmodes runs in; "" for none.
        peer: the address of that session's client; "" for none.
        missing: the programs that netmodes runs and that are not installed.
        kinds: whether a device of this kind can be made, by kind.
        fixed: the folders that modes write and that are on read-only mounts.
        privileges: "root", "sudo", "bounded" (root that may not change the network) or "none".
        user_namespaces: "why" a user may not make a user namespace, and the "setting" behind it.
    """

    links: list[Json] | None = None
    routes: list[Json] | None = None
    routes6: list[Json] | None = None
    namespaces: list[str] | None = None
    sysctls: dict[str, str | None] | None = None
    with_ip_forward: dict[str, str] | None = None
    device_sysctls: dict[str, dict[str, str]] | None = None
    networks: list[Network] | None = None
    nft: list[str] | None = None
    iptables: list[str] | None = None
    rules: list[str] | None = None
    rules6: list[str] | None = None
    tc: dict[str, list[str] | None] | None = None
    managers: dict[str, list[str]] | None = None
    names: Json | None = None
    programs: list[str] | None = None
    nics: dict[str, dict[str, str]] | None = None
    resolvers: list[str] | None = None
    ssh: str | None = None
    peer: str | None = None
    missing: list[str] | None = None
    kinds: dict[str, bool] | None = None
    fixed: list[str] | None = None
    privileges: str | None = None
    user_namespaces: dict[str, str] | None = None

    def to_json(self) -> str:
        """The facts as JSON text."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """Facts from the text of ``to_json``, which ``netmodes facts`` prints.

        Raises:
            Refused: the text is no JSON of facts.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise _no_facts(str(error)) from error
        if not isinstance(data, dict):
            raise _no_facts("no JSON object")
        data = _with_typed_sysctls(data)
        try:
            if data.get("networks") is not None:
                data["networks"] = list(map(network_from, data["networks"]))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise _no_facts(f"networks: {error!r}") from error
        return cls(**{field.name: data.get(field.name) for field in fields(cls)})

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

    def link(self, name: str) -> Json | None:
        """The device of that name, or None."""
        return next((link for link in self.known("links") if link["ifname"] == name), None)

    def nic(self, name: str) -> dict[str, str]:
        """What is known of a device's hardware: "driver" and "wireless"."""
        return (self.nics or {}).get(name, {})

    def children(self, name: str) -> list[str]:
        """The names of the devices that need this one below them, ours in namespaces too."""
        on_host = [
            link["ifname"]
            for link in self.known("links")
            if link.get("link") == name and kind(link) in CHILDREN
        ]
        nets = [network.topology for network in self.networks or ()]
        return on_host + [net.device for net in nets if net.uplink == name and not net.bridge]

    def addresses(self, name: str) -> list[IPv4Interface]:
        """The global IPv4 addresses of a device, in the kernel's order."""
        infos = (self.link(name) or {}).get("addr_info", [])
        return [
            IPv4Interface(f"{info['local']}/{info['prefixlen']}")
            for info in infos
            if info.get("family") == "inet" and info.get("scope") == "global"
        ]

    def ipv6_addresses(self, name: str) -> list[Json]:
        """The IPv6 addresses of a device, link-local ones too."""
        infos = (self.link(name) or {}).get("addr_info", [])
        return [info for info in infos if info.get("family") == "inet6"]

    def known_link(self, name: str) -> Json:
        """The device of that name.

        Raises:
            Refused: there is none.
        """
        link = self.link(name)
        if link is None:
            raise Refused(f"there is no device {name}: `ip link` shows all")
        return link

    def global_addresses(self, name: str) -> list[Json]:
        """A device's addresses of both families, without IPv6's link-local ones."""
        infos = self.known_link(name).get("addr_info", [])
        return [item for item in infos if item["family"] == "inet" or item["scope"] == "global"]

    def unicast_routes(self, name: str) -> list[Json]:
        """The unicast routes through a device, on-link ones first, without link-local ones."""
        routes = [
            route
            for route in [*self.known("routes"), *self.known("routes6")]
            if route.get("dev") == name
            and route.get("type", "unicast") == "unicast"
            and not route["dst"].startswith("fe80:")
        ]
        return sorted(routes, key=lambda route: "gateway" in route)

    def interface_sysctls(self, name: str) -> dict[str, str]:
        """A device's own settings that differ from a new device's, and its `ipv4.rp_filter`."""
        found: dict[str, str] = self.known("device_sysctls").get(name, {})
        return found

    def has_advertised(self, name: str) -> bool:
        """Whether a device has addresses from router advertisements."""
        return any(map(is_advertised, self.global_addresses(name)))

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
        """What already has addresses of this subnet, in words; None if it is free."""
        for route in self.known("routes"):
            if (other := destination(route)) is not None and other.overlaps(subnet):
                return f"the host's route to {route['dst']}"
        for network in self.known("networks"):
            if any(IPv4Network(other).overlaps(subnet) for other in network.topology.subnets):
                return f"namespace {network.name}"
        return next((whose for whose, ip in self._needed() if ip_address(ip) in subnet), None)

    def _needed(self) -> Iterator[tuple[str, str]]:
        """The addresses that the host must go on reaching, each after its owner."""
        servers = [*(self.names or {}).get("servers", ()), *(self.resolvers or ())]
        for server in servers:
            yield f"the name server {server}", server.partition("%")[0]
        if self.peer:
            yield f"your SSH session ({self.peer})", self.peer.partition("%")[0]

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


def _no_facts(reason: str) -> Refused:
    return Refused(f"these are not facts ({reason}): make them with `netmodes facts`")


def _with_typed_sysctls(data: Json) -> Json:
    """Move the settings that older facts have among ``sysctls`` to their own fields."""
    every = data.get("sysctls") or {}
    if "with ip_forward" not in every:
        return data
    plain = {name: every[name] for name in every if " " not in name}
    own = {name[len("conf ") :]: every[name] for name in every if name.startswith("conf ")}
    along = every["with ip_forward"]
    return {**data, "sysctls": plain, "with_ip_forward": along, "device_sysctls": own}
