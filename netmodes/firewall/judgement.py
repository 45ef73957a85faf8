"""What a mode's packets need of the firewall, by the kernel's verdicts: accepts, or a refusal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from netmodes.firewall import fixes, questions
from netmodes.firewall.kill_switch import kept_to
from netmodes.firewall.questions import legacy
from netmodes.firewall.trace import EVERY
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.text import shortened
from netmodes.plan.verdict import DOCKER, Drop, Fate, Flow, Packet, Verdict, Verdicts

#: A rule that has a connection not tracked, or apart, as nft lists it or iptables-legacy saves it.
NOTRACK = re.compile(r'notrack|ct (\w+ )?zone set|xt target "?CT\b|-j (NOTRACK|CT)')

#: A rule that hands a packet to a proxy, which a copy has not.
TO_PROXY = re.compile(r"-j TPROXY|\btproxy to\b")

UNKNOWN = "once it is up, `netmodes check` tells"

#: What is cut off, by who sends it.
CUT_OFF = {
    "LAN": "the LAN sends to the host once it comes in on",
    "host": "the host sends once it leaves by",
}


def entries(
    found: Mapping[Packet, Fate], outs: Sequence[str], flow: Flow, facts: Facts
) -> list[str]:
    """The chains of iptables where an accept may let pass what is dropped, the best first."""
    opened = [drop for drop in drops(found) if _may_be_opened(drop, facts)]
    chains = [*dict.fromkeys(drop.chain for drop in opened)]
    if len(chains) != 1 or kept_to(opened[0], facts, *outs, *flow.own):
        return []
    return [DOCKER] * has_docker(facts) + chains


def ways(
    found: Mapping[Packet, Fate], outs: Iterable[str], flow: Flow, facts: Facts
) -> tuple[str, ...]:
    """The devices that an accept may be for: what drops keeps packets to no other."""
    dropped = drops(found)
    kept = {out for out in outs for drop in dropped if kept_to(drop, facts, out, *flow.own)}
    return tuple(out for out in outs if out not in kept)


def has_docker(facts: Facts) -> bool:
    """Whether packets come by the chain that Docker leaves to others."""
    return f"-A FORWARD -j {DOCKER}" in (facts.iptables or ())


def presumed(found: Mapping[Packet, Fate], facts: Facts) -> dict[Packet, Fate]:
    """The same; where nothing can be traced, for there is no nft, the end of iptables' FORWARD is
    taken to drop what gets no answer. An accept that is tried then shows whether it was."""
    listed = [line for line in facts.iptables or () if " FORWARD" in line]
    ends = [line for line in listed if line == "-P FORWARD DROP" or EVERY.fullmatch(line)]
    if "nft" in (facts.programs or ()) or not ends:
        return {**found}
    drop = Drop("forward", "ip filter", "FORWARD", every=True)
    return {one: Fate(False, drop) if fate.passes is None else fate for one, fate in found.items()}


def _may_be_opened(drop: Drop, facts: Facts) -> bool:
    """Whether iptables drops what no rule speaks of: by a policy, or a rule without a match."""
    own = drop.table == "ip filter" and fixes.program_of(drop, facts) == "iptables"
    return drop.hook == "forward" and fixes.is_for_all(drop, facts) and own


def judged(flow: Flow, asked: Verdicts, facts: Facts) -> Verdict:
    """What a mode is to do, and why it may not."""
    last = asked.repeated or asked.last
    own = counted({one: fate for one, fate in last.items() if one not in asked.today}, flow)
    findings = [*_cut_off(flow, asked, facts), *_dropped(flow, own, asked, facts)]
    findings += _untranslated(flow, own, facts)
    warnings = (*_kept(flow, own), *_unknown(flow, own, asked.left), *_hidden(flow, own))
    first = drops({packet: fate for packet, fate in asked.up.items() if packet in own})
    opened = [words(drop) for drop in first if _may_be_opened(drop, facts)]
    by = " and ".join(opened) if asked.chain else ""
    return Verdict(asked.chain, asked.outs, by, tuple(findings), warnings)


def counted(found: Mapping[Packet, Fate], flow: Flow) -> dict[Packet, Fate]:
    """The packets whose fate counts: who answers no ping may answer a connection; of what goes to
    a proxy that decides."""
    counts = {**found}
    for packet, fate in found.items():
        if fate.drop and TO_PROXY.search(fate.drop.rule):
            where = f"{fate.drop.table} {fate.drop.chain}"
            counts[packet] = Fate(None, lost=f"a program decides in {where}")
    for ping, connection in questions.greetings(flow).items():
        other = counts.pop(connection, None)
        if other and other.passes:
            counts.pop(ping, None)
    return counts


def drops(*founds: Mapping[Packet, Fate]) -> dict[Drop, list[Packet]]:
    """What drops these packets, each with those that it drops."""
    dropped = dict[Drop, list[Packet]]()
    for packet, fate in (item for found in founds for item in found.items()):
        if fate.drop:
            dropped.setdefault(fate.drop, []).append(packet)
    return dropped


def _is_kept(drop: Drop, packets: Iterable[Packet], flow: Flow) -> bool:
    """Whether a rule keeps an address of the host to another device, as a tunnel's may."""
    kept = [one.sender == "namespace" and one.target in flow.host[1:] for one in packets]
    return not drop.is_for_the_rest and all(kept)


