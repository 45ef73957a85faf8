"""What a mode's packets need of the firewall, by the kernel's verdicts: accepts, or a refusal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from netmodes.commands.forwarding import ENGINES
from netmodes.firewall.accept import ANSWERS, accepting, device
from netmodes.firewall.naming import chains
from netmodes.firewall.questions import legacy
from netmodes.firewall.trace import EVERY
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import DOCKER, Drop, Fate, Flow, Packet, Verdict, Verdicts

#: A rule that has a connection not tracked, as nft lists it or iptables-legacy saves it.
NOTRACK = re.compile(r'notrack|xt target "CT"|-j NOTRACK')

COUNTER = re.compile(r"counter packets \d+ bytes \d+ ")

UNKNOWN = "once it is up, `netmodes check` tells"

#: What is cut off, by who sends it.
CUT_OFF = {
    "LAN": "the LAN sends to the host once it comes in on",
    "host": "the host sends once it leaves by",
}

#: What a rule says of the device that packets leave by, and the names in that.
LEAVES = re.compile(r"(?<!! )-o (\S+)|oif(?:name)? (\"[^\"]+\"|{[^}]*})")
NAMES = re.compile(r"[^\s\"{},]+")


def entries(
    found: Mapping[Packet, Fate], outs: Sequence[str], bridge: str, facts: Facts
) -> list[str]:
    """The chains of iptables where an accept may let pass what is dropped, the best first."""
    opened = [drop for drop in drops(found) if _may_be_opened(drop, facts)]
    chains = [*dict.fromkeys(drop.chain for drop in opened)]
    if len(chains) != 1 or kept_to(opened[0], facts, *outs, bridge):
        return []
    return [DOCKER] * has_docker(facts) + chains


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
    own = drop.table == "ip filter" and _program(drop, facts) == "iptables"
    return _is_for_the_rest(drop) and own


def _is_for_the_rest(drop: Drop) -> bool:
    return drop.hook == "forward" and (drop.every or not drop.rule)


def _program(drop: Drop, facts: Facts) -> str:
    """The program whose rule it is; in a copy iptables-legacy's stand among those of iptables."""
    if facts.iptables is None or not drop.is_of_iptables:
        return "nft"
    own = (drop.rule or f"-P {drop.chain} DROP") in facts.iptables
    return "iptables-legacy" if legacy(facts) and not own else "iptables"


def kept_to(drop: Drop, facts: Facts, *ours: str) -> str:
    """Another device that rules let packets leave by, as a VPN's kill switch does.

    In the chain that drops any other device counts, in others one that is not there.

    Args:
        drop: what drops.
        facts: the machine.
        ours: the devices that packets pass by.
    """
    own = drop.table == "ip filter"
    table, listed = ("filter", facts.iptables) if own else (drop.table, facts.nft)
    for (where, chain), rules in chains(listed or ()).items():
        for name in _leaving(rules) if where == table else ():
            counts = chain == drop.chain or not _is_up(name, facts)
            if counts and name not in (*ours, "lo") and not _is_inner(name, facts):
                return name
    return ""


def _leaving(rules: Iterable[str]) -> Iterator[str]:
    """The devices by which rules let leave what is no answer."""
    for rule in rules:
        if re.search(r"(-j ACCEPT|\baccept)\b", rule) and "state" not in rule:
            names = " ".join(word for found in LEAVES.findall(rule) for word in found)
            yield from map(str, NAMES.findall(names))


def _is_up(name: str, facts: Facts) -> bool:
    """Whether a device is up that a rule names, perhaps by how it begins."""
    begins, is_whole = name.rstrip("+*"), not name.endswith(("+", "*"))
    names = [link.name for link in facts.known("links") if link.is_up]
    return name in names if is_whole else any(one.startswith(begins) for one in names)


def _is_inner(name: str, facts: Facts) -> bool:
    """Whether it is the bridge of something inside the host."""
    link = facts.link(name)
    return link.kind == "bridge" if link else bool(re.fullmatch(ENGINES, name))


def judged(flow: Flow, asked: Verdicts, facts: Facts) -> Verdict:
    """What a mode is to do, and why it may not."""
    own = {packet: fate for packet, fate in asked.last.items() if packet not in asked.today}
    cut = {one: asked.last[one] for one, fate in asked.today.items() if fate.passes}
    around = any(asked.gateways.values())
    findings = [] if around else [*_dropped(flow, own, asked, facts)]
    findings += [*_cut_off(flow, cut), *_untranslated(flow, own, facts)]
    warnings = (*_unknown(flow, own, asked.left), *_hidden(flow, own))
    first = drops({packet: fate for packet, fate in asked.up.items() if packet in own})
    by = " and ".join(map(words, first)) if asked.chain else ""
    return Verdict(asked.chain, asked.outs, by, tuple(findings), warnings)


def drops(found: Mapping[Packet, Fate]) -> list[Drop]:
    """What drops these packets, each once."""
    return [*dict.fromkeys(fate.drop for fate in found.values() if fate.drop)]


