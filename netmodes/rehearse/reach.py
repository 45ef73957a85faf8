"""Who is reached on a copy and on its LAN, by real packets, once all neighbours are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from ipaddress import ip_address
from typing import Any

from netmodes.commands.addresses import bare
from netmodes.engine.runner import SIDE_BY_SIDE, Runner
from netmodes.firewall.questions import PORT, USUAL
from netmodes.lab.kinds import AT_ROUTER, ROUTER
from netmodes.machine.facts import OUTSIDE, OUTSIDES, Facts
from netmodes.machine.query import route_to
from netmodes.place import NAMESPACES
from netmodes.plan.plan import Plan
from netmodes.plan.report import Result
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import Packet
from netmodes.rehearse.exchange import PATIENCE, answer, serving

#: Pings for a second, until one is answered.
PING = ("ping", "-n", "-q", "-c", "1", "-i", "0.2", "-w", "1")

YES = {True: "yes", False: "no"}

#: What a promise's result has where pings alone come through.
NO_TCP: dict[str, Any] = {"reached": False, "reason": "it answers pings, but no connection (TCP)"}


@dataclass(frozen=True)
class Reach:
    """Who is to be reached on a machine.

    Args:
        plan: what is rehearsed.
        facts: the machine.
        runner: runs the pings.
    """

    plan: Plan
    facts: Facts
    runner: Runner

    @property
    def outside(self) -> str:
        """The address outside that the promises are tried with; "" where no route leads there."""
        leads = self.facts.default_routes() or route_to(OUTSIDE)  # by another table
        return OUTSIDE if leads else ""

    @cached_property
    def goals(self) -> list[str]:
        """Whom the machine reaches: its gateways, its SSH peer, and what is outside."""
        routes = self.facts.every_route()
        hops = [one.gateway for one in routes if one.gateway and not one.gateway.is_link_local]
        outside = [OUTSIDES[one.to.version] for one in routes if one.is_default]
        return list(dict.fromkeys(filter(None, [*map(str, hops), self.facts.peer, *outside])))

    @cached_property
    def own(self) -> list[str]:
        """Its addresses on the devices that lead to gateways, and on the uplink."""
        routes = self.facts.every_route()
        devices = {one.dev for one in routes if one.gateway} | {self.plan.topology.uplink}
        links = (link for link in self.facts.known("links") if link.name in devices)
        every = (one for link in links for one in link.addresses)
        return [str(one.ip) for one in every if one.scope == "global"]

    def hide(self) -> None:
        """Have nobody outside answer for the namespace's subnets, unless one is the LAN's own."""
        for subnet in self.plan.topology.subnets:
            words = ("route", "add", "blackhole", subnet, "table", "local")
            self.runner.quietly((*AT_ROUTER, "ip", *words))

    def reached(self) -> dict[str, str]:
        """Whether each is reached now, and from which source."""
        with serving(str(ROUTER)):
            return self._reached()

    def _reached(self) -> dict[str, str]:
        for family in ("-4", "-6"):
            for place in ((), AT_ROUTER):
                self.runner.quietly((*place, "ip", family, "neigh", "flush", "all"))
        pings: dict[str, Argv] = {f"the host reaches {one}": (*PING, one) for one in self.goals}
        pings |= {f"the LAN reaches {one}": (*AT_ROUTER, *PING, one) for one in self.own}
        done = self.runner.together([*pings.values()])
        found = {what: outcome.status == 0 for what, outcome in zip(pings, done, strict=True)}
        words = {what: YES[answered] for what, answered in {**found, **self._connections()}.items()}
        return {**words, **dict(self._sources())}

    def tried(self, result: Result) -> Result:
        """The result of a promise, tried in ways that only a copy has: with its LAN, with TCP."""
        ends = (result.promise.source, result.promise.target)
        if ends == ("outside", "namespace"):
            return self._from_outside(result)
        if ends == ("namespace", "outside") and result.reached and result.promise.reachable:
            inside = str(NAMESPACES / self.plan.namespaces[0])
            if not _exchanges(self.outside, inside):
                return replace(result, **NO_TCP)
        return result

    def _from_outside(self, result: Result) -> Result:
        address = bare(self.plan.topology.address)
        if not self._leads_to(address):
            return result
        answered = self.runner.quietly((*AT_ROUTER, *PING, address)).status == 0
        result = replace(result, tried=address, reached=answered, reason="")
        if answered and result.promise.reachable and self.outside:
            with serving(str(NAMESPACES / self.plan.namespaces[0])):
                if not _exchanges(address, str(ROUTER), self.outside):
                    return replace(result, **NO_TCP)
        return result

    def _leads_to(self, address: str) -> bool:
        """Whether the LAN's router sends a packet for the namespace to its LAN, or to the host."""
        routes = self.facts.default_routes()
        device = self.plan.topology.uplink or (routes[0].dev if routes else "")
        on_lan = self.facts.addresses(device) if device else []
        if any(ip_address(address) in one.network for one in on_lan):
            return True
        words = ("route", "replace", address, "via", *(str(one.ip) for one in on_lan[:1]))
        led = (*AT_ROUTER, "ip", *words, "table", "local")
        return bool(on_lan) and self.runner.quietly(led).status == 0

    def _sources(self) -> Iterator[tuple[str, str]]:
        for one in self.goals:
            route = route_to(one)
            if not route or route.prefsrc:
                yield f"the host's source to {one}", str(route.prefsrc) if route else "no way"

    def _connections(self) -> dict[str, bool]:
        """Whether data goes over a connection, or a connection is at least refused."""
        host, lan = "", str(ROUTER)
        tries = {
            f"the host connects to {one}": partial(_exchanges, one, host) for one in self.goals
        }
        for one in self.own:
            for port in USUAL:
                what = f"the LAN connects to {one}:{port}"
                tries[what] = partial(_is_answered, one, port, lan)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return dict(zip(tries, pool.map(lambda each: each(), tries.values()), strict=True))


def _exchanges(address: str, namespace: str, source: str = "") -> bool:
    """Whether data goes there and comes back; a handshake alone may be cut off after it."""
    packet = Packet(namespace, address, "tcp", PORT)
    return answer(packet, namespace, 0, PATIENCE, source) == "data"


def _is_answered(address: str, port: int, namespace: str) -> bool:
    """Whether a machine takes a connection or refuses it."""
    return answer(Packet(namespace, address, "tcp", port), namespace, 0, PATIENCE) != ""
