"""The LAN behind a copy's cables: every next hop answers, and so does all that is outside.

An address outside is any that no subnet there has; one in a subnet that is no next hop is silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from netmodes.lab.kinds import Device, far_end
from netmodes.machine import values
from netmodes.machine.entries import Link
from netmodes.machine.facts import CHILDREN, Facts
from netmodes.machine.values import Ip, Subnet

NEXT_HOP = re.compile(r"\bvia (?:inet6? )?(\S+) dev (\S+)")

#: What answers for all that is outside (AnyIP); IPv6 takes a table of its own, for the kernel would
#: swallow the answers to it (docs/kernel.md#copies).
OUTSIDE = ("link set lo up", "route add local 0.0.0.0/0 dev lo table local")
OUTSIDE_6 = ("route add local ::/0 dev lo table 999", "rule add pref 40000 lookup 999")


#: The MTU of a new cable.
USUAL_MTU = 1500


@dataclass(frozen=True)
class Segment:
    """Cables that end in one LAN.

    Args:
        cables: the devices of the machine, in the kernel's order.
        subnets: what is on it; of a cable without Ethernet only the machine's own addresses.
        hops: who answers on it.
    """

    cables: tuple[Link, ...]
    subnets: frozenset[Subnet] = frozenset()
    hops: frozenset[Ip] = frozenset()

    @property
    def device(self) -> str:
        """What has its addresses at the router: a cable's end, or a bridge of several."""
        first = self.cables[0]
        return far_end(first) if len(self.cables) == 1 else f"seg{first.index}"


def lan(segments: Iterable[Segment], machine: Machine, made: Iterable[Device]) -> Iterator[str]:
    """The lines for ``ip -batch`` that make the LAN; VLANs when what they are on is there."""
    carriers = {device.name: device.carrier for device in made if device.cable}
    yield from OUTSIDE
    where = {link.name: segment.device for segment in segments for link in segment.cables}
    for segment in sorted(segments, key=lambda one: any(map(_is_vlan, one.cables))):
        for link in segment.cables:
            yield from _end(link, segments, machine, carriers)
        if len(segment.cables) > 1:
            yield f"link add {segment.device} type bridge"
            for link in segment.cables:
                yield f"link set {far_end(link)} master {segment.device}"
            yield f"link set {segment.device} promisc on"  # it takes frames as ``aside`` says
            yield f"link set {segment.device} up"
        yield from _addresses(segment)
    for source, devices in machine.sources.items():
        ends = dict.fromkeys(where[one] for one in devices if one in where)
        hops = "".join(f" nexthop dev {end}" for end in ends)
        yield from [f"route add {source} table local{hops}"] * bool(ends)


def _end(
    link: Link, segments: Iterable[Segment], machine: Machine, carriers: dict[str, bool]
) -> Iterator[str]:
    """A cable's end, or the VLAN's that its frames are in."""
    end = far_end(link)
    if link.name not in carriers:
        below = machine.by_name.get(link.below)
        on = [one for one in segments for each in one.cables if below in machine.surfaces(each)]
        yield from (f"link add link {one.device} name {end} type vlan id {link.vlan}" for one in on)
    if link.mtu > USUAL_MTU:
        yield f"link set {end} mtu {link.mtu}"
    if not link.is_ethernet:
        yield f"link set {end} arp off"
    if carriers.get(link.name, True):
        yield f"link set {end} up"


def _is_vlan(link: Link) -> bool:
    return link.kind == "vlan"


def _addresses(segment: Segment) -> Iterator[str]:
    for hop in sorted(segment.hops, key=str):
        length = 64 if hop.version == 6 and hop.is_link_local else hop.max_prefixlen
        nodad = " nodad" if hop.version == 6 else ""
        yield f"addr add {hop}/{length} dev {segment.device}{nodad}"
    for subnet in sorted(segment.subnets, key=str):
        table = " table local" if subnet.version == 4 else ""
        yield f"route add {subnet} dev {segment.device}{table}"


def segments_of(machine: Machine, made: Iterable[Device]) -> list[Segment]:
    """The LANs: cables that share a subnet are in one, and a VLAN is one.

    Of a bridge's ports only the first is, for two would make a loop.
    """
    made, found = [*made], list[Segment]()
    cables = {one.name for one in made if one.cable}
    for link in machine.by_name.values():
        if link.name in cables or (_is_vlan(link) and link.name in {one.name for one in made}):
            new = Segment((link,))
            if not _loops(link, found, machine):
                new = Segment((link,), machine.subnets(link), machine.hops(link))
            same = [one for one in found if not one.subnets.isdisjoint(new.subnets)]
            found = [one for one in found if one not in same] + [_joined([*same, new])]
    return found


