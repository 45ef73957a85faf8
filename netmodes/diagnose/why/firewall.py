"""What the kernel told of the packet's way through the rules; stages as in ``namespace_side``."""

import shlex
from dataclasses import replace

from netmodes.diagnose.why.printed import answers_arp, refusal
from netmodes.diagnose.why.trace import Judgement, Trace
from netmodes.firewall import judgement
from netmodes.firewall.accept import ANSWERS, Asked, accepting, address, device, packet
from netmodes.firewall.kill_switch import kept_to
from netmodes.firewall.live import Heard
from netmodes.firewall.netlink import ARP, Event
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import DOCKER, Drop

LEGACY = "iptables-legacy"

#: What is said first of what a rule of the host drops.
BY_RULE = "the host's firewall drops"


def arp(trace: Trace) -> Judgement:
    """What drops ARP, here or in the namespace, so that the next hop is not found."""
    if trace.to_itself or answers_arp(trace.seen.neighbours, trace.next_hop):
        return None
    found = (_finding(trace, place, heard.arp) for place, heard in trace.heard.items() if heard.arp)
    return next(filter(None, found), None)


def kept(trace: Trace) -> Judgement:
    """An answer that the host takes for its own."""
    return untracked(trace) if "" in trace.heard and trace.heard[""].told.is_kept else None


def untracked(trace: Trace) -> Finding | None:
    """A rule by which the host does not know the connection, so that it does not translate it."""
    heard = trace.heard.get("")
    is_as_sent = heard and (heard.told.is_kept or trace.leaves == trace.address)
    drop = heard.changes.untracked if heard and heard.changes and is_as_sent else None
    if heard is None or drop is None:
        return None
    program = "iptables" if drop.is_of_iptables else "nft"
    found = replace(heard, drop=drop, program=program)
    what = "the host does not translate it, for it is not tracked"
    if heard.told.is_kept:
        what = "the host takes the answer for its own, for it is not tracked with what was sent"
    what += f": {judgement.words(drop, program)}"
    return _there("", what, judgement.evidence(drop), _remedy(trace, "", found))


def turned(trace: Trace, place: str = "") -> Finding | None:
    """A rule that has the packet go to another than the target, which does not answer."""
    heard = trace.heard.get(place)
    changes = heard.changes if heard and not heard.drop and not trace.is_answered else None
    found = changes.turned if changes else None
    own = trace.host_has(trace.target)
    if found is None or (found.is_kept and (own or not found.rule)):
        return None
    way = "takes it for its own" if found.is_kept else f"turns it to {found.end}"
    silent = "nothing listens there" if trace.is_refused else "no answer comes from there"
    what, chain = f"{place or 'the host'} {way}, and {silent}", "OUTPUT" if place else "PREROUTING"
    by = _by(what, found.rule, found.was, chain)
    remedy = {"fix": by.fix}
    if own and not place:
        remedy = {"advice": f"see that {found.end} answers: netmodes why {trace.name} {found.end}"}
    return _there(place, by.what, by.evidence, remedy)


def disguised(trace: Trace) -> Judgement:
    """A rule that gives the packet a source that is not this machine's, so that no answer comes."""
    found = trace.changes.disguised if trace.changes and trace.exit else None
    if trace.is_answered or found is None or trace.host_has(found.now.source):
        return None
    what = f"it leaves the host as {found.now.source}, which is not the host's"
    return _by(what, found.rule, found.was, "POSTROUTING")


def dies(trace: Trace) -> Judgement:
    """Its TTL runs out, which a rule has lowered, or the namespace's own setting."""
    who, _, said = refusal(trace.seen.ping).partition(" says ")
    if "exceeded" not in said or not (trace.host_has(who) or trace.seen.host_ping.status == 0):
        return None
    heard, what = trace.heard.get(""), f"its TTL runs out at {who}"
    rule = trace.changes.dies if trace.changes else None
    if heard is None or rule is None or heard.told.at is None:
        key = "net.ipv4.ip_default_ttl"
        return trace.inspection.finding("error", what, f"sysctl {key}", fix=f"sysctl -w {key}=64")
    return _by(what, rule, heard.told.at, "")


def _by(what: str, rule: Drop | None, at: Event, chain: str) -> Finding:
    """What a rule does with a packet, and what takes just that packet past it; None stands for one
    of iptables-legacy's in this chain of its table nat."""
    program, by = LEGACY, f"a rule of {LEGACY}'s table nat"
    if rule is not None:
        program, by = "iptables" if rule.is_of_iptables else "nft", judgement.words(rule)
    rule = rule or Drop("", "ip nat", chain)
    fix = shlex.join(accepting(program, rule, rule.chain, *packet(at)))
    return Finding("error", f"{what}: {by}", judgement.evidence(rule, program), fix=fix)


