"""The host that a run must not harm: looked at before the first command, and after the last.

Three things undo a run: something of the uplink's is not on the bridge; the host goes another way,
or from another address, to where it went before; a step's own result is gone. Whatever else differs
is somebody else's doing, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address
from itertools import pairwise

from netmodes.engine.runner import Runner
from netmodes.machine.compare import Difference, changes, entries_of
from netmodes.machine.entries import PART, ROUTE_WORDS, Address, Route
from netmodes.machine.facts import Facts
from netmodes.machine.query import Asked, asking_routes, routes_to
from netmodes.machine.read import again
from netmodes.machine.ssh import ssh_peer
from netmodes.machine.table import Table
from netmodes.plan.look import Argv
from netmodes.plan.plan import Plan

#: What is compared: no firewalls and settings, which take too long to read.
COMPARED = (
    *("links", "addresses", "routes", "routes6", "rules", "rules6"),
    *("neighbours", "proxies"),
)

#: What the facts of a hand-over are parsed from.
MOVED = ("links", "routes", "routes6", "neighbours", "proxies")

#: The entry of a table with the devices of networks of ours, which come and go by themselves.
OURS = "ours"

#: Addresses outside; the first that no route but a default one leads to stands for all of them.
OUTSIDE = {
    4: ("8.8.8.8", "1.1.1.1", "9.9.9.9"),
    6: ("2001:4860:4860::8888", "2606:4700:4700::1111", "2620:fe::fe"),
}

#: Seconds after which what somebody else has taken away for a moment is back.
MOMENT = 0.3

#: The greatest number of differences that are named.
NAMED = 10


@dataclass(frozen=True)
class Host:
    """What a run must not harm.

    Args:
        table: the host's devices, addresses, routes and neighbours, as they were read.
        ways: its route, by where to; None where that is unknown.
        known: the facts of this table, if somebody has parsed them.
    """

    table: Table
    ways: dict[Asked, Route | None]
    known: Facts | None = None

    @cached_property
    def facts(self) -> Facts:
        """The facts of this table."""
        return self.known or Facts.from_table(self.table, [])

    @property
    def listings(self) -> dict[Argv, str]:
        """What each command listed."""
        entries = (one for one in self.table.entries.values() if "output" in one)
        return {tuple(one["command"]): one["output"] for one in entries if "command" in one}

    def now(self, parsed: bool) -> Host:
        """The same, asked again; what is not to be parsed is only compared."""
        names = {*entries_of(COMPARED, self.table), *(MOVED if parsed else ())}
        ways = asking_routes(self.ways)
        return Host(again(self.table, names), ways())


def look_at(facts: Facts, uplink: str) -> Host:
    """The host as it is, with its ways to each gateway, by each default route, to the SSH peer."""
    hops = [one.gateway for one in default_routes(facts) if one.gateway]
    asked: set[Asked] = {(str(hop),) for hop in hops if not hop.is_link_local}
    asked |= {(facts.peer,)} if facts.peer else set()
    ways = routes_to(sorted({*asked, *_outside(facts, uplink)}))
    return Host(facts.table or Table(), ways, facts)


def default_routes(facts: Facts) -> list[Route]:
    """The default routes of both families, in every table."""
    return [one for one in facts.every_route() if one.is_default]


def _outside(facts: Facts, uplink: str) -> Iterator[Asked]:
    """An address outside, also from each source and with each mark that policy rules ask for."""
    rules = [*(facts.rules or ()), *(facts.rules6 or ())]
    sources = [rule.source for rule in rules if rule.source]
    for version in {route.to.version for route in default_routes(facts)}:
        to = by_default(version, facts)
        yield (to,)
        yield from ((to, "mark", rule.mark) for rule in rules if rule.mark)
        for one in facts.global_addresses(uplink) if uplink else ():
            if one.ip.version == version and any(one.ip in source for source in sources):
                yield to, "from", str(one.ip)


def by_default(version: int, facts: Facts) -> str:
    """An address outside that no route but a default one leads to."""
    specific = [one.to for one in facts.every_route() if one.to.prefixlen > PART]
    asked = map(ip_address, OUTSIDE[version])
    free = (str(to) for to in asked if not any(to in one for one in specific))
    return next(free, OUTSIDE[version][0])


def harm(before: Host, now: Host, plan: Plan) -> Iterator[str]:
    """What the run has cost the host, one sentence each."""
    net = plan.topology
    if plan.hands_over:
        yield from _changed(before, now, {net.uplink: net.bridge})
        for what in _lost(before.facts, now.facts, net.uplink, net.bridge):
            yield f"{what} of {net.uplink} is not on {net.bridge}"
    elif net.joins or not net.uplink:  # else the article's commands alone are wanted
        yield from _changed(before, now, {})


def _changed(before: Host, now: Host, moved: dict[str, str]) -> Iterator[str]:
    """The ways that are not as before, but for devices whose addresses and routes have moved."""
    for asked, route in before.ways.items():
        wanted, got = route and route.through(moved.get(route.dev, route.dev)), now.ways[asked]
        if got and wanted and not wanted.prefsrc:  # a host without an address takes the first
            got = replace(got, prefsrc=None)
        if wanted and _way(wanted) != _way(got) and not _is_redirected(wanted, got):
            said = f"`ip route get {' '.join(asked)}` says `{_way(got) or 'unreachable'}`"
            yield f"{said}, and said `{_way(route)}` before"


def _is_redirected(old: Route, new: Route | None) -> bool:
    """Whether they differ by the gateway alone, which a router has told the host (ICMP)."""
    if new is None or not any("redirected" in one.flags for one in (old, new)):
        return False
    return _way(replace(old, gateway=None)) == _way(replace(new, gateway=None))


def _way(route: Route | None) -> str:
    if route is None:
        return ""
    return f"{route.type} {route.words('gateway', 'dev', 'prefsrc')}".removeprefix("unicast ")


def _lost(old: Facts, new: Facts, uplink: str, bridge: str) -> Iterator[str]:
    """The addresses, routes and neighbours of the uplink that its bridge does not have."""
    addresses = {*map(_address, new.known_link(bridge).addresses)}
    for one in old.global_addresses(uplink):
        if _address(one) not in addresses:
            yield f"the address {one}"
    routes = {form for one in new.every_route() if one.dev == bridge for form in _forms(one)}
    for route in filter(_is_moved, old.every_route()):
        if route.dev == uplink and _form(route.through(bridge)) not in routes:
            yield f"the route `{route.words(*ROUTE_WORDS)}`"
    neighbours = new.neighbours or ()
    for each in old.neighbours or ():
        if each.dev == uplink and replace(each, dev=bridge) not in neighbours:
            yield f"the {'proxied ' * each.proxy}neighbour {each.ip}"


def _address(one: Address) -> Address:
    """An address as it counts: on the bridge it has no end, and no route of its own."""
    return Address(one.ip, one.prefixlen, one.scope, one.peer)


def _is_moved(route: Route) -> bool:
    """Whether it is neither link-local nor the kernel's, which comes with an address."""
    own = route.protocol == "kernel" and (route.table == "local" or route.type == "multicast")
    return not (own or route.is_link_local)


