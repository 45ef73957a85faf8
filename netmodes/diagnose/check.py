"""``check``: every promise of a mode is tried, side by side; ``why`` says why one is not kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from itertools import chain

from netmodes.commands.addresses import bare
from netmodes.commands.notices import addresses_on_port, leaks
from netmodes.commands.publish import parse, shut
from netmodes.diagnose.crowd import answered
from netmodes.diagnose.inspection import Inspection
from netmodes.diagnose.lookup import asks_nobody, no_answer, resolve_on_host
from netmodes.diagnose.probes import THEIRS, Probe, gateways, is_answered, probes
from netmodes.diagnose.target import validate_machine
from netmodes.diagnose.why.firewall import BY_RULE
from netmodes.diagnose.why.follow import connects, follow_packet, foresee, forget
from netmodes.diagnose.why.printed import answers_arp, refusal, round_trip
from netmodes.diagnose.why.trace import ECHO_IGNORED, HIDDEN
from netmodes.engine.record import Outcome
from netmodes.engine.runner import SIDE_BY_SIDE, Runner
from netmodes.engine.unharmed import by_default
from netmodes.errors import Refused
from netmodes.firewall.live import is_needed
from netmodes.journal import networks
from netmodes.machine.facts import Facts
from netmodes.machine.progress import working
from netmodes.machine.read import host_facts, namespace_facts
from netmodes.machine.resolv import is_loopback
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network
from netmodes.plan.promise import Promise
from netmodes.plan.report import Report, Result
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv


@working("tries every promise")
def try_promises(network: Network, outside: str, runner: Runner) -> Report:
    """Try every promise of a network, whatever its state; see ``network.check``."""
    if not network.promises:
        what = f"an earlier netmodes put {network.name} up and recorded no promises of it"
        raise Refused(f"{what}: `netmodes down {network.name}`, then put it up again")
    host = host_facts(uplink="")
    address, name = resolve_on_host(outside, runner) if outside else ("", "")
    if outside:
        _validate_outside(address, network, host)
    wanted = list(probes(network, host, address, name))
    for inner in dict.fromkeys([network.name, *(one.source for one in wanted if one.source)]):
        forget(inner, runner)
    for line in _flushes(network, wanted, host):
        runner.run(line)
    argvs = list(dict.fromkeys(one.argv for one in wanted if one.argv))
    outcomes = answered([one.argv for one in wanted if one.promise.reachable], runner)
    argvs = [argv for argv in argvs if argv not in outcomes]
    outcomes |= zip(argvs, runner.together(argvs), strict=True)
    inspection = Inspection(network, host, namespace_facts(network.name))
    judge = Judge(inspection, runner, outside)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        results = pool.map(lambda probe: judge.result(probe, outcomes), wanted)
        return Report(network.name, network.mode, tuple(results))


def _validate_outside(address: str, network: Network, host: Facts) -> None:
    """Refuse an address that is not outside: this machine's, or of the network's subnet."""
    validate_machine(address, host)
    own = [str(found.ip) for found in host.every_address()]
    subnet = ip_interface(network.topology.address).network
    if ip_address(address).is_loopback or address in own:
        raise Refused(f"{address} is this machine's own: name an address outside")
    if ip_address(address) in subnet:
        where = f"in {subnet}, the subnet of {network.name} itself"
        raise Refused(f"{address} is {where}: name an address beyond it")


def _flushes(network: Network, wanted: list[Probe], host: Facts) -> Iterator[Argv]:
    """Have the host resolve the namespace anew, and a gateway that is to be reached."""
    ingress = network.topology.ingress
    tried = {probe.tried for probe in wanted if probe.promise.reachable}
    for probe in wanted:
        from_host = (probe.promise.source, probe.promise.target) == ("host", "namespace")
        if from_host and host.link(ingress):
            yield ("ip", "neigh", "flush", "to", probe.tried, "dev", ingress)
    for route in gateways(host):
        if str(route.gateway) in tried:
            yield ("ip", "neigh", "flush", "to", str(route.gateway), "dev", route.dev)


@dataclass(frozen=True)
class Judge:
    """Judges each try: whether the promise is kept, and why not."""

    inspection: Inspection
    runner: Runner
    outside: str

    def result(self, probe: Probe, outcomes: dict[Argv, Outcome]) -> Result:
        """The result of a try; the way outside is judged where a ping proves nothing about it."""
        result, promise = self._tried(probe, outcomes), probe.promise
        if (promise.source, promise.target) != ("namespace", "outside") or result.differs:
            return result
        if not promise.reachable:
            return self._closed(result)
        if self.outside or not self.inspection.host.default_routes():
            return result
        beyond = by_default(4, self.inspection.host)
        finding = foresee(self.inspection, beyond, self.runner).finding
        if finding is None:
            return result
        return _not_reached(replace(result, tried="", reached=False, milliseconds=None), finding)

    def _closed(self, result: Result) -> Result:
        """The result, unless the host would pass on what a namespace with more routes sends."""
        found = leaks(self.inspection.network, self.inspection.host)
        finding = next((one for one in found if one.level == "error"), None)
        if finding is None or ":" in result.tried:
            return result
        return replace(result, tried="", reached=True, reason=finding.what, finding=finding)

    def _tried(self, probe: Probe, outcomes: dict[Argv, Outcome]) -> Result:
        outcome = outcomes.get(probe.argv)
        if outcome is None:
            return self._untried(probe)
        if probe.promise.target == "a name":
            return self._of_name(probe, outcome)
        if probe.promise.target == "its published ports":
            return self._of_port(probe, outcome)
        reached = outcome.status == 0
        result = Result(probe.promise, probe.tried, probe.source, reached, round_trip(outcome))
        theirs = probe.promise.target in THEIRS
        silent = outcome.status == 1 and not refusal(outcome)  # it was sent, and nobody said a word
        if silent and not theirs and self._connects(result)[0]:
            return _by_tcp(result)
        if not result.differs:
            return result
        explained = self._explained(result)
        lost = silent and theirs and result.place and explained.reached is False
        return _by_tcp(result) if lost and self._connects(result)[0] else explained

    def _untried(self, probe: Probe) -> Result:
        """The result of what cannot be tried; nobody is kept out where its rules are gone."""
        result = Result(probe.promise, probe.tried, probe.source, None, reason=probe.untried)
        found = next(self.inspection.rules("NAT ", "closed "), None)
        if probe.promise.source != "outside" or probe.promise.reachable or found is None:
            return result
        return replace(result, reached=True, reason=found.what, finding=found)

    def _connects(self, result: Result) -> tuple[bool, str]:
        """Whether a connection is answered where a ping is not, and the rule here that drops it."""
        if ":" in result.tried:
            return False, ""
        hops = 64 if result.promise.target in THEIRS else 1
        return connects(self.inspection, result.place, result.tried, self.runner, hops)

    def _of_name(self, probe: Probe, outcome: Outcome) -> Result:
        nobody, server = asks_nobody(self.inspection.namespace), self.inspection.namespace.resolver
        answered = outcome.status == 0 if probe.tried else is_answered(outcome) and not nobody
        tried = probe.tried or ("" if nobody else server)
        result = Result(probe.promise, tried, probe.source, answered)
        if not result.differs:
            return result
        if answered:
            return replace(result, reason=f"{server} answers")
        if not nobody and is_loopback(server):
            reason = "the host's name server is its own loopback, and the namespace has no other"
            return replace(result, reached=None, reason=reason)
        finding = no_answer(self.inspection, self.runner)
        return _not_reached(result, finding, f"there is no {tried} for the namespace")

    def _of_port(self, probe: Probe, outcome: Outcome) -> Result:
        """Whether a connection to a published port comes to who listens inside."""
        name, tried = self.inspection.name, probe.tried.rpartition(":")[2]
        (port,) = [one for one in parse(self.inspection.network.published) if str(one) == tried]
        result = Result(probe.promise, probe.tried, "", outcome.status == 0)
        if not result.differs:
            return result
        by_others = f"sport = :{port.port} and not src 127.0.0.0/8 and not src [::1]"
        if not self.runner.run(in_namespace(name, "ss", "-Hltn", by_others)).stdout:
            reason = f"nobody listens at port {port.port} in {name}, unless on its own loopback"
            return replace(result, reached=None, reason=reason)
        shuts = shut(self.inspection.network, self.inspection.host)
        finding = next(chain(self.inspection.rules(), shuts), None)
        what = f"what comes to port {port.host} of the host does not come to {port.port} in {name}"
        shown = f"nft list table ip netmodes-publish-{name}"
        again = f"`netmodes down {name}`, then put it up again"
        return _not_reached(result, finding or Finding("error", what, shown, advice=again))

    def _explained(self, result: Result) -> Result:
        """The result with the reason why the promise is not kept."""
        if ":" in result.tried:
            return replace(result, reason="there is a way by IPv6")
        if result.promise.source == "host" and result.promise.target == "the gateway":
            return self._gateway(result)
        if result.promise.source == "host":
            return self._from_host(result)
        if result.promise.source == "neighbour":
            return self._from_neighbour(result)
        return self._follow(result, self.inspection)

    def _from_host(self, result: Result) -> Result:
        """Why the host does not reach the namespace: the way between them is followed backwards."""
        address = bare(self.inspection.net.host_address)
        if result.reached or not address:
            return replace(result, reason=f"the host has a way to {result.tried}")
        answer = follow_packet(self.inspection, address, "", self.runner, fresh=False, stands=True)
        by = "" if answer.finding else self._connects(result)[1]
        otherwise = "the namespace reaches the host, but does not answer it: see its own firewall"
        drops = f"the firewall drops what the host sends it, or the answer ({by})"
        return _not_reached(result, answer.finding, drops if by else otherwise)

    def _gateway(self, result: Result) -> Result:
        """Why the host does not reach its gateway."""
        route = gateways(self.inspection.host)[0]
        found = addresses_on_port(route.dev, self.inspection.host)
        ruled = found is None and is_needed(self.inspection.host, "")
        answers, by = self._connects(result) if ruled else (False, "")
        if answers or by:
            reason = f"the host's own firewall drops what is tried ({by})"
            return _by_tcp(result) if answers else replace(result, reached=None, reason=reason)
        shown = self.runner.run(("ip", "-j", "neigh", "show", "to", result.tried))
        if found is None and answers_arp(shown, result.tried):
            reason = f"{result.tried} is there, for it answers ARP, but answers nothing else"
            return replace(result, reached=None, reason=reason)
        what = f"nobody answers for {result.tried} on {route.dev}"
        evidence = f"ip neigh show to {result.tried}"
        advice = f"see that {result.tried} is there and up"
        finding = found or Finding("error", what, evidence, advice=advice)
        return replace(result, reason=finding.what, finding=finding)

    def _from_neighbour(self, result: Result) -> Result:
        """Why another namespace on the bridge does not reach this one; it may be gone by now."""
        network = self.inspection.host.network(result.place) or self.inspection.network
        try:
            facts = namespace_facts(result.place)
            found = self._follow(result, Inspection(network, self.inspection.host, facts))
        except (Refused, OSError):
            if _stays(result.place):
                raise
        if _stays(result.place):
            return found
        return replace(result, reached=None, reason=f"{result.place} is up no more")

    def _follow(self, result: Result, inspection: Inspection) -> Result:
        """How a packet from a namespace gets through, or where it is lost."""
        answer = follow_packet(inspection, result.tried, "", self.runner, fresh=False, stands=True)
        if result.reached:
            return replace(result, reason="; ".join(answer.hops[:-1]) or "there is a way")
        result = _not_reached(result, answer.finding)
        is_kept = result.reason.startswith((BY_RULE, HIDDEN)) and _is_other(result.promise)
        return replace(result, reached=None) if is_kept else result


def _stays(name: str) -> bool:
    """Whether a network is there, and no other run takes it down."""
    return any(one.name == name and one.state != "at work" for one in networks())


def _is_other(promise: Promise) -> bool:
    """Whether it is about addresses that a rule or ARP may keep to another device, as lo's."""
    return promise.target == "the host's other addresses"


def _by_tcp(result: Result) -> Result:
    return replace(result, reached=True, reason=f"{result.tried} answers no pings, but TCP")


def _not_reached(
    result: Result, finding: Finding | None, otherwise: str = "it answers now: try again"
) -> Result:
    """The result with the finding as its reason; another machine's silence proves nothing."""
    if finding is None:
        return replace(result, reason=otherwise)
    proves = result.promise.target not in THEIRS and ECHO_IGNORED not in finding.what
    silent = finding.level == "warning" and not proves
    reached = None if silent else False
    return replace(result, reached=reached, reason=finding.what, finding=finding)
