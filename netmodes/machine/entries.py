"""Devices, addresses, neighbours and routes, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, ip_interface

from netmodes.machine.values import Ip, Subnet

#: A lifetime without end, in seconds.
FOREVER = 4294967295

#: What an address can be beside its numbers.
MARKS = (
    *("nodad", "noprefixroute", "home", "mngtmpaddr", "autojoin"),
    *("temporary", "deprecated", "dynamic", "secondary"),
)

#: What a route may have, each with its word in ``ip route``, in the order of the words.
ROUTE_WORDS = {
    "gateway": "via",
    "dev": "dev",
    "table": "table",
    "protocol": "proto",
    "scope": "scope",
    "prefsrc": "src",
    "metric": "metric",
    "pref": "pref",
}

#: The longest prefix of a part of a default route, as VPNs have it instead of one: halves, or all
#: but the private subnets, of which 10.0.0.0/8 is the largest.
PART = 7


@dataclass(frozen=True)
class Address:
    """An address of a device.

    Args:
        ip: the address.
        prefixlen: its prefix length; with a peer the peer's.
        scope: global, link, host, or another.
        peer: the address at the other end; None for none.
        broadcast: its broadcast address; None for none.
        label: its label; "" for none.
        metric: that of its subnet's route; None for the kernel's own.
        valid: seconds that it has left; FOREVER for one without an end.
        preferred: seconds that it has left for new connections; 0 if it is deprecated.
        marks: those of ``MARKS`` that it has.
    """

    ip: Ip
    prefixlen: int
    scope: str = "global"
    peer: Ip | None = None
    broadcast: Ip | None = None
    label: str = ""
    metric: int | None = None
    valid: int = FOREVER
    preferred: int = FOREVER
    marks: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """In CIDR, as ``ip addr`` writes it."""
        peer = f" peer {self.peer}" if self.peer else ""
        return f"{self.ip}{peer}/{self.prefixlen}"

    @property
    def is_6(self) -> bool:
        """Whether it is IPv6's."""
        return self.ip.version == 6

    @property
    def interface(self) -> IPv4Interface | IPv6Interface:
        """The address with its subnet."""
        return ip_interface(f"{self.ip}/{self.prefixlen}")

    @property
    def is_advertised(self) -> bool:
        """Whether the kernel or a daemon made it from a router advertisement."""
        return not self.marks.isdisjoint(("mngtmpaddr", "temporary"))


@dataclass(frozen=True)
class Link:
    """A network device.

    Args:
        name: its name.
        index: its ifindex; 0 if unknown.
        kind: of a virtual device: veth, bridge, …; "" for a real one.
        type: "ether", "loopback", "none", …; "" if unknown.
        mac: its link-layer address; "" for none.
        mtu: its MTU.
        flags: UP, NO-CARRIER, LOOPBACK, …
        operstate: UP, DOWN, …; "" if unknown.
        master: the device that it is enslaved to; "" for none.
        below: the device that it is on, or the peer of a veth here; "" for none here.
        below_index: the ifindex of that device, perhaps in another namespace; 0 for none.
        vlan: a VLAN's number; None for another kind.
        bond_mode: a bond's mode; "" for another kind.
        addresses: its addresses, in the kernel's order.
        altnames: its other names.
        bridging: what is unusual about it as a bridge's port, as ``bridge -d link`` prints it:
            "isolated on", …
    """

    name: str
    index: int = 0
    kind: str = ""
    type: str = ""
    mac: str = ""
    mtu: int = 1500
    flags: frozenset[str] = frozenset()
    operstate: str = ""
    master: str = ""
    below: str = ""
    below_index: int = 0
    vlan: int | None = None
    bond_mode: str = ""
    addresses: tuple[Address, ...] = ()
    altnames: tuple[str, ...] = ()
    bridging: tuple[str, ...] = ()

    @cached_property
    def ipv4(self) -> list[IPv4Interface]:
        """Its global IPv4 addresses, in the kernel's order."""
        found = (one.interface for one in self.addresses if one.scope == "global")
        return [one for one in found if isinstance(one, IPv4Interface)]

    @property
    def is_up(self) -> bool:
        """Whether it is switched on."""
        return "UP" in self.flags

    @property
    def is_ethernet(self) -> bool:
        """Whether its frames are Ethernet's, as far as is known."""
        return self.type in ("", "ether")

    @property
    def has_no_carrier(self) -> bool:
        """Whether nothing is at its other end."""
        return "NO-CARRIER" in self.flags