def _kept(flow: Flow, own: Mapping[Packet, Fate]) -> Iterator[Finding]:
    """The addresses of the host that the namespace does not reach."""
    for drop, packets in drops(own).items():
        if _is_kept(drop, packets, flow):
            targets = " and ".join(dict.fromkeys(one.target for one in packets))
            what = f"the firewall keeps {flow.address} from {targets} ({words(drop)})"
            advice = f"nothing, unless {targets} is to be reached"
            yield Finding("warning", what, evidence(drop), advice=advice)


def _is_inner(packet: Packet, flow: Flow) -> bool:
    """Whether it is between the namespace and the host."""
    return packet.sender == "host" or packet.target in flow.host


def _whose(drop: Drop, packet: Packet, flow: Flow) -> str:
    """The packet, in words."""
    if packet.sender == "host":
        return f"what the host sends to {packet.target}"
    if packet.sender == "LAN" and packet.target != flow.address:
        return f"what comes to port {packet.port}, which is passed on"
    if packet.target in flow.host or drop.hook in fixes.ENDS:
        return f"what {flow.address} sends to the host"
    return f"what {flow.bridge} passes on"


def _dropped(
    flow: Flow, own: Mapping[Packet, Fate], asked: Verdicts, facts: Facts
) -> Iterator[Finding]:
    tries = [counted(one, flow) for one in asked.tries]
    left = drops(*tries[-1:])
    for drop, packets in drops(own, *tries).items():
        around = any(asked.gateways.values()) and not any(_is_inner(one, flow) for one in packets)
        if around or _is_kept(drop, packets, flow):
            continue
        program = fixes.program_of(drop, facts)
        what = f"the firewall drops {_whose(drop, packets[0], flow)} ({words(drop, program)})"
        shows = evidence(drop, program)
        other = "" if drop.is_of_firewalld else kept_to(drop, facts, *asked.outs, *flow.own)
        if other:
            advice = (
                f"{drop.chain} lets packets leave by {other} alone, as a VPN's may: bring it up"
            )
            yield Finding("error", what, shows, advice=advice)
        elif drop not in left and (lines := fixes.fix(drop, packets, flow, asked.outs, facts)):
            shown = fixes.zoned(drop, packets, flow, facts) or lines
            yield Finding("error", what, shows, fix=" && ".join(map(shlex.join, shown)))
        else:
            wanted = f"somebody wants that: take {flow.bridge} out of that rule"
            advice = wanted if drop.rule else f"let that chain accept {flow.address}"
            yield Finding("error", what, shows, advice=advice)