def _loops(link: Link, found: list[Segment], machine: Machine) -> bool:
    master = machine.by_name.get(link.master)
    ports = {one.master for segment in found for one in segment.cables if segment.subnets}
    return master is not None and master.kind == "bridge" and link.master in ports


def _joined(parts: list[Segment]) -> Segment:
    return Segment(
        tuple(link for part in parts for link in part.cables),
        frozenset().union(*(part.subnets for part in parts)),
        frozenset().union(*(part.hops for part in parts)),
    )


class Machine:
    """The machine of these facts: what is on the LAN of each of its devices."""

    def __init__(self, facts: Facts) -> None:
        self.by_name: dict[str, Link] = {link.name: link for link in facts.known("links")}
        self.own = {one.ip for link in self.by_name.values() for one in link.addresses}
        self.routed: dict[str, set[Subnet]] = {}
        on_lo = {one.ip for one in self.by_name["lo"].addresses} if "lo" in self.by_name else set()
        self.sources: dict[Ip, list[str]] = {}
        for route in facts.every_route():
            if _is_on_link(route.to, route.gateway, route.type):
                self.routed.setdefault(route.dev, set()).add(route.to)
            if route.prefsrc in on_lo:  # what it sends is answered
                self.sources.setdefault(route.prefsrc, []).extend((route.dev, *route.hops))
        self.next: dict[str, set[Ip]] = {}
        for hop, device in (*_next_hops(facts), *_neighbours(facts)):
            self.next.setdefault(device, set()).add(hop)
        self.servers = {values.ip(one.partition("%")[0]) for one in facts.name_servers()}

    def surfaces(self, link: Link) -> list[Link]:
        """The devices that send by this one as it does: itself, its masters, macvlans on these."""
        found = [link]
        for one in found:  # grows meanwhile
            for up in self.by_name.values():
                on_it = up.below == one.name and up.kind in CHILDREN and not _is_vlan(up)
                if (up.name == one.master or on_it) and up not in found:
                    found.append(up)
        return found

    def subnets(self, link: Link) -> frozenset[Subnet]:
        """What is on its LAN."""
        found = set[Subnet]()
        for each in self.surfaces(link):
            for one in each.addresses:
                if not (one.is_6 and one.ip.is_link_local):
                    whole = one.peer is not None or not link.is_ethernet
                    length = one.ip.max_prefixlen if whole else one.prefixlen
                    found.add(ip_network(f"{one.ip}/{length}", strict=False))
            found |= self.routed.get(each.name, set()) if link.is_ethernet else set()
        return frozenset(found)

    def hops(self, link: Link) -> frozenset[Ip]:
        """Who answers there: gateways, static neighbours, and name servers of its subnets."""
        found = set[Ip]().union(*(self.next.get(one.name, ()) for one in self.surfaces(link)))
        lans = [one for one in self.subnets(link) if one.prefixlen < one.max_prefixlen]
        found |= {one for one in self.servers if any(one in subnet for subnet in lans)}
        return frozenset(found - self.own)


def _is_on_link(to: Subnet, gateway: Ip | None, kind: str) -> bool:
    """Whether a route is to a subnet of the LAN itself."""
    local = to.is_link_local and to.version == 6
    return gateway is None and kind == "unicast" and to.prefixlen > 1 and not local


def _next_hops(facts: Facts) -> Iterator[tuple[Ip, str]]:
    if facts.table:
        for entry in ("routes text", "routes6 text", "nexthops"):
            for hop, device in NEXT_HOP.findall(facts.table.output(entry) or ""):
                yield values.ip(hop), values.device(device)


def _neighbours(facts: Facts) -> Iterator[tuple[Ip, str]]:
    for one in facts.neighbours or ():
        if not one.proxy:
            yield one.ip, one.dev


def aside(segments: Iterable[Segment], facts: Facts) -> Iterator[str]:
    """The devices that must also take frames for a MAC that is nobody's there.

    A neighbour that was entered by hand has such a MAC.
    """
    by_hand = {ip for ip, _ in _neighbours(facts)}
    for segment in segments:
        if not by_hand.isdisjoint(segment.hops):
            yield segment.device
            yield from (far_end(link) for link in segment.cables if len(segment.cables) > 1)
