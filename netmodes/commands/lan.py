"""The LAN of an uplink: its subnets, and which of its addresses are free."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import islice

from netmodes.commands import iproute
from netmodes.commands.addresses import bare, parse
from netmodes.errors import Refused
from netmodes.machine.entries import PART, Route
from netmodes.machine.facts import OUTSIDE, Facts
from netmodes.machine.values import Ip
from netmodes.plan.finding import Finding
from netmodes.plan.network import Topology
from netmodes.plan.step import Step

#: Who sends what leads outside, and where to, in the kernel's verdicts.
LEAVES = ("namespace", OUTSIDE)

#: A rule that gives packets an address of the host's, as nft lists it, or iptables.
TRANSLATES = re.compile("masquerade|snat", re.IGNORECASE)

#: The longest prefix of a subnet that has room for two hosts.
ROOM = 30


def subnets(device: str, facts: Facts) -> list[IPv4Network]:
    """The subnets of a device that have room for others, that of the default gateway first.

    No machine is to take a link-local address without asking all (RFC 3927), nor to route it.
    """
    every = (one.network for one in facts.addresses(device))
    found = dict.fromkeys(one for one in every if not one.is_link_local)
    firsts = [subnet for hop in _hops(facts, device) for subnet in found if hop in subnet]
    return [one for one in dict.fromkeys([*firsts, *found]) if one.prefixlen <= ROOM]


def _defaults(facts: Facts) -> list[Route]:
    """The default routes, the preferred one first."""
    return sorted(facts.default_routes(), key=lambda route: route.metric or 0)


def _hops(facts: Facts, *devices: str) -> list[Ip]:
    """The next hops of the default routes through these devices, the preferred one first."""
    return [one.gateway for one in _defaults(facts) if one.gateway and one.dev in devices]


def address(given: str, number: int, device: str, facts: Facts, other: str) -> str:
    """An address of a device's LAN, in CIDR.

    Args:
        given: the address to take, or "" for the first free one.
        number: the number of the host to count up from; after the last comes the first.
        device: the uplink, or its bridge.
        facts: the machine.
        other: an address of the same subnet that is taken as well, in CIDR, or "".

    Raises:
        Refused: the device has no subnet, the address is not of it or taken, or none is free.
    """
    found = _subnets(device, facts)
    if given:
        return _given(parse(given), device, found, facts)
    near = [IPv4Interface(other).network] if other else []
    subnet = next((one for one in found if one in near), found[0])
    for one in _free(subnet, number, device, facts):
        if str(one.ip) != bare(other):
            return str(one)
    raise Refused(f"{device}'s subnet {subnet} has no free host: use `netmodes nat`")


def _subnets(device: str, facts: Facts) -> list[IPv4Network]:
    """The subnets, of which there must be one."""
    if found := subnets(device, facts):
        return found
    own = [one for one in facts.known_link(device).addresses if not one.is_6]
    routed = next((one for one in own if not one.ip.is_link_local), None)
    another = f"give it {'another' if own else 'one'} first, or use `netmodes host-only`"
    advice = "use `netmodes nat`" if routed else another
    has = routed or (f"only {own[0]}, which is link-local" if own else "no IPv4 address")
    raise Refused(f"{device} has {has}, so there is no subnet to join: {advice}")


def _given(one: IPv4Interface, device: str, found: list[IPv4Network], facts: Facts) -> str:
    if one.network not in found:
        several = "s" * (len(found) > 1)
        raise Refused(f"{one} is outside {_names(found)}, the subnet{several} of {device}")
    if why := taken(one, device, facts):
        raise Refused(f"{one.ip} {why}: choose another of {one.network}")
    return str(one)


def _free(subnet: IPv4Network, number: int, device: str, facts: Facts) -> Iterator[IPv4Interface]:
    """The hosts of a subnet that are free, from this number on and then from the first."""
    owned = [where for where, _ in _owned(subnet, device, facts)]
    last = subnet.num_addresses - 2
    yield from _between(subnet, number, last, owned)
    yield from _between(subnet, 1, min(number - 1, last), owned)


def _between(
    subnet: IPv4Network, number: int, last: int, owned: list[IPv4Network]
) -> Iterator[IPv4Interface]:
    """Those of these numbers; what is taken whole is leapt."""
    while number <= last:
        one = subnet[number]
        if within := [int(where.broadcast_address) for where in owned if one in where]:
            number = max(within) - int(subnet.network_address)
        else:
            yield IPv4Interface((one, subnet.prefixlen))
        number += 1


def following(address: str, count: int, device: str, facts: Facts, used: list[str]) -> list[str]:
    """The free addresses that follow one in its subnet, in CIDR; after the last comes the first.

    Args:
        address: the address to count up from, in CIDR.
        count: how many there are to be.
        device: what leads to the subnet.
        facts: the machine.
        used: addresses that are not to be taken, in CIDR or without.

    Raises:
        Refused: the subnet has not so many.
    """
    first, taken = parse(address), {bare(address), *map(bare, used)}
    start = int(first.ip) - int(first.network.network_address) + 1
    free = (one for one in _free(first.network, start, device, facts) if str(one.ip) not in taken)
    found = [*map(str, islice(free, count))]
    if len(found) < count:
        raise Refused(
            f"{first.network} has no room for {count + 1} namespaces, but for {len(found) + 1}: "
            "name fewer, or take a wider subnet"
        )
    return found


def taken(one: IPv4Interface, device: str, facts: Facts) -> str:
    """Why an address is not free, as far as the machine knows; "" if it is."""
    owned = _owned(one.network, device, facts)
    return next((why for where, why in owned if one.ip in where), "")


def _owned(subnet: IPv4Network, device: str, facts: Facts) -> Iterator[tuple[IPv4Network, str]]:
    """What of a subnet is not free, and what it is already, in words after it."""
    for own in facts.every_address():
        yield IPv4Network(own.ip), "is the host's own address"
    for route in facts.known("routes"):
        if isinstance(route.gateway, IPv4Address):
            yield IPv4Network(route.gateway), "is the gateway's address"
    for network in facts.known("networks"):
        for ip in filter(
            None, map(bare, (network.topology.address, network.topology.host_address))
        ):
            yield IPv4Network(ip), f"is namespace {network.name}'s address"
    for neighbour in facts.neighbours or ():
        if isinstance(neighbour.ip, IPv4Address):
            of = "answered for by" if neighbour.proxy else "a static neighbour on"
            yield IPv4Network(neighbour.ip), f"is {of} {neighbour.dev}"
    for route in facts.known("routes"):
        if _leads_elsewhere(route, subnet, device):
            yield route.to, f"is not on the LAN for the host (`{route.words()}`)"


def _leads_elsewhere(route: Route, subnet: IPv4Network, device: str) -> bool:
    """Whether it is a route for a part of a subnet, other than straight out by this device."""
    is_here = (route.dev, route.type, route.gateway) == (device, "unicast", None)
    return route.to.prefixlen > subnet.prefixlen and not is_here


def several(net: Topology, facts: Facts) -> Iterator[Finding]:
    """The uplink has several subnets, of which a namespace joins one."""
    found, joins = subnets(net.uplink, facts), IPv4Interface(net.address).network
    if len(found) < 2:
        return
    leads = any(hop in joins for hop in _hops(facts, net.uplink))
    which = "the default gateway's" if leads else "in which is no default gateway"
    others = [one for one in found if one != joins]
    yield Finding(
        "warning",
        f"{net.uplink} has several subnets: the namespace joins {joins}, {which}",
        f"ip addr show dev {net.uplink}",
        advice=f"ignore this, or give an --address of {_names(others, 'or')}",
        about=net.uplink,
    )


def other_way(net: Topology, facts: Facts) -> Iterator[Finding]:
    """The host, which is the gateway, sends what is for the outside by another NIC's router."""
    own = IPv4Interface(net.address).network
    out = way_out(facts)
    if out in (net.uplink, "") or net.gateway != bare(net.host_address):
        return
    here = [one.network for one in facts.addresses(out)]
    if any(map(own.overlaps, here)) or any(hop in own for hop in _hops(facts, out)[:1]):
        return
    router = next((str(hop) for hop in _hops(facts, net.uplink) if hop in own), "IP")
    passes = _passes(facts)
    if passes:
        return
    yield Finding(
        "warning" if passes is None else "error",
        f"the host leads outside by {out}, where nobody may know {own}, the namespace's subnet",
        f"ip route get {OUTSIDE}",
        advice=f"`netmodes nat`, or `--gateway {router}` for a router of {net.uplink}'s LAN",
        about=net.uplink,
    )


