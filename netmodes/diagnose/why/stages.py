"""What a packet from a namespace passes, in order, to the first stage where something is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from netmodes.diagnose.why import firewall, host_side, namespace_side, target_side
from netmodes.diagnose.why.trace import Judgement, Trace
from netmodes.plan.answer import Answer


@dataclass(frozen=True)
class Stage:
    """One stage of the way.

    Args:
        judge: says what is wrong at this stage, or how the packet passes it.
        needs_packet: only a packet that was sent tells.
        per_port: it may fail for one port alone, so that a ping's answer says nothing of it.
    """

    judge: Callable[[Trace], Judgement]
    needs_packet: bool = False
    per_port: bool = False


#: In the order of the packet, and then of the answer.
STAGES = (
    Stage(namespace_side.loopback),
    Stage(namespace_side.device),
    Stage(namespace_side.route),
    Stage(namespace_side.dummy),
    Stage(namespace_side.cable),
    Stage(namespace_side.host_address),
    Stage(host_side.reverse_path),
    Stage(lambda trace: firewall.stopped(trace, trace.name), per_port=True),
    Stage(lambda trace: firewall.turned(trace, trace.name), needs_packet=True, per_port=True),
    Stage(firewall.arp, needs_packet=True),
    Stage(namespace_side.neighbour, needs_packet=True),
    Stage(firewall.turned, needs_packet=True, per_port=True),
    Stage(host_side.forwarding),
    Stage(host_side.route),
    Stage(firewall.dies, needs_packet=True),
    Stage(host_side.exit_is_port),
    Stage(firewall.stopped, per_port=True),
    Stage(host_side.exit_link),
    Stage(host_side.exit_neighbour, needs_packet=True),
    Stage(host_side.return_route),
    Stage(host_side.answer_filtered),
    Stage(firewall.kept, per_port=True),
    Stage(host_side.source_address),
    Stage(firewall.disguised, needs_packet=True, per_port=True),
    Stage(lambda trace: firewall.stopped(trace, trace.inside), per_port=True),
    Stage(target_side.suppressed, needs_packet=True),
    Stage(target_side.listening, needs_packet=True, per_port=True),
    Stage(firewall.lost, needs_packet=True, per_port=True),
    Stage(target_side.answered, needs_packet=True, per_port=True),
)


def judge(trace: Trace) -> Answer:
    """The way of the packet, to its end or to the first thing that is wrong.

    Where the target answers anything, nothing can be wrong but for this port alone. What only an
    answer tells is left out where the packet ``stays``.
    """
    hops: list[str] = []
    for stage in STAGES:
        if stage.needs_packet and trace.stays:
            continue
        said = stage.judge(trace)
        if isinstance(said, str):
            hops.append(said)
        elif said is not None and (stage.per_port or not trace.arrives):
            return Answer(tuple(hops), said)
    return Answer(tuple(hops))
