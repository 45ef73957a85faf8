"""What a bridge does with frames at its ports; a stage as in ``namespace_side``."""

from collections.abc import Iterable

from netmodes.diagnose.why.trace import Trace
from netmodes.machine.entries import Link
from netmodes.plan.finding import Finding


def ports(trace: Trace, names: Iterable[str]) -> Finding | None:
    """A port of the bridge that lets frames of the namespace neither in nor out."""
    ends = [trace.host.link(name) or Link(name) for name in names]
    if trace.other and trace.other.topology.bridge == trace.net.bridge:
        name = trace.other.topology.host_device
        ends = [*ends[:1], trace.host.link(name) or Link(name)]
    found = (_state(trace, one, word) for one in ends for word in one.bridging)
    return next(filter(None, found), None) or _unknown(trace, ends[0]) or _between(trace, *ends)


def _state(trace: Trace, link: Link, word: str) -> Finding | None:
    """A port that is not forwarding; only the kernel may change it where it runs STP."""
    if not word.startswith("state "):
        return None
    bridge = trace.host.link(trace.net.bridge) or Link("")
    if bridge.bridging:
        advice = "wait until the spanning tree has it forwarding, half a minute at most"
        return _finding(trace, link, word, advice=advice)
    return _finding(trace, link, word, fix=f"bridge link set dev {link.name} state 3")


def _unknown(trace: Trace, link: Link) -> Finding | None:
    """A port that passes frames of known machines alone, or to them."""
    mac = (trace.inspection.namespace.link(trace.net.device) or Link("")).mac
    fix = f"bridge fdb replace {mac} dev {link.name} master static"
    for words in (("locked on",), ("flood off", "learning off")):
        if mac and {*words} <= {*link.bridging}:
            return _finding(trace, link, ", ".join(words), fix=fix)
    return None


def _between(trace: Trace, first: Link, *others: Link) -> Finding | None:
    """Two ports that pass nothing to each other, or one that nobody is looked for by."""
    if trace.to_host or trace.to_itself:
        return None
    for other in others:
        if "isolated on" in first.bridging and "isolated on" in other.bridging:
            fix = f"bridge link set dev {first.name} isolated off"
            return _finding(trace, first, f"isolated on, as is {other.name}", fix=fix)
    for link in (first, *others):
        if "bcast_flood off" in link.bridging:
            fix = f"bridge link set dev {link.name} bcast_flood on"
            return _finding(trace, link, "bcast_flood off", fix=fix)
    return None


def _finding(trace: Trace, link: Link, how: str, **remedy: str) -> Finding:
    what = f"{trace.net.bridge} keeps frames from its port {link.name} ({how})"
    evidence = f"bridge -d link show dev {link.name}"
    return Finding("error", what, evidence, about=link.name, **remedy)
