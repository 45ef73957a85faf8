"""What a packet from a namespace passes, in order, to the first stage where something is wrong."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from netmodes.diagnose.why.host_side import (
    answer_passing,
    doubtful,
    enslaved,
    exit_link,
    exit_neighbour,
    forwarding,
    hosts_route,
    known_outside,
    passing,
    reverse_path,
    taken_in,
    way_back,
)
from netmodes.diagnose.why.namespace_side import (
    cable,
    card,
    dummy,
    entry_address,
    neighbour,
    own,
    way,
)
from netmodes.diagnose.why.trace import Said, Walk, refusal, round_trip
from netmodes.plan.answer import Answer
from netmodes.plan.finding import Finding

Stages = tuple[Callable[[Walk], Said], ...]


def follow(walk: Walk, stages: Stages | None = None) -> Answer:
    """The way of the packet, to its end or to the first thing that is wrong.

    Where it gets to the target, nothing before can be wrong, unless for this port alone.

    Args:
        walk: the packet, with what came of trying.
        stages: those to judge; None for all.
    """
    hops: list[str] = []
    for stage in stages or STAGES:
        said = stage(walk)
        if isinstance(said, str):
            hops.append(said)
        elif said is not None and (stage in LAST or not walk.gets_there):
            return Answer(tuple(hops), said)
    return Answer(tuple(hops))


def listening(walk: Walk) -> Said:
    """Somebody listens on the port."""
    if walk.arrives or not (walk.is_refused or walk.nobody_listens):
        return None
    where = walk.name if walk.is_own else walk.target
    what = f"nothing listens on TCP port {walk.port} of {where}"
    advice = f"start what should listen there, on {walk.target} or 0.0.0.0"
    listeners = f"ss -Hltn sport = :{walk.port}"
    if walk.is_local:
        return Finding("error", what, listeners, advice=advice)
    evidence = listeners if walk.is_own else shlex.join(walk.connection)
    return walk.found("error", what, evidence, advice=advice)


def answered(walk: Walk) -> Said:
    """The target answers."""
    if walk.arrives:
        took = round_trip(walk.tries.ping)
        port = f" on TCP port {walk.port}" if walk.port else ""
        return f"{walk.target} answers{port}" + (f", in {took:g} ms" if took else "")
    if walk.gets_there:
        what = f"{walk.target} answers pings, but not on TCP port {walk.port}"
        advice = f"see to the firewall of {walk.target}"
        return walk.found("error", what, "nft list ruleset", advice=advice)
    last = walk.exit_hop if walk.exit else walk.next_hop
    evidence = f"ping -c 1 {walk.target}"
    if walk.tries.host_ping.status == 0 and not walk.port:
        what = f"{walk.target} answers the host, but not {walk.name}"
        advice = f"see that {walk.target} knows a way back to {walk.address}, and no firewall there"
        return walk.found("error", what, evidence, advice=advice)
    if last == walk.target:
        what = f"{last} is there, for it answers ARP, but answers nothing else"
        return walk.found("warning", what, evidence, advice=f"see to the firewall of {last}")
    advice = f"see that {last} passes it on to {walk.target}"
    if said := refusal(walk.tries.ping):
        what = f"it gets to {last}, and {said}"
        return walk.found("error", what, evidence, advice=advice)
    what = f"it gets to {last}, and no answer comes: what is beyond cannot be seen from here"
    return walk.found("warning", what, evidence, advice=advice)


#: In the order of the packet, and then of the answer.
STAGES: Stages = (
    own,
    card,
    way,
    dummy,
    cable,
    entry_address,
    reverse_path,
    neighbour,
    forwarding,
    hosts_route,
    enslaved,
    passing,
    exit_link,
    exit_neighbour,
    way_back,
    known_outside,
    answer_passing,
    taken_in,
    listening,
    doubtful,
    answered,
)


#: What may be wrong for one port alone.
LAST = (passing, answer_passing, taken_in, listening, doubtful, answered)

#: What only an answer tells; all others can be judged without a packet.
TRIED = (neighbour, exit_neighbour, listening, doubtful, answered)
KNOWN = tuple(stage for stage in STAGES if stage not in TRIED)
