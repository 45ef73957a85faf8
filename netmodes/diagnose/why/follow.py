"""Follow a packet: ask both kernels for its route, send pings, and judge what was seen."""

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from netmodes.commands.addresses import bare
from netmodes.diagnose.inspection import Inspection
from netmodes.diagnose.probes import connection, ping
from netmodes.diagnose.why import firewall
from netmodes.diagnose.why.stages import judge
from netmodes.diagnose.why.trace import ARP_IGNORED, ECHO_IGNORED, IPSEC, Observations, Trace
from netmodes.engine.record import Outcome
from netmodes.engine.runner import Runner
from netmodes.firewall import legacy
from netmodes.firewall.judgement import words
from netmodes.firewall.live import (
    Place,
    Questions,
    families,
    heard,
    is_needed,
    of_flow,
    traced,
)
from netmodes.firewall.netlink import DNS, Event
from netmodes.firewall.questions import UNUSED
from netmodes.firewall.trace import follow
from netmodes.machine.read import namespace_facts
from netmodes.plan.answer import Answer
from netmodes.plan.finding import Finding
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv

#: What a ``ping`` says that can choose no identifier, as that of busybox.
UNKNOWN_OPTION = "invalid option"

Sent = TypeVar("Sent")

#: Is held while what iptables-legacy counts is looked at.
COUNTED = Lock()


def follow_packet(
    inspection: Inspection,
    target: str,
    port: str,
    runner: Runner,
    *,
    fresh: bool = True,
    stands: bool = False,
) -> Answer:
    """Try the way from a namespace to an IPv4 address, and a TCP port or "", and judge it.

    If ``fresh``, the neighbours on the way are resolved anew. If it ``stands`` for all that the
    namespace sends outside, so does the fix.
    """
    if fresh:
        forget(inspection.name, runner)
    trace = _ask(Trace(inspection, target, port, stands=stands), runner)
    for line in _flushes(trace) if fresh else ():
        runner.run(line)
    return judge(_send(trace, runner))


def foresee(inspection: Inspection, target: str, runner: Runner) -> Answer:
    """Judge the way to an address by routes and firewall alone; no packet leaves the machine.

    Where a ping does not get through a connection may.
    """
    said = _foresee(inspection, target, "", runner)
    return _foresee(inspection, target, str(UNUSED), runner) if said.finding else said


def _foresee(inspection: Inspection, target: str, port: str, runner: Runner) -> Answer:
    trace = _ask(Trace(inspection, target, port, stays=True, stands=True), runner)
    attempt = ping(target, "-e", str(trace.flows.echo), "-W", "0.1")  # the last of -W counts
    if port:
        attempt = connection(target, port, trace.flows.port, 64, 0.1)
    places = _places(trace) if trace.through_host else []
    if any(not place.namespace for place in places):
        argv = in_namespace(trace.name, *attempt)
        trace, _ = _hear(trace, places, runner, lambda run: run.run(argv) if run.settled else None)
    return judge(trace)


def ask_server(
    inspection: Inspection, server: str, asks: Argv, runner: Runner
) -> tuple[Outcome, Finding | None]:
    """Have a name server asked by a command in the namespace; what drops the question or
    the answer, or turns it elsewhere."""
    address = bare(inspection.net.address)
    flows = Questions(asks=address, server=server)
    trace = _ask(Trace(inspection, server, str(DNS), flows=flows, stands=True), runner)
    trace, done = _hear(
        trace, _places(trace), runner, lambda run: run.run(in_namespace(trace.name, *asks))
    )
    inside, here = (
        firewall.stopped(trace, place) or firewall.turned(trace, place)
        for place in (trace.name, "")
    )
    return done, inside or here


def connects(
    inspection: Inspection, source: str, target: str, runner: Runner, hops: int
) -> tuple[bool, str]:
    """Whether a target takes or refuses a connection from a namespace or the host (""); and the
    rule here that drops it, which may refuse it in the target's name."""
    passes = target if source else bare(inspection.net.host_address) or target
    trace = _ask(Trace(inspection, passes, str(UNUSED)), runner)
    argv = in_namespace(source, *connection(target, UNUSED, trace.flows.port, hops))
    trace, done = _hear(trace, _places(trace), runner, lambda run: run.run(argv))
    drops = [words(one.drop) for one in trace.heard.values() if one.drop]
    answers = done.status == 0 or "ConnectionRefusedError" in done.stderr
    return answers and not drops, next(iter(drops), "")


def forget(name: str, runner: Runner) -> None:
    """Have a namespace forget its neighbours, and where it was redirected to."""
    runner.run(in_namespace(name, "ip", "neigh", "flush", "all"))
    runner.run(in_namespace(name, "ip", "route", "flush", "cache"))


def _ask(trace: Trace, runner: Runner) -> Trace:
    """Ask both kernels for the routes of the packet and of the answer."""
    get, address = ("ip", "-j", "route", "get"), trace.address
    asked = {"route": in_namespace(trace.name, *get, trace.target)}
    own = ("from", trace.target) if trace.host_has(trace.target) else ()
    asked["return_route"] = (*get, address, *own)
    if trace.net.ingress:
        asked["host_route"] = (*get, *trace.way)
    return replace(trace, seen=Observations(**_together(asked, runner)))


def _ask_again(trace: Trace, runner: Runner) -> Trace:
    """Ask the host for the route of the packet with its mark, and whether it takes the answer."""
    get: Argv = ("ip", "-j", "route", "get")
    if "mark" in trace.way:
        route = runner.run((*get, *trace.way))
        trace = replace(trace, seen=replace(trace.seen, host_route=route))
    if not trace.through_host or not trace.back_by:
        return trace
    back = runner.run((*get, trace.address, "from", trace.target, "iif", trace.back_by))
    return replace(trace, seen=replace(trace.seen, back=back))


