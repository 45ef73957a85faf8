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


@dataclass(frozen=True)
class Segment:
    """Cables that end in one LAN.

    Args:
        cables: the devices of the machine, in the kernel's order.
        subnets: what is on it; of a cable without Ethernet only the machine's own addresses.
        hops: who answers on it.
    """

    cables: tuple[Link, ...]
    subnets: frozenset[Subnet]
    hops: frozenset[Ip]

    @property
    def device(self) -> str:
        """What has its addresses at the router: a cable's end, or a bridge of several."""
        first = self.cables[0]
        return far_end(first) if len(self.cables) == 1 else f"seg{first.index}"


def lan(facts: Facts, devices: Iterable[Device]) -> Iterator[str]:
    """The lines for ``ip -batch`` that make the LAN."""
    made = {device.name: device for device in devices if device.cable}
    yield from OUTSIDE
    for segment in segments(facts, set(made)):
        device = segment.device
        if len(segment.cables) > 1:
            yield f"link add {device} type bridge"
            yield from (f"link set {far_end(link)} master {device}" for link in segment.cables)
            yield f"link set {device} promisc on"  # it takes frames for any MAC, as ``aside`` says
            yield f"link set {device} up"
        for link in segment.cables:
            if not link.is_ethernet:
                yield f"link set {far_end(link)} arp off"
            if made[link.name].carrier:
                yield f"link set {far_end(link)} up"
        yield from _addresses(segment, device)


def _addresses(segment: Segment, device: str) -> Iterator[str]:
    for hop in sorted(segment.hops, key=str):
        length = 64 if hop.version == 6 and hop.is_link_local else hop.max_prefixlen
        nodad = " nodad" if hop.version == 6 else ""
        yield f"addr add {hop}/{length} dev {device}{nodad}"
    for subnet in sorted(segment.subnets, key=str):
        table = " table local" if subnet.version == 4 else ""
        yield f"route add {subnet} dev {device}{table}"


def segments(facts: Facts, cables: set[str]) -> list[Segment]:
    """The LANs: cables that share a subnet, or a device, are in one.

    Of a bridge's ports only the first is, for two would make a loop.
    """
    found: list[Segment] = []
    for link in facts.known("links"):
        if link.name in cables:
            new = Segment((link,), frozenset(_subnets(link, facts)), frozenset(_hops(link, facts)))
            new = Segment((link,), frozenset(), frozenset()) if _loops(link, found, facts) else new
            same = [one for one in found if _meet(one, new)]
            found = [one for one in found if one not in same] + [_joined([*same, new])]
    return found


def _loops(link: Link, found: list[Segment], facts: Facts) -> bool:
    master = facts.link(link.master)
    ports = {one.master for segment in found for one in segment.cables if segment.subnets}
    return master is not None and master.kind == "bridge" and link.master in ports


def _meet(one: Segment, other: Segment) -> bool:
    return not one.subnets.isdisjoint(other.subnets)


def _joined(parts: list[Segment]) -> Segment:
    return Segment(
        tuple(link for part in parts for link in part.cables),
        frozenset().union(*(part.subnets for part in parts)),
        frozenset().union(*(part.hops for part in parts)),
    )


def surfaces(link: Link, facts: Facts) -> list[Link]:
    """The devices that send by this one: itself, its masters, and those on any of these."""
    links: list[Link] = facts.known("links")
    found, names = [link], {link.name}
    for one in found:  # grows meanwhile
        near = (up for up in links if up.name == one.master or (up.below == one.name and _on(up)))
        for each in near:
            if each.name not in names:
                names.add(each.name)
                found.append(each)
    return found


def _on(link: Link) -> bool:
    return link.kind in CHILDREN


def _subnets(link: Link, facts: Facts) -> Iterator[Subnet]:
    above = surfaces(link, facts)
    for address in (one for each in above for one in each.addresses):
        whole = ip_network(f"{address.ip}/{address.ip.max_prefixlen}")
        if address.ip.is_link_local and address.is_6:
            continue
        yield _subnet(address.ip, address.prefixlen) if link.is_ethernet else whole
        if address.peer:
            yield whole
    if link.is_ethernet:
        names = {each.name for each in above}
        for route in (*facts.known("routes"), *facts.known("routes6")):
            if route.dev in names and _is_on_link(route.to, route.gateway, route.type):
                yield route.to


def _subnet(ip: Ip, length: int) -> Subnet:
    return ip_network(f"{ip}/{length}", strict=False)


def _is_on_link(to: Subnet, gateway: Ip | None, kind: str) -> bool:
    """Whether a route is to a subnet of the LAN itself."""
    local = to.is_link_local and to.version == 6
    return gateway is None and kind == "unicast" and to.prefixlen > 1 and not local


def _hops(link: Link, facts: Facts) -> Iterator[Ip]:
    """Who answers: gateways, neighbours that are known by hand, and name servers of its subnets."""
    names = {each.name for each in surfaces(link, facts)}
    own = {address.ip for each in facts.known("links") for address in each.addresses}
    for hop, device in (*_next_hops(facts), *_neighbours(facts)):
        if device in names and hop not in own:
            yield hop
    subnets = [one for one in _subnets(link, facts) if one.prefixlen < one.max_prefixlen]
    servers = [*(facts.names.servers if facts.names else ()), *(facts.resolvers or ())]
    for server in (values.ip(one.partition("%")[0]) for one in servers):
        if any(server in subnet for subnet in subnets) and server not in own:
            yield server


def _next_hops(facts: Facts) -> Iterator[tuple[Ip, str]]:
    if facts.table:
        for entry in ("routes text", "routes6 text", "nexthops"):
            for hop, device in NEXT_HOP.findall(facts.table.output(entry) or ""):
                yield values.ip(hop), values.device(device)


def _neighbours(facts: Facts) -> Iterator[tuple[Ip, str]]:
    for one in facts.neighbours or ():
        if not one.proxy:
            yield one.ip, one.dev


def aside(facts: Facts, devices: Iterable[Device]) -> Iterator[str]:
    """The devices that must also take frames for a MAC that is nobody's there.

    A neighbour that was entered by hand has such a MAC.
    """
    by_hand = {one.ip for one in facts.neighbours or () if not one.proxy}
    for segment in segments(facts, {device.name for device in devices if device.cable}):
        if not by_hand.isdisjoint(segment.hops):
            yield segment.device
            yield from (far_end(link) for link in segment.cables if len(segment.cables) > 1)