def lost(trace: Trace) -> Judgement:
    """A packet, or its answer, that is lost on the host, and no rule of nf_tables drops it."""
    place, _, hook = trace.lost.partition(" ")
    at = trace.heard[""].told.at if trace.lost else None
    it = "the answer" if at and at.answer else "it"
    if trace.risen:
        what, advice = f"a policy of IPsec drops {it} ({trace.risen})", "see to who has made it"
        return Finding("error", what, "ip xfrm policy", advice=advice)
    if not place or trace.lost == "last input":
        return None
    where = "among the rules for" if place == "first" else "after the rules for"
    what = f"the host loses {it} {where} {hook}, and no rule of nft drops it"
    advice = "see to the rules of iptables-legacy, or to a program that filters by BPF"
    return Finding("warning", what, "iptables-legacy-save -c", advice=advice)


def stopped(trace: Trace, place: str = "") -> Finding | None:
    """The firewall of a namespace, or the host's (""), for the packet and for the answer."""
    heard = trace.heard.get(place)
    if heard is None or (trace.is_answered and not _is_cut(trace, heard)):
        return None
    found = _finding(trace, place, heard)
    forwarded = heard.drop is not None and heard.drop.hook == "forward" and not place
    return next(trace.inspection.rules(), found) if forwarded else found


def _is_cut(trace: Trace, heard: Heard) -> bool:
    """Whether a connection hangs: the answer came past the host, which then drops what follows."""
    at = heard.told.at
    return bool(trace.port and heard.drop and at and not at.answer)


def _finding(trace: Trace, place: str, heard: Heard) -> Finding | None:
    """What the firewall of a place does with the packet or the answer, and what lets it pass."""
    if heard.told.program:
        evidence: Argv = ("nft", "list", "chain", *heard.told.program.split(" ", 2))
        what = f"a program decides what becomes of it, by nft's chain {heard.told.program}"
        return _there(place, what, shlex.join(evidence), {"advice": "see to that program"})
    drop, program = heard.drop, heard.program
    if drop is None:
        return None
    whose = f"{place}'s own firewall drops" if place else BY_RULE
    what = f"{whose} {_what(trace, place, heard)}: {judgement.words(drop, program)}"
    return _there(place, what, judgement.evidence(drop, program), _remedy(trace, place, heard))


def _there(place: str, what: str, evidence: str, remedy: dict[str, str]) -> Finding:
    """A finding whose commands run in a namespace, or on the host."""
    before = f"ip netns exec {place} " if place else ""
    if "fix" in remedy:
        remedy = {"fix": " && ".join(before + one for one in remedy["fix"].split(" && "))}
    return Finding("error", what, before + evidence, about=place, namespace=place, **remedy)


def _what(trace: Trace, place: str, heard: Heard) -> str:
    """The packet or the answer, in words."""
    at, inside = heard.told.at, place == trace.name
    if at and at.flow == ARP:
        return "its ARP" if inside else f"the ARP of {trace.name}"
    if at and at.answer:
        return "the answer" if inside else f"the answer to {trace.name}"
    late = " once it is connected" * trace.is_answered
    return f"what it sends{late}" if inside else f"what {trace.name} sends{late}"


def _remedy(trace: Trace, place: str, heard: Heard) -> dict[str, str]:
    """The commands that let just this packet pass that chain, or its answer."""
    at, drop = heard.told.at, heard.drop
    if at is None or drop is None:
        return {"advice": "let that chain accept it"}
    listed = "\n".join(line.strip() for line in trace.host.nft or ())
    if not place and f"table {drop.table} {{\nflags owner" in listed:
        return {"advice": f"have the program accept it whose table {drop.table} is, and no other"}
    chain = drop.chain if place else _chain(drop, trace.host)
    routed = drop.table.startswith(("ip ", "inet "))
    ours = (trace.exit, trace.net.ingress, trace.net.uplink)
    if not place and (other := kept_to(drop, trace.host, *ours)):
        return {"advice": f"{drop.chain} lets packets leave by {other} alone: bring it up"}
    every = _outwards(trace, drop) if trace.opens_all and routed and not place else _both(at, drop)
    rules = [accepting(heard.program, drop, chain, *one) for one in every]
    return {"fix": " && ".join(map(shlex.join, rules))}


def _chain(drop: Drop, host: Facts) -> str:
    """The chain that an accept is for; Docker leaves one of its own alone."""
    by_policy = (drop.table, drop.chain, drop.rule) == ("ip filter", "FORWARD", "")
    return DOCKER if by_policy and judgement.has_docker(host) else drop.chain


def _outwards(trace: Trace, drop: Drop) -> list[list[Asked]]:
    """All that the namespace sends outside; and the answers, where they come to that chain too."""
    ingress, sent = trace.net.ingress, address("saddr", trace.address)
    out = trace.exit or ingress  # a bridge passes it on
    if drop.hook != "forward":
        return [[device("i", ingress) if drop.hook == "prerouting" else device("o", out), sent]]
    answers = address("daddr", trace.address), ANSWERS
    back = [device("i", out), device("o", ingress), *answers]
    return [[device("i", ingress), device("o", out), sent], back]


def _both(at: Event, drop: Drop) -> list[list[Asked]]:
    """The packet; and its answer, where that comes to the chain too."""
    back = replace(at, answer=not at.answer, source=at.target, target=at.source)
    both = drop.hook == "forward" and (drop.every or not drop.rule)
    return [packet(one) for one in (at, back)[: 1 + both]]