def way_out(facts: Facts) -> str:
    """The device that the host leads outside by, as the kernel says if asked; "" for none."""
    outside = IPv4Address(OUTSIDE)
    routes = [one for one in facts.known("routes") if outside in one.to]
    if facts.exit is not None and all(one.to.prefixlen <= PART for one in routes):
        return facts.exit
    wide = [one for one in routes if one.to.prefixlen <= PART and one.table == "main"]
    best = sorted(wide, key=lambda route: (-route.to.prefixlen, route.metric or 0))
    return next((route.dev for route in best), "")


def _passes(facts: Facts) -> bool | None:
    """Whether what a namespace sends outside gets an answer; None where that is unknown."""
    asked = facts.verdicts.in_the_end if facts.verdicts else {}
    fates = [fate for packet, fate in asked.items() if (packet.sender, packet.target) == LEAVES]
    if fates:
        is_lost = all(fate.is_unanswered for fate in fates)
        return any(fate.passes for fate in fates) or (False if is_lost else None)
    is_translated = facts.nft is None or any(map(TRANSLATES.search, facts.nft))
    return None if is_translated else False


def routers(net: Topology, facts: Facts) -> list[str]:
    """The LAN's own routers that a namespace reaches directly, the preferred one first."""
    near = IPv4Interface(net.address).network
    hops = _hops(facts, net.uplink, net.bridge)
    return [*dict.fromkeys(str(hop) for hop in hops if hop in near)]


def past_host(net: Topology, namespace: str, facts: Facts) -> Iterator[Step]:
    """By the LAN's own router, where connections by the host do not pass its firewall."""
    passes = facts.verdicts.gateways if facts.verdicts else {}
    around = next((one for one in routers(net, facts) if passes.get(one)), "")
    if around and not passes.get(net.gateway, True):
        why = f"the host would see {namespace}'s half of a connection; {around} answers past it"
        yield iproute.replace_default_route(around, namespace, why).as_guard(
            f"connections of {namespace} hang, though pings are answered, for the host's firewall "
            "drops what is of no connection that it has seen whole"
        )


def _names(found: list[IPv4Network], word: str = "and") -> str:
    return f" {word} ".join(map(str, found))
