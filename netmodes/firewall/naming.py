"""Rules that name an uplink, whose packets will come in on the bridge.

A packet shows what lets pass and what drops. It does not show what else a rule does that is for
the uplink alone: it translates, marks, or has no connection known. Nor does a copy hear of rules
for packets that are not tried there. So this reads the rules, and asks nothing but whether one that
acts so has a twin for the bridge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from netmodes.firewall.questions import legacy
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.text import parted

#: What shows the rules that may name an uplink.
SHOWS = {
    "tc": "tc filter show dev {0}",
    "nft": "nft list ruleset",
    "iptables": "iptables -S",
    "iptables-legacy": "iptables-legacy-save",
    "rules": "ip -4 rule show",
    "rules6": "ip -6 rule show",
}

#: What adds a rule of the kernel's routing.
ADDS = {"rules": "ip -4 rule add", "rules6": "ip -6 rule add"}

#: What a rule has beside its words: a count, a number before it, that its device is not there.
NOISE = re.compile(r"counter packets \d+ bytes \d+|^\d+:|\[detached\]")

#: What a chain or set of nft begins with, and a table or rule of iptables.
NFT = re.compile(r"(table|chain|set|map) ([^{]*) \{(?: #.*)?")
SAVED = re.compile(r"\*(\w+)|-A (\S+) .*")

#: Another chain, or a set, that a rule leads to.
LEADS = re.compile(r"(?:\b(?:jump|goto) |-[jg] |(?=@))(@?[\w.-]+)")

#: What a rule does but for a verdict on the packet, in the words of nft and of iptables.
ACTS = re.compile(
    r"\b(masquerade|[sd]nat( ip6?)? to|redirect( to|$)|tproxy|notrack|(dup|fwd) to|xt target)\b"
    r"| set (?!--)|-j (MASQUERADE|[SD]NAT|REDIRECT|NETMAP|TPROXY|NOTRACK|CT|(CONN)?MARK|TEE)\b"
)

#: What a rule has counted, which differs from the same for another device.
COUNTED = re.compile(r"packets \d+ bytes \d+")

#: A device that has to be there.
INDEXED = re.compile(r"\b([io]if) ")

QUOTED = re.compile(r'"[^"]*"')

#: The rules of each chain, and the lines of each set, by table and name.
Chains = dict[tuple[str, str], list[str]]


def naming(uplink: str, bridge: str, facts: Facts, *, seen: bool = False) -> Iterator[Finding]:
    """The rules that name the uplink.

    Args:
        uplink: the NIC.
        bridge: the device that its packets will come in on.
        facts: the machine.
        seen: what they let pass and drop is known, by packets.
    """
    found = [*_naming(uplink, bridge, facts, seen)]
    own = _naming(bridge, "", facts, seen) if found else ()
    both = {_plain(rule) for _, rule in own}
    for what, rule in found:
        named = _plain(pattern(uplink, bridge).sub(bridge, rule))
        if both & {_plain(rule), named}:
            continue
        does = f"a rule names {uplink}, whose packets will come in on {bridge} ({what}: {rule})"
        remedy = {"advice": f"let it name {bridge} as well"}
        if what in ADDS:
            remedy = {"fix": f"{ADDS[what]} pref {rule.partition(':')[0]} {named}"}
        yield Finding("error", does, SHOWS[what].format(uplink), about=uplink, **remedy)


def _plain(rule: str) -> str:
    """A rule without its counter, and its place."""
    return " ".join(NOISE.sub("", rule).split())


def _naming(uplink: str, bridge: str, facts: Facts, seen: bool) -> Iterator[tuple[str, str]]:
    """Where the rules are that name the uplink, and each as it is written."""
    of_tc = facts.tc.get(uplink) if facts.tc else None
    yield from (("tc", line.strip()) for line in of_tc or ())
    name = pattern(uplink, bridge)
    for what, lines in rules(facts):
        if seen:
            yield from ((what, rule) for rule in acting(lines, name, bridge))
        else:
            yield from ((what, line.strip()) for line in lines if name.search(line))
    for what, ruled in (("rules", facts.rules), ("rules6", facts.rules6)):
        yield from ((what, rule.text) for rule in ruled or () if uplink in rule.devices)


def rules(facts: Facts) -> Iterator[tuple[str, list[str]]]:
    """The rules of each program that lists any; iptables-legacy's are nobody else's."""
    yield "nft", facts.nft or []
    yield "iptables", facts.iptables or []
    yield "iptables-legacy", legacy(facts)


def pattern(uplink: str, bridge: str) -> re.Pattern[str]:
    """What names it; some do by how it begins, `enp+` or `"enp*"`, as the bridge does not."""
    begins = [uplink[:length] for length in range(1, len(uplink) + 1)]
    own = "|".join(re.escape(one) for one in begins if not bridge.startswith(one))
    several = rf'(?<=[ "])({own})(\+(?= |$)|\*(?="))'
    return re.compile(rf"(?<![\w.-]){re.escape(uplink)}(?![\w.-])|{several}")


def renamed(rule: str, name: re.Pattern[str], bridge: str) -> str:
    """A rule, or an element of a set, for the bridge, which is not there yet."""
    return INDEXED.sub(r"\1name ", name.sub(bridge, rule)) if name.search(rule) else rule


def acting(lines: Iterable[str], name: re.Pattern[str], bridge: str) -> Iterator[str]:
    """The rules of this name, not of the bridge's, after which something is done but a verdict."""
    every = chains(lines)
    for (table, chain), found in every.items():
        there, lacking = _uncounted(found), list[int]()
        for at, rule in enumerate(() if chain.startswith("@") else found):
            sets = [one for one in LEADS.findall(rule) if one.startswith("@")]
            words = [word for one in sets for word in elements(every.get((table, one), ()))]
            own = [renamed(one, name, bridge) for one in (rule, *words) if name.search(one)]
            if _uncounted(own).difference(there, _uncounted(words)):
                lacking.append(at)
        last = _last_act(found, table, every) if lacking else 0
        yield from (found[at] for at in lacking if at <= last)


