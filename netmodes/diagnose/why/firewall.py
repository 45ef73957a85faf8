"""What the kernel told of the packet's way through the rules; stages as in ``namespace_side``."""

import shlex
from dataclasses import replace

from netmodes.diagnose.why.trace import Judgement, Trace
from netmodes.firewall import judgement
from netmodes.firewall.live import OF_IPTABLES, Heard
from netmodes.firewall.trace import Event
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import DOCKER, Drop

#: What nft says of a packet that begins no connection.
GOES_ON = ("tcp", "flags", "&", "(fin|syn|rst|ack)", "!=", "syn")


def in_namespace(trace: Trace) -> Judgement:
    """The namespace's own firewall, for the packet and for the answer."""
    heard = trace.heard.get(trace.name)
    if trace.is_answered or heard is None or not (found := _stopped(trace, heard)):
        return None
    says, evidence, remedy = found
    what = f"{trace.name}'s own firewall {says}".replace(
        f"what {trace.name} sends", "what it sends"
    )
    return trace.inspection.finding("error", what, evidence, about=trace.name, **remedy)


def on_host(trace: Trace) -> Judgement:
    """The host's firewall, for the packet and for the answer."""
    heard = trace.heard.get("")
    if trace.is_answered or heard is None or not (found := _stopped(trace, heard)):
        return None
    says, evidence, remedy = found
    return Finding("error", f"the host's firewall {says}", evidence, **remedy)


def lost(trace: Trace) -> Judgement:
    """A packet that is lost among the rules, and no rule of nf_tables drops it."""
    heard = trace.heard.get("")
    place, _, hook = (heard.told.hook if heard else "").partition(" ")
    if trace.is_answered or trace.is_refused or place != "first":
        return None
    what = f"the host loses it among the rules for {hook}, and no rule of nft drops it"
    advice = "see to the rules of iptables-legacy, or to a program that filters by BPF"
    return Finding("warning", what, "iptables-legacy-save -c", advice=advice)


def _stopped(trace: Trace, heard: Heard) -> tuple[str, str, dict[str, str]] | None:
    """What a firewall does with the packet or the answer, what shows it, and the fix or advice."""
    told, drop = heard.told, heard.drop
    if told.program:
        family, table, chain = told.program.split(" ", 2)
        evidence = shlex.join(("nft", "list", "chain", family, table, chain))
        says = f"hands it to a program, which decides (a queue in nft's chain {told.program})"
        return says, evidence, {"advice": "see to that program"}
    if drop is None:
        return None
    whose = "the answer" if told.at and told.at.answer else f"what {trace.name} sends"
    whose += f" to {trace.name}" * (whose == "the answer" and heard is trace.heard.get(""))
    return f"drops {whose}: {judgement.words(drop)}", _evidence(drop), _remedy(trace, heard, drop)


def _evidence(drop: Drop) -> str:
    if _is_of_iptables(drop):
        return judgement.evidence(drop).replace(" -t filter ", " ")
    return shlex.join(("nft", "list", "chain", *drop.table.split(), drop.chain))


def _is_of_iptables(drop: Drop) -> bool:
    """Whether it is iptables' to change; nft may have a table of the same name."""
    family, _, table = drop.table.partition(" ")
    own = drop.rule.startswith("-A ") or (not drop.rule and drop.chain.isupper())
    return family == "ip" and table in OF_IPTABLES and own


def _remedy(trace: Trace, heard: Heard, drop: Drop) -> dict[str, str]:
    """The commands that let just this packet pass that chain, or its answer."""
    at = heard.told.at
    if at is None or not at.source:
        return {"advice": "let that chain accept it"}
    listed = "\n".join(line.strip() for line in trace.host.nft or ())
    if f"table {drop.table} {{\nflags owner" in listed:
        return {"advice": f"have the program accept it whose table {drop.table} is, and no other"}
    ways = [at]
    if drop.hook == "forward" and (drop.every or not drop.rule):  # the answer comes there as well
        ways.append(replace(at, answer=not at.answer, source=at.target, target=at.source))
    if _is_of_iptables(drop):
        rules = [_of_iptables(way, drop, _chain(drop, trace.host)) for way in ways]
    else:
        rules = [_of_nft(way, drop) for way in ways]
    return {"fix": " && ".join(map(shlex.join, rules))}


def _chain(drop: Drop, host: Facts) -> str:
    """The chain that an accept is for; Docker leaves one of its own alone."""
    by_policy = (drop.table, drop.chain, drop.rule) == ("ip filter", "FORWARD", "")
    jumps = f"-A FORWARD -j {DOCKER}" in (host.iptables or ())
    return DOCKER if by_policy and jumps else drop.chain


def _of_iptables(at: Event, drop: Drop, chain: str) -> Argv:
    table = drop.table.partition(" ")[2]
    of: Argv = () if table == "filter" else ("-t", table)
    kind: Argv = ("-p", "icmp", "--icmp-type", "echo-reply" if at.answer else "echo-request")
    if at.port:
        port = str(at.port)
        kind = ("--sport", port, "!", "--syn") if at.answer else ("--dport", port)
        kind = ("-p", "tcp", *kind)
    return ("iptables", *of, "-I", chain, "-s", at.source, "-d", at.target, *kind, "-j", "ACCEPT")


def _of_nft(at: Event, drop: Drop) -> Argv:
    kind: Argv = ("icmp", "type", "echo-reply" if at.answer else "echo-request")
    if at.port:
        port = str(at.port)
        kind = ("tcp", "sport", port, *GOES_ON) if at.answer else ("tcp", "dport", port)
    addresses = ("ip", "saddr", at.source, "ip", "daddr", at.target)
    return ("nft", "insert", "rule", *drop.table.split(), drop.chain, *addresses, *kind, "accept")