def _dropped(
    flow: Flow, own: Mapping[Packet, Fate], asked: Verdicts, facts: Facts
) -> Iterator[Finding]:
    for drop in dict.fromkeys([*drops(own), *asked.further]):
        what = f"the firewall drops what {flow.bridge} passes on ({words(drop)})"
        if other := kept_to(drop, facts, *asked.outs, flow.bridge):
            advice = (
                f"{drop.chain} lets packets leave by {other} alone, as a VPN's may: bring it up"
            )
            yield Finding("error", what, evidence(drop), advice=advice)
        elif lines := fix(drop, flow, asked.outs, facts):
            zoned = [("firewall-cmd", f"--add-interface={flow.bridge}")]
            shown = zoned if drop.table.endswith(" firewalld") else lines
            yield Finding("error", what, evidence(drop), fix=" && ".join(map(shlex.join, shown)))
        else:
            wanted = f"somebody wants that: take {flow.bridge} out of that rule"
            advice = wanted if drop.rule else f"let that chain accept {flow.bridge}"
            yield Finding("error", what, evidence(drop), advice=advice)


def _cut_off(flow: Flow, cut: Mapping[Packet, Fate]) -> Iterator[Finding]:
    """What drops the host's own packets, which pass today."""
    senders = dict[Drop | str, str]()
    for packet, fate in cut.items():
        if not fate.passes:
            senders.setdefault(fate.drop or fate.lost, packet.sender)
    for by, sender in senders.items():
        whose = f"what {CUT_OFF[sender]} {flow.bridge}"
        what = f"{whose} is lost in a copy of this machine ({by})"
        shows = "nft list ruleset"
        if isinstance(by, Drop):
            what, shows = f"the firewall drops {whose} ({words(by)})", evidence(by)
        advice = f"let it accept {flow.bridge} as it does {flow.uplink}"
        yield Finding("error", what, shows, advice=advice)


def _unknown(flow: Flow, found: Mapping[Packet, Fate], left: Iterable[str]) -> Iterator[Finding]:
    """What no rule drops and nobody answers, and what could not be tried."""
    lost = [fate.lost for fate in found.values() if fate.passes is None]
    for why in dict.fromkeys([*lost[:1], *left]):
        what = f"whether the firewall lets pass what goes by {flow.bridge} is unknown ({why})"
        yield Finding("warning", what, "nft list ruleset", advice=UNKNOWN)


def _untranslated(flow: Flow, own: Mapping[Packet, Fate], facts: Facts) -> Iterator[Finding]:
    """What NAT leaves as it is, for its connection is not tracked: nobody outside can answer."""
    lost = [fate for packet, fate in own.items() if packet.sender == "namespace"]
    if flow.uplink or not any((one.passes, one.source) == (None, flow.address) for one in lost):
        return
    lines = [*map(str.strip, facts.nft or ()), *legacy(facts)]
    found = (COUNTER.sub("", line) for line in lines if NOTRACK.search(line))
    rule = next((f" (`{line}`)" for line in found), "")
    what = f"what {flow.bridge} passes on leaves with its own address, for it is not tracked{rule}"
    advice = f"let that rule leave out {flow.bridge}, and the answers"
    yield Finding("error", what, "nft list ruleset", advice=advice)


def _hidden(flow: Flow, own: Mapping[Packet, Fate]) -> Iterator[Finding]:
    """Whose address a namespace of the LAN has outside, where that is another's."""
    sent = [fate.source for packet, fate in own.items() if packet.sender == "namespace"]
    for source in {*sent} - {flow.address, ""} if flow.uplink else ():
        what = f"a NAT rule of the host hides {flow.address} behind {source} outside"
        advice = f"let the rule leave out what comes in on {flow.bridge}"
        yield Finding("warning", what, "nft list ruleset", advice=advice)


def words(drop: Drop) -> str:
    """What drops a packet, and where that stands."""
    where = f"nft's chain {drop.table} {drop.chain}"
    if drop.is_of_iptables:
        what = f"`{drop.rule}`" if drop.rule else f"iptables' policy for {drop.chain}"
        return what if drop.table == "ip filter" else f"{what} in table {drop.table[3:]}"
    return f"`{drop.rule}` in {where}" if drop.rule else f"the policy of {where}"


def evidence(drop: Drop, program: str = "iptables") -> str:
    """The command that shows it; of a table of iptables' by this program."""
    if drop.is_of_iptables:
        return shlex.join((program, *drop.of_table, "-S", drop.chain))
    return shlex.join(("nft", "list", "chain", *drop.table.split(), drop.chain))


def fix(drop: Drop, flow: Flow, outs: Sequence[str], facts: Facts) -> list[Argv]:
    """What lets a packet and its answer pass; nothing where a rule means what it drops."""
    if not _is_for_the_rest(drop):
        return []
    accept = partial(accepting, _program(drop, facts), drop, drop.chain)
    lines = []
    for out in outs or (flow.bridge,):
        lines.append(accept(device("i", flow.bridge), device("o", out)))
        if out != flow.bridge:
            lines.append(accept(device("i", out), device("o", flow.bridge), ANSWERS))
    return lines
