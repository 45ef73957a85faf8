"""What in a firewall stops a packet: the rules of iptables and nft, as far as they are understood.

A rule may ask for more than is understood here. It is looked at only for packets that are known to
be lost, so in doubt a rule that drops is the one, and a rule that accepts is not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

from netmodes.facts import Facts

__all__ = ["Packet", "Stop", "stops"]


@dataclass(frozen=True)
class Packet:
    """A packet that goes through the host, or to it; each field is what a rule may ask for.

    Args:
        hook: "forward"; "input" or "output" for what is the host's own.
        iif: the device that it comes in on; "" for output.
        oif: the device that it leaves by; "" for input.
        source: its address.
        target: the address that it is for.
        protocol: "icmp" or "tcp".
        port: the TCP port that it is for, or "".
        state: "new", or "established" for an answer.
    """

    hook: str
    iif: str
    oif: str
    source: str
    target: str
    protocol: str = "icmp"
    port: str = ""
    state: str = "new"

    def ways(self, into: str, out: str) -> list[tuple[str, str]]:
        """The devices, each after the word of a firewall that asks for it."""
        return [(word, name) for word, name in ((into, self.iif), (out, self.oif)) if name]


@dataclass(frozen=True)
class Stop:
    """What stops a packet, and how to see to it.

    Args:
        what: the rule or policy in words, with where it stands.
        shows: the command that shows it.
        mend: the command that lets this packet pass.
    """

    what: str
    shows: str
    mend: str


@dataclass(frozen=True)
class Rule:
    """One rule: what a packet must be (field, values, negated), and what is done with it then."""

    text: str
    asks: tuple[tuple[str, tuple[str, ...], bool], ...]
    verdict: str
    chain: str = ""

    def matches(self, packet: Packet) -> bool | None:
        """Whether it is for this packet; None if it may be."""
        answers = [_fits(packet, *ask) for ask in self.asks]
        return False if False in answers else None if None in answers else True


@dataclass
class Chain:
    """The rules of a chain in order, and where it is called from by the kernel."""

    name: str
    hook: str = ""
    policy: str = "accept"
    rules: list[Rule] = field(default_factory=list)


#: Chains by name.
Table = dict[str, Chain]


def stops(packet: Packet, facts: Facts) -> Iterator[Stop]:
    """What stops the packet, in iptables and then in nft's tables."""
    iptables = read_iptables(facts.iptables or [])
    yield from (_of_iptables(*stop, packet, iptables) for stop in _stopping(packet, iptables))
    for name, table in read_nft(facts.nft or []).items():
        if name != "ip filter" or not iptables:
            yield from (_of_nft(*stop, packet, name) for stop in _stopping(packet, table))


def _stopping(packet: Packet, table: Table) -> Iterator[tuple[Chain, Rule | None]]:
    """Each chain of the packet's hook that drops it, with the rule; None for its policy."""
    for chain in table.values():
        if chain.hook == packet.hook:
            verdict, where, rule = _verdict(packet, chain, table)
            if verdict == "drop":
                yield where, rule
            elif verdict == "" and chain.policy == "drop":
                yield chain, None


def _verdict(packet: Packet, chain: Chain, table: Table) -> tuple[str, Chain, Rule | None]:
    """What a chain does with the packet: "accept", "drop" or "", by which rule of which chain."""
    suspect: tuple[str, Chain, Rule | None] = ("", chain, None)
    for rule in chain.rules:
        matches = rule.matches(packet)
        found: tuple[str, Chain, Rule | None] = (rule.verdict, chain, rule)
        if matches is False or rule.verdict == "":
            continue
        if rule.verdict in ("jump", "goto"):
            found = _verdict(packet, table.get(rule.chain, Chain(rule.chain)), table)
        if found[0] == "drop" and not matches and not suspect[0]:
            suspect = found
        if matches and found[0] in ("accept", "drop"):
            return suspect if suspect[0] else found
        if matches and rule.verdict in ("return", "goto"):
            break
    return suspect


def _of_iptables(chain: Chain, rule: Rule | None, packet: Packet, table: Table) -> Stop:
    shows = f"iptables -S {chain.name}"
    if rule:
        return Stop(f"`{rule.text}`", shows, rule.text.replace("-A ", "iptables -D ", 1))
    into = "DOCKER-USER" if packet.hook == "forward" and "DOCKER-USER" in table else chain.name
    ways = " ".join(f"{option} {name}" for option, name in packet.ways("-i", "-o"))
    mend = f"iptables -I {into} {ways} -j ACCEPT"
    return Stop(f"iptables' policy for {chain.name}", shows, mend)


def _of_nft(chain: Chain, rule: Rule | None, packet: Packet, table: str) -> Stop:
    where = f"{table} {chain.name}"
    ways = " ".join(f"{word} {name}" for word, name in packet.ways("iifname", "oifname"))
    mend = f"nft insert rule {where} {ways} accept"
    what = f"`{rule.text}` in nft's chain {where}" if rule else f"the policy of nft's chain {where}"
    return Stop(what, f"nft list chain {where}", mend)