def _cut_off(flow: Flow, asked: Verdicts, facts: Facts) -> Iterator[Finding]:
    """What drops the host's own packets, which pass today."""
    cut = dict[Drop | str, list[Packet]]()
    for packet, fate in asked.cut.items():
        cut.setdefault(fate.drop or fate.lost, []).append(packet)
    for by, packets in cut.items():
        whose = f"what {CUT_OFF[packets[0].sender]} {flow.bridge}"
        lines = fixes.repeated(packets, asked, flow, facts) if asked.repeated else []
        accepts, shows = "it", "nft list ruleset"
        what = f"{whose} is lost in a copy of this machine ({by})"
        if isinstance(by, Drop):
            program = fixes.program_of(by, facts)
            what = f"the firewall drops {whose} ({words(by, program)})"
            shows = evidence(by, program)
            lines = lines and (fixes.zoned(by, packets, flow, facts) or lines)
            accepts = _accepting(by, packets[0], asked)
        advice = f"let it accept {flow.bridge} as {accepts} does {flow.uplink}"
        remedy = {"fix": " && ".join(map(shlex.join, lines))} if lines else {"advice": advice}
        yield Finding("error", what, shows, **remedy)


def _accepting(drop: Drop, packet: Packet, asked: Verdicts) -> str:
    """The last rule for a packet today in the table that would drop it, in words."""
    rules = [asked.rules.get(one.place, one) for one in asked.today[packet].rules]
    found = [one.rule for one in rules if one.table == drop.table and one.rule]
    return f"`{found[-1]}`" if found else "it"


def _unknown(flow: Flow, found: Mapping[Packet, Fate], left: Iterable[str]) -> Iterator[Finding]:
    """What no rule drops and nobody answers, and what could not be tried."""
    lost = [fate.lost for fate in found.values() if fate.passes is None]
    for why in dict.fromkeys([*lost[:1], *left]):
        what = f"whether the firewall lets pass what goes by {flow.bridge} is unknown ({why})"
        yield Finding("warning", what, "nft list ruleset", advice=UNKNOWN)


def _untranslated(flow: Flow, own: Mapping[Packet, Fate], facts: Facts) -> Iterator[Finding]:
    """What NAT leaves as it is, for its connection is not tracked: nobody outside can answer."""
    lost = [fate for packet, fate in own.items() if packet.sender == "namespace"]
    ways = {_untold(fate, flow) for fate in lost} - {""}
    if flow.uplink or not ways:
        return
    lines = [*map(str.strip, facts.nft or ()), *legacy(facts)]
    found = (fixes.COUNTER.sub("", line) for line in lines if NOTRACK.search(line))
    rule = next((f" (`{line}`)" for line in found), "")
    what = f"{min(ways)}{rule}"
    advice = f"let that rule leave out {flow.bridge}, and the answers"
    yield Finding("error", what, "nft list ruleset", advice=advice)


def _untold(fate: Fate, flow: Flow) -> str:
    """How conntrack keeps an answer from the namespace; "" where it does not."""
    if fate.passes is None and fate.source == flow.address:
        return f"what {flow.bridge} passes on leaves with its own address, for it is not tracked"
    if fate.source and fate.lost == "lost after input":
        return f"answers to what {flow.bridge} passes on stay here, for they are tracked apart"
    return ""


def _hidden(flow: Flow, own: Mapping[Packet, Fate]) -> Iterator[Finding]:
    """Whose address a namespace of the LAN has outside, where that is another's."""
    sent = [fate.source for packet, fate in own.items() if packet.sender == "namespace"]
    for source in {*sent} - {flow.address, ""} if flow.uplink else ():
        what = f"a NAT rule of the host hides {flow.address} behind {source} outside"
        advice = f"let the rule leave out what comes in on {flow.bridge}"
        yield Finding("warning", what, "nft list ruleset", advice=advice)


def words(drop: Drop, program: str = "iptables") -> str:
    """What drops a packet, and where that stands; a policy of iptables' is this program's."""
    where, rule = f"nft's chain {drop.table} {drop.chain}", shortened(drop.rule)
    rule = rule and f"`{rule}`"
    if drop.is_of_iptables:
        whose = f"{program}'s" if "-" in program else "iptables'"
        what = rule or f"{whose} policy for {drop.chain}"
        return what if drop.table == "ip filter" else f"{what} in table {drop.table[3:]}"
    return f"{rule} in {where}" if rule else f"the policy of {where}"


def evidence(drop: Drop, program: str = "iptables") -> str:
    """The command that shows it; of a table of iptables' by this program."""
    if drop.is_of_iptables and program != "nft":
        return shlex.join((program, *drop.of_table, "-S", drop.chain))
    return shlex.join(("nft", "list", "chain", *drop.table.split(), drop.chain))
