"""Follow a packet: ask both kernels for its route, send pings, and judge what was seen."""

from dataclasses import replace

from netmodes.diagnose.inspection import Inspection
from netmodes.diagnose.probes import ping
from netmodes.diagnose.why.stages import judge
from netmodes.diagnose.why.trace import Observations, Trace
from netmodes.engine.record import Outcome
from netmodes.engine.runner import Runner
from netmodes.plan.answer import Answer
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv


def follow_packet(
    inspection: Inspection, target: str, port: str, runner: Runner, *, fresh: bool = True
) -> Answer:
    """Try the way from a namespace to an IPv4 address, and a TCP port or "", and judge it.

    If ``fresh``, the neighbours on the way are resolved anew.
    """
    if fresh:
        forget(inspection.name, runner)
    trace = _ask(Trace(inspection, target, port), runner)
    for line in _flushes(trace) if fresh else ():
        runner.run(line)
    return judge(_send(trace, runner))


def foresee(inspection: Inspection, target: str, runner: Runner) -> Answer:
    """Judge the way to an address by routes and firewall alone; nothing is sent."""
    return judge(_ask(Trace(inspection, target), runner), sent=False)


def forget(name: str, runner: Runner) -> None:
    """Have a namespace forget its neighbours, and where it was redirected to."""
    runner.run(in_namespace(name, "ip", "neigh", "flush", "all"))
    runner.run(in_namespace(name, "ip", "route", "flush", "cache"))


def _ask(trace: Trace, runner: Runner) -> Trace:
    """Ask both kernels for the routes of the packet and of the answer."""
    get, address, ingress = ("ip", "-j", "route", "get"), trace.address, trace.net.ingress
    asked = {"route": in_namespace(trace.name, *get, trace.target), "return_route": (*get, address)}
    if ingress:
        asked["host_route"] = (*get, trace.target, "from", address, "iif", ingress)
    return replace(trace, seen=Observations(**_together(asked, runner)))


def _send(trace: Trace, runner: Runner) -> Trace:
    """Send pings and open a connection; then ask who answered ARP, and what listens here."""
    name, target, port = trace.name, trace.target, trace.port
    sent = {"ping": in_namespace(name, *ping(target)), "host_ping": ping(target)}
    if port:
        sent["connect"] = in_namespace(name, *trace.connection)
    heard = _together(sent, runner)
    neighbours: Argv = ("ip", "-j", "neigh")
    asked = {"neighbours": in_namespace(name, *neighbours), "host_neighbours": neighbours}
    listeners = ("ss", "-Hltn", "sport", "=", f":{port}")
    if port and trace.to_itself:
        asked["listening"] = in_namespace(name, *listeners)
    elif port and trace.to_host:
        asked["listening"] = listeners
    return replace(trace, seen=replace(trace.seen, **heard, **_together(asked, runner)))


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