def _form(route: Route) -> Route:
    """A route as it counts: one from an advertisement is learned again."""
    if route.is_advertised:
        return Route(route.to, route.dev, route.gateway, route.table)
    return replace(route, flags=tuple(flag for flag in route.flags if flag == "onlink"))


def _forms(route: Route) -> Iterator[Route]:
    """What a route of the bridge may have been on the uplink: perhaps one without a source."""
    yield _form(route)
    yield replace(_form(route), prefsrc=None)
    yield Route(route.to, route.dev, route.gateway, route.table)


def unreachable(now: Host, runner: Runner) -> str | None:
    """The next hop that does not answer, in words, or None: of each default route, of the SSH peer.

    An old neighbour entry would answer for a host that is cut off, so those go first; each next
    hop is pinged from its route's own device and source (docs/kernel.md#reachability).
    """
    for family in ("-4", "-6"):
        runner.quietly(("ip", family, "neigh", "flush", "all"))
    for hop in _next_hops(now):
        source = ("-I", str(hop.prefsrc)) if hop.prefsrc else ()
        ping = ("ping", "-c", "1", "-W", "1", "-I", hop.dev, *source, str(hop.gateway))
        if not any(runner.run(ping).status == 0 for _ in range(3)):
            return f"{hop.gateway} does not answer through {hop.dev} any more"
    return None


def _next_hops(now: Host) -> Iterator[Route]:
    yield from (route for route in default_routes(now.facts) if route.gateway)
    if hop := now.ways.get((ssh_peer() or "",)):
        yield hop if hop.gateway else replace(hop, gateway=hop.to.network_address)


def meanwhile(before: Table, now: Table, ours: Iterable[str]) -> list[str]:
    """What others have changed, a line each: nothing of these devices and subnets, our own."""
    own = {*ours}
    found = changes(before, now, COMPARED, own)
    whole = {one.line for one in found if one.part == "links" and " " not in one.line}
    named = [f"# meanwhile: {one}" for one in found if _is_named(one, own, whole)]
    more = [f"# meanwhile: {len(named) - NAMED} more"] if len(named) > NAMED else []
    return [*named[:NAMED], *more]


def _is_named(one: Difference, ours: set[str], whole: set[str]) -> bool:
    """Whether it is no device's or rule of ours, nor of one that has come or gone whole.

    What router advertisements have made comes and goes by itself.
    """
    words = one.line.split()
    if one.part == "links":
        return words[0] not in ours
    devices = {name for word, name in pairwise(words) if word == "dev"}
    rule_for = {name for word, name in pairwise(words) if word == "to" and one.part == "rules"}
    by_itself = {"expires", "temporary"} & {*words} or "proto ra" in one.line
    return not (one.what == "unknown" or by_itself or devices & (ours | whole) or rule_for & ours)
