"""What the target does with a packet; stages as in ``namespace_side``."""

import shlex
from ipaddress import IPv4Interface, ip_address

from netmodes.diagnose.why.printed import ENTERED, mac_of, refusal, round_trip
from netmodes.diagnose.why.trace import ECHO_IGNORED, Judgement, Trace
from netmodes.plan.finding import Finding


def listening(trace: Trace) -> Judgement:
    """Something listens on the port."""
    if trace.is_answered or not (trace.is_refused or trace.nobody_listens):
        return None
    where = trace.name if trace.to_itself else trace.target
    what = f"nothing listens on TCP port {trace.port} of {where}"
    advice = f"start what should listen there, on {trace.target} or 0.0.0.0"
    listeners = f"ss -Hltn sport = :{trace.port}"
    if trace.to_host:
        return Finding("error", what, listeners, advice=advice)
    tried = ("timeout", "1", "bash", "-c", f": </dev/tcp/{trace.target}/{trace.port}")
    evidence = listeners if trace.to_itself else shlex.join(tried)
    return trace.inspection.finding("error", what, evidence, advice=advice)


def suppressed(trace: Trace) -> Judgement:
    """This machine, or a namespace of ours, answers pings, if it is the target."""
    if trace.port or trace.is_answered or not trace.setting(ECHO_IGNORED):
        return None
    place = trace.inside
    if not (place or trace.to_host):
        return None
    who, before = (place, f"ip netns exec {place} ") if place else ("the host", "")
    what = f"{who} gets it, and answers no pings ({ECHO_IGNORED} is 1)"
    fix, evidence = f"{before}sysctl -w {ECHO_IGNORED}=0", f"{before}sysctl {ECHO_IGNORED}"
    return Finding("warning", what, evidence, fix=fix, namespace=place)


def answered(trace: Trace) -> Judgement:
    """The target answers."""
    if not trace.is_answered:
        return _silent(trace)
    took = round_trip(trace.seen.ping)
    port = f" on TCP port {trace.port}" if trace.port else ""
    return f"{trace.target} answers{port}" + (f", in {took:g} ms" if took else "")


def _silent(trace: Trace) -> Finding:
    target, finding = trace.target, trace.inspection.finding
    last, evidence = trace.exit_hop if trace.exit else trace.next_hop, f"ping -c 1 {target}"
    if trace.arrives:
        what = f"{target} answers pings, but not on TCP port {trace.port}"
        return finding("error", what, "nft list ruleset", advice=f"see to the firewall of {target}")
    if trace.to_host or trace.to_itself:
        what = f"{target} is this machine's own, and answers nothing"
        return finding("error", what, evidence, advice="see to what filters there by tc or BPF")
    if found := _unknown_subnet(trace):
        return found
    if trace.seen.host_ping.status == 0 and not trace.port:
        by = "" if last == target or trace.into_host else f" by its own gateway, {last}"
        what = f"{target} answers the host, but not {trace.name}{by}"
        who = f"{last} passes it on and" if by else target
        advice = f"see that {who} knows a way back to {trace.address}, and no firewall there"
        return finding("error", what, evidence, advice=advice)
    if last == target:
        what = f"{last} is there, for it answers ARP, but answers nothing else"
        return finding("warning", what, evidence, advice=f"see to the firewall of {last}")
    advice = f"see that {last} passes it on to {target}"
    if said := refusal(trace.seen.ping):
        return finding("error", f"it gets to {last}, and {said}", evidence, advice=advice)
    if mac := mac_of(trace.seen.host_neighbours, last, ENTERED):
        advice = (
            f"see that {mac}, which somebody has entered for {last}, is right, and that it does"
        )
    what = f"it gets to {last}, and no answer comes: what is beyond cannot be seen from here"
    return finding("warning", what, evidence, advice=advice)


def _unknown_subnet(trace: Trace) -> Finding | None:
    """The host's next hop is in another subnet than the namespace, and may not know that one."""
    own, hop = IPv4Interface(trace.net.address).network, ip_address(trace.exit_hop)
    subnets = [found.network for found in trace.host.addresses(trace.exit)] if trace.exit else []
    other = next((subnet for subnet in subnets if hop in subnet), own)
    if other == own or trace.translated is not False:
        return None
    level = "error" if trace.seen.host_ping.status == 0 else "warning"
    what = f"no answer finds the way back: {hop} is in {other}, and seems not to know {own}"
    again = f"`netmodes down {trace.name}`, then put it up with an --address of {other}"
    advice = f"give {hop} a route to {own}, or {again}"
    evidence = f"ping -c 1 {trace.target}"
    return trace.inspection.finding(level, what, evidence, advice=advice)