def _fits(packet: Packet, what: str, values: Sequence[str], negated: bool) -> bool | None:
    """Whether the packet is what a rule asks for; None if that is not understood here."""
    if what not in FIELDS:
        return None
    own = getattr(packet, what)
    try:
        fits = any(_is(own, value, what) for value in values)
    except ValueError:  # a set by name, or a range
        return None
    return fits is not negated


FIELDS = ("iif", "oif", "source", "target", "protocol", "port", "state")


def _is(own: str, value: str, what: str) -> bool:
    if what in ("source", "target"):
        return ip_address(own) in ip_network(value, strict=False)
    if what in ("iif", "oif"):
        return fnmatchcase(own, value.replace("+", "*"))
    if what == "port":
        return own == str(int(value))
    return own == value.lower()


#: What `iptables -S` calls each field.
OPTIONS = {
    "-i": "iif",
    "-o": "oif",
    "-s": "source",
    "-d": "target",
    "-p": "protocol",
    "--dport": "port",
    "--ctstate": "state",
    "--state": "state",
}

TARGETS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return"}

#: Targets that let a packet go on (iptables-extensions).
PASSING = ("LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS", "AUDIT", "TRACE")


def read_iptables(lines: Iterable[str]) -> Table:
    """The chains of ``iptables -S``."""
    table: Table = {}
    for line in lines:
        words = shlex.split(line)
        if words[:1] == ["-P"]:
            table[words[1]] = Chain(words[1], words[1].lower(), words[2].lower())
        elif words[:1] == ["-N"]:
            table[words[1]] = Chain(words[1])
        elif words[:1] == ["-A"] and words[1] in table:
            table[words[1]].rules.append(_iptables_rule(line, words[2:]))
    return table


def _iptables_rule(text: str, words: list[str]) -> Rule:
    asks, verdict, chain, negated = [], "", "", False
    left = iter(words)
    for word in left:
        if word in ("-j", "-g"):
            target = next(left)
            verdict = TARGETS.get(target, "" if target in PASSING else "jump")
            chain = target
            break
        if word in ("-m", "--comment"):
            next(left)
        elif word in OPTIONS:
            asks.append((OPTIONS[word], tuple(next(left).split(",")), negated))
        elif word.startswith("-"):
            asks.append(("?", (), False))
        negated = word == "!"
    return Rule(text, tuple(asks), verdict, chain)


#: What nft calls each field.
EXPRESSIONS = {
    "iif": "iif",
    "iifname": "iif",
    "oif": "oif",
    "oifname": "oif",
    "ip saddr": "source",
    "ip daddr": "target",
    "ip protocol": "protocol",
    "meta l4proto": "protocol",
    "tcp dport": "port",
    "ct state": "state",
}

WORD = re.compile(r'"[^"]*"|\{[^}]*\}|[^\s,]+(?:,[^\s,]+)*')

#: What says nothing of the packet, with how many words come after it.
ASIDE = {"counter": 0, "packets": 1, "bytes": 1, "comment": 1, "log": 0, "prefix": 1, "meta": 0}

VERDICTS = {"accept": "accept", "drop": "drop", "reject": "drop", "return": "return"}


def read_nft(lines: Iterable[str]) -> dict[str, Table]:
    """The chains of each table of ``nft list ruleset``, by family and name."""
    tables: dict[str, Table] = {}
    table: Table = {}
    chain: Chain | None = None
    for line in map(str.strip, lines):
        words = line.split()
        if words[:1] == ["table"]:
            table = tables.setdefault(" ".join(words[1:3]), {})
        elif words[:1] == ["chain"]:
            chain = table.setdefault(words[1], Chain(words[1]))
        elif line == "}":
            chain = None
        elif chain is not None and words[:1] == ["type"]:
            chain.hook = words[words.index("hook") + 1] if words[1] == "filter" else ""
            chain.policy = "drop" if "policy drop" in line else "accept"
        elif chain is not None and line:
            chain.rules.append(_nft_rule(line))
    return tables


def _nft_rule(text: str) -> Rule:
    asks: list[tuple[str, tuple[str, ...], bool]] = []
    words = WORD.findall(text)
    while words:
        word = words.pop(0)
        if word in VERDICTS:
            return Rule(text, tuple(asks), VERDICTS[word])
        if word in ("jump", "goto"):
            return Rule(text, tuple(asks), word, words[0])
        pair = f"{word} {words[0]}" if words else ""
        if pair in EXPRESSIONS or word in EXPRESSIONS:
            if pair in EXPRESSIONS:
                words.pop(0)
            negated = words[:1] == ["!="]
            value = words.pop(1 if negated else 0)
            del words[: int(negated)]
            known = EXPRESSIONS.get(pair) or EXPRESSIONS[word]
            asks.append((known, _values(value), negated))
        elif word in ASIDE:
            del words[: ASIDE[word]]
        else:
            asks.append(("?", (), False))
    return Rule(text, tuple(asks), "")


def _values(written: str) -> tuple[str, ...]:
    """The members of a set, or the one value, without quotes."""
    return tuple(re.findall(r'[^\s,{}"]+', written))
