"""``check``: every promise of a mode is tried, side by side; ``why`` says why one is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address, ip_interface

from netmodes.commands.uplink import addresses_on_port
from netmodes.diagnose.probes import Probe, gateways, is_answered, probes
from netmodes.diagnose.target import validate_machine
from netmodes.diagnose.why.trace import answers_arp, round_trip
from netmodes.diagnose.why.why import (
    asks_nobody,
    find_host,
    follow_packet,
    foresee,
    forget,
    no_resolver,
    resolver,
)
from netmodes.engine.record import Outcome
from netmodes.engine.runner import SIDE_BY_SIDE, Runner
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts, namespace_facts
from netmodes.plan.answer import Answer
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network
from netmodes.plan.promise import Report, Result
from netmodes.plan.undo import Argv

#: An address of nobody, outside every network (TEST-NET-2, RFC 5737); no packet goes there.
BEYOND = "198.51.100.1"

#: Whose silence proves nothing: a machine that is not this one may choose not to answer.
THEIRS = ("the gateway", "outside", "a name")


def try_promises(network: Network, outside: str, runner: Runner) -> Report:
    """Try every promise of a network, whatever its state; see ``network.check``."""
    if not network.promises:
        what = f"an earlier netmodes put {network.name} up and kept no promises of it"
        raise Refused(f"{what}: `netmodes down {network.name}`, then put it up again")
    host = host_facts()
    address, name = find_host(outside, runner) if outside else ("", "")
    if outside:
        _check_outside(address, network, host)
    wanted = list(probes(network, host, address, name))
    for inner in dict.fromkeys([network.name, *(one.source for one in wanted if one.source)]):
        forget(inner, runner)
    for line in _flushes(network, wanted, host):
        runner.run(line)
    argvs = list(dict.fromkeys(probe.argv for probe in wanted if probe.argv))
    outcomes = dict(zip(argvs, runner.together(argvs), strict=True))
    judge = Judge(network, host, runner, outside)
    came = [outcomes.get(probe.argv) for probe in wanted]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        results = tuple(pool.map(judge.result, wanted, came))
    return Report(network.name, network.mode, results)


def _check_outside(address: str, network: Network, host: Facts) -> None:
    """Refuse an address that says nothing of the outside: this machine's, or of the same subnet.

    Raises:
        Refused: it is such a one.
    """
    validate_machine(address, host)
    own = [str(found.ip) for found in host.every_address()]
    subnet = ip_interface(network.topology.address).network
    if ip_address(address).is_loopback or address in own:
        raise Refused(f"{address} is this machine's own: name an address outside")
    if ip_address(address) in subnet:
        where = f"in {subnet}, the subnet of {network.name} itself"
        raise Refused(f"{address} is {where}: name an address beyond it")


def _flushes(network: Network, wanted: list[Probe], host: Facts) -> Iterator[Argv]:
    """What has the host ask anew for the namespace, and for a gateway that is to be reached."""
    ingress = network.topology.ingress
    tried = {probe.tried for probe in wanted if probe.promise.reachable}
    for probe in wanted:
        from_host = (probe.promise.source, probe.promise.target) == ("host", "namespace")
        if from_host and host.link(ingress):
            yield ("ip", "neigh", "flush", "to", probe.tried, "dev", ingress)
    for route in gateways(host):
        if route["gateway"] in tried:
            yield ("ip", "neigh", "flush", "to", route["gateway"], "dev", route["dev"])


@dataclass(frozen=True)
class Judge:
    """Finds the reason where a promise is not kept."""

    network: Network
    host: Facts
    runner: Runner
    outside: str

    def result(self, probe: Probe, outcome: Outcome | None) -> Result:
        """What came of a try, with the reason if it is not as promised."""
        result = self._tried(probe, outcome)
        if probe.promise.source != "namespace" or probe.promise.target != "outside" or self.outside:
            return result
        foreseen = probe.promise.reachable and not result.differs and self.host.default_routes()
        return self._beyond(result) if foreseen else result

    def _beyond(self, result: Result) -> Result:
        """Where nobody named an address outside: whether there is a way to one, as far as seen."""
        answer = foresee(self.network, BEYOND, self.runner, self.host, self.within)
        if answer.finding is None:
            return result
        return _because(Result(result.promise, "", result.place, False), answer)

    def _tried(self, probe: Probe, outcome: Outcome | None) -> Result:
        if outcome is None:
            return Result(probe.promise, probe.tried, probe.source, None, reason=probe.untried)
        if probe.promise.target == "a name":
            return self._of_name(probe, outcome)
        reached = outcome.status == 0
        result = Result(probe.promise, probe.tried, probe.source, reached, round_trip(outcome))
        return self._explained(probe, result) if result.differs else result

    @cached_property
    def within(self) -> Facts:
        """The namespace's facts."""
        return namespace_facts(self.network.name)

    def _of_name(self, probe: Probe, outcome: Outcome) -> Result:
        nobody = asks_nobody(self.within)
        answered = outcome.status == 0 if probe.tried else is_answered(outcome) and not nobody
        tried = probe.tried or ("" if nobody else resolver(self.within))
        result = Result(probe.promise, tried, probe.source, answered)
        if not result.differs:
            return result
        if answered:
            return replace(result, reason=f"{resolver(self.within)} answers")
        if not nobody and ip_address(resolver(self.within).partition("%")[0]).is_loopback:
            reason = "the host's name server is its own loopback, and the namespace has no other"
            return replace(result, reached=None, reason=reason)
        finding = no_resolver(self.network, self.runner, self.host, self.within)
        return _because(result, Answer((), finding), f"there is no {tried} for the namespace")

    def _explained(self, probe: Probe, result: Result) -> Result:
        """The same with what ``why`` says of it."""
        if probe.promise.source == "host" and probe.promise.target == "the gateway":
            return self._gateway(result)
        if probe.promise.source == "host":
            return self._from_host(result)
        if probe.promise.source == "neighbour":
            network = self.host.network(probe.source) or self.network
            return _because(
                result, self._follow(network, namespace_facts(probe.source), result.tried)
            )
        return _because(result, self._follow(self.network, self.within, result.tried))

    def _from_host(self, result: Result) -> Result:
        """Of a packet from the host, which goes the namespace's way backwards."""
        end = self.network.topology.host_address
        if result.reached or not end:
            return replace(result, reason=f"the host has a way to {result.tried}")
        answer = self._follow(self.network, self.within, end.partition("/")[0])
        otherwise = "the namespace reaches the host, but does not answer it: see its own firewall"
        return _because(result, answer, otherwise)

    def _gateway(self, result: Result) -> Result:
        """Of a packet from the host to its own gateway."""
        route = gateways(self.host)[0]
        found = next(addresses_on_port(route["dev"], self.host), None)
        shown = self.runner.run(("ip", "-j", "neigh", "show", "to", result.tried))
        if found is None and answers_arp(shown, result.tried):
            reason = f"{result.tried} is there, for it answers ARP, but answers nothing else"
            return replace(result, reached=None, reason=reason)
        what = f"nobody answers for {result.tried} on {route['dev']}"
        evidence = f"ip neigh show to {result.tried}"
        advice = f"see that {result.tried} is there and up"
        finding = found or Finding("error", what, evidence, advice=advice)
        return replace(result, reason=finding.what, finding=finding)

    def _follow(self, network: Network, within: Facts, target: str) -> Answer:
        return follow_packet(network, target, "", self.runner, self.host, within, fresh=False)


def _because(
    result: Result, answer: Answer, otherwise: str = "it answers now: try again"
) -> Result:
    """The result with the reason that was found; one that may be the target's own is no proof."""
    finding: Finding | None = answer.finding
    if result.reached:
        return replace(result, reason="; ".join(answer.hops[:-1]) or "there is a way")
    if finding is None:
        return replace(result, reason=otherwise)
    silent = finding.level == "warning" and result.promise.target in THEIRS
    reached = None if silent else False
    return replace(result, reached=reached, reason=finding.what, finding=finding)