@dataclass(frozen=True)
class Neighbour:
    """A neighbour that somebody entered by hand: permanent, or one that a device answers for.

    Args:
        ip: its address.
        dev: the device that leads to it, or answers for it.
        mac: its link-layer address; "" for none, as of one that is answered for.
        proxy: whether the device answers for it.
        router: whether it is a router.
        extern: whether a daemon has learned it.
        protocol: as ``ip neigh`` prints it; "" for none.
    """

    ip: Ip
    dev: str
    mac: str = ""
    proxy: bool = False
    router: bool = False
    extern: bool = False
    protocol: str = ""


@dataclass(frozen=True)
class Route:
    """A route.

    Args:
        to: the subnet that it leads to; of length 0 for a default route.
        dev: the device that it leads out by; "" for none, or several.
        gateway: the next hop; None for none.
        table: the table's name or number.
        type: unicast, local, broadcast, unreachable, …
        protocol, scope, pref: as ``ip route`` prints them; "" for none.
        prefsrc: the source address that it prefers; None for none.
        metric: its metric; None for none.
        flags: onlink, linkdown, …
        metrics: mtu, initcwnd, … with their numbers.
        expires: seconds that it has left; None for one without an end.
        hops: the devices of a route with several next hops.
        others: whatever else ``ip`` prints of it, by name.
        locked: those of its metrics that hold whatever the way says; JSON does not tell.
    """

    to: Subnet
    dev: str = ""
    gateway: Ip | None = None
    table: str = "main"
    type: str = "unicast"
    protocol: str = ""
    scope: str = ""
    prefsrc: Ip | None = None
    metric: int | None = None
    pref: str = ""
    flags: tuple[str, ...] = ()
    metrics: tuple[tuple[str, int], ...] = ()
    expires: int | None = None
    hops: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    @property
    def is_6(self) -> bool:
        """Whether it is IPv6's."""
        return self.to.version == 6

    @property
    def is_default(self) -> bool:
        """Whether it leads to everything."""
        return self.to.prefixlen == 0

    @property
    def is_link_local(self) -> bool:
        """Whether it leads to IPv6's link-local addresses, which every device has."""
        return self.is_6 and self.to.is_link_local

    @property
    def is_advertised(self) -> bool:
        """Whether it is from a router advertisement, or ends."""
        return self.expires is not None or self.protocol == "ra"

    @property
    def dst(self) -> str:
        """Where it leads to, as ``ip route`` writes it."""
        if self.is_default:
            return "default"
        whole = self.to.prefixlen == self.to.max_prefixlen
        return str(self.to.network_address if whole else self.to)

    @property
    def subnet(self) -> IPv4Network | None:
        """The IPv4 subnet that it leads to; None for a default route, broadcast or multicast.

        A VPN may have a default route in two halves, 0.0.0.0/1 and 128.0.0.0/1.
        """
        if not isinstance(self.to, IPv4Network) or self.type in ("broadcast", "multicast"):
            return None
        return self.to if self.to.prefixlen > PART else None

    @property
    def key(self) -> tuple[Subnet, str, int]:
        """What routes have in common of which the kernel takes the first."""
        return self.to, self.table, self.metric or 0

    def through(self, device: str) -> Route:
        """The same route by another device."""
        return replace(self, dev=device)

    def words(self, *keys: str) -> str:
        """The route as ``ip route`` takes it, with those of these words that it has."""
        has = {key: getattr(self, key) for key in keys or ("gateway", "dev", "metric")}
        has |= {"table": ""} if self.table == "main" else {}
        named = (f"{ROUTE_WORDS[key]} {has[key]}" for key in has if has[key] not in ("", None))
        return " ".join([self.dst, *named])

    def is_told_by(self, line: str) -> bool:
        """Whether a line of ``ip -d route`` is this route's."""
        has = {"via": self.gateway, "dev": self.dev, "table": self.table, "metric": self.metric}
        words = [f" {word} {has[word]} " for word in has if has[word] not in ("", None)]
        whole = f"{line} "
        return whole.startswith(f"{self.type} {self.dst} ") and all(one in whole for one in words)