def _uncounted(rules: Iterable[str]) -> set[str]:
    """Rules, or elements of a set, without what each has counted."""
    return {COUNTED.sub("", one) for one in rules}


def _last_act(rules: Sequence[str], table: str, every: Chains) -> int:
    """The place of the last rule by which something is done but a verdict; -1 for none."""
    for at in reversed(range(len(rules))):
        words = (QUOTED.sub("", line) for line in reached(rules[at : at + 1], table, every))
        if any(map(ACTS.search, words)):
            return at
    return -1


def chains(lines: Iterable[str]) -> Chains:
    """The chains and sets of rules, as nft lists or iptables saves them."""
    found, table, name = Chains(), "filter", ""
    for line in map(str.strip, lines):
        if began := NFT.fullmatch(line):
            kind, words = began.groups()
            table = words if kind == "table" else table
            name = {"table": "", "chain": words}.get(kind, f"@{words}")
        elif saved := SAVED.fullmatch(line):
            table, name = saved[1] or table, saved[2] or ""
        if name and not began:
            found.setdefault((table, name), []).append(line)
    return found


def elements(lines: Iterable[str]) -> list[str]:
    """The elements in the lines of a set or map."""
    _, _, words = " ".join(lines).partition("elements = ")
    return parted(words.strip(" {}"))


def reached(rules: Iterable[str], table: str, chains: Chains) -> Iterator[str]:
    """Rules, and those of the chains and sets that they lead to."""
    found, seen = [*rules], set[str]()
    for line in found:  # it grows
        yield line
        for name in {*LEADS.findall(line)} - seen:
            seen.add(name)
            found += chains.get((table, name), [])