def _send(trace: Trace, runner: Runner) -> Trace:
    """Send pings and open a connection; then ask who answered ARP, and what listens here."""
    name, target, port, places = trace.name, trace.target, trace.port, _places(trace)
    own = ping(target, "-e", str(trace.flows.echo)) if places else ping(target)
    sent = {"ping": in_namespace(name, *own), "host_ping": ping(target)}
    if port and any(legacy.is_used(place.namespace) for place in places):
        trace = replace(trace, seen=replace(trace.seen, **_together(sent, runner)))
        sent = {}
    if port:
        sent["connect"] = in_namespace(name, *connection(target, port, trace.flows.port, 64))
    trace, tried = _hear(trace, places, runner, lambda run: _together(sent, run))
    seen = replace(trace.seen, **tried)
    if UNKNOWN_OPTION in seen.ping.stderr:
        seen = replace(seen, ping=runner.run(in_namespace(name, *ping(target))))
    return _look(replace(trace, seen=seen), runner)


def _places(trace: Trace) -> list[Place]:
    """Where rules may drop it, the namespace first."""
    found, inside, net = [], trace.inspection.namespace, trace.net
    if is_needed(inside, trace.name):
        found.append(Place(trace.name, (net.device,), trace.address, families(inside)))
    if is_needed(trace.host, "") and not trace.to_itself:
        devices = dict.fromkeys((net.host_device, net.ingress, *trace.lan_ports, trace.exit))
        there = tuple(one for one in devices if one and trace.host.link(one))
        found.append(Place("", there, trace.address, families(trace.host)))
    if (other := trace.other) and is_needed(its := namespace_facts(other.name), other.name):
        device = other.topology.device
        found.append(Place(other.name, (device,), trace.address, families(its)))
    return found


def _hear(
    trace: Trace, places: list[Place], runner: Runner, send: Callable[[Runner], Sent]
) -> tuple[Trace, Sent]:
    """Have it sent, by a runner that is settled by its drop where it is traced everywhere; and hear
    where it goes. Where iptables-legacy counts packets no other is sent meanwhile."""
    with ExitStack() as stack:
        if any(legacy.is_used(place.namespace) for place in places):
            stack.enter_context(COUNTED)
        traces = partial(traced, flows=trace.flows, runner=runner, stays=trace.stays)
        told = {place.namespace: stack.enter_context(traces(place)) for place in places}
        events = {name: found for name, found in told.items() if found is not None}
        is_dropped = partial(_is_dropped, trace, events.values())
        before = [legacy.counts(place.namespace, runner) for place in places]
        sent = send(replace(runner, settled=is_dropped if events == told != {} else None))
        after = [legacy.counts(place.namespace, runner) for place in places]
    found = {
        place.namespace: heard(events[place.namespace], trace.flow, place, counted)
        for place, counted in zip(places, zip(before, after, strict=True), strict=True)
        if place.namespace in events
    }
    return _ask_again(replace(trace, heard=found), runner), sent


def _is_dropped(trace: Trace, told: Iterable[list[Event]]) -> bool:
    """Whether the kernel has told already that a rule drops it, so that no answer comes."""
    return any(follow(of_flow([*events], trace.flow)).drop for events in told)


def _look(trace: Trace, runner: Runner) -> Trace:
    """Ask who answered ARP, what listens here, and what keeps this machine from answering."""
    name, port = trace.name, trace.port
    neighbours: Argv = ("ip", "-j", "neigh")
    asked = {"neighbours": in_namespace(name, *neighbours), "host_neighbours": neighbours}
    listeners = ("ss", "-Hltn", "sport", "=", f":{port}")
    if port and (trace.to_itself or trace.to_host):
        asked["listening"] = in_namespace("" if trace.to_host else name, *listeners)
    if not trace.is_answered and (trace.inside or trace.into_host):
        devices = () if trace.inside else ("all", trace.net.ingress.replace(".", "/"))
        keys = (ECHO_IGNORED, *map(ARP_IGNORED.format, devices))
        asked["settings"] = in_namespace(trace.inside, "sysctl", *keys)
    trace = replace(trace, seen=replace(trace.seen, **_together(asked, runner)))
    lost = trace.into_host and not trace.arrives and Path(IPSEC).exists()
    return _count(trace, runner) if lost else trace


def _count(trace: Trace, runner: Runner) -> Trace:
    """Have IPsec count another ping, if it has counted anything."""
    before = runner.run(("cat", IPSEC))
    if not re.search(r"[1-9]$", before.stdout, re.MULTILINE):
        return trace
    again = in_namespace(trace.name, *ping(trace.target))
    _, after = map(runner.run, (again, ("cat", IPSEC)))
    return replace(trace, seen=replace(trace.seen, before=before, after=after))


def _together(commands: dict[str, Argv], runner: Runner) -> dict[str, Outcome]:
    """The outcomes of some commands, by the name that each has here."""
    return dict(zip(commands, runner.together(list(commands.values())), strict=True))


def _flushes(trace: Trace) -> list[Argv]:
    """Have the host resolve the namespace and its own next hop anew."""
    ways = [(trace.address, trace.net.ingress), (trace.exit_hop, trace.exit)]
    return [
        ("ip", "neigh", "flush", "to", address, "dev", device)
        for address, device in ways
        if device and trace.host.link(device)
    ]
