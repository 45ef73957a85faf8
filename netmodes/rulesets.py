"""The rules of iptables and nft as these print them, read into one form: chains of rules."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["Ask", "Chain", "Rule", "Table", "read_iptables", "read_nft"]

#: What a packet must be: a field, its values, and whether it must be none of them.
Ask = tuple[str, tuple[str, ...], bool]

#: What is asked where it is not understood.
UNKNOWN: Ask = ("?", (), False)


@dataclass(frozen=True)
class Rule:
    """One rule: what a packet must be, and what is done with it then."""

    text: str
    asks: tuple[Ask, ...]
    verdict: str
    chain: str = ""


@dataclass
class Chain:
    """The rules of a chain in order, and where it is called from by the kernel."""

    name: str
    hook: str = ""
    policy: str = "accept"
    rules: list[Rule] = field(default_factory=list)


#: Chains by name.
Table = dict[str, Chain]

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
            asks.append(UNKNOWN)
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

#: A set with a name, on lines joined by blanks, and where a rule asks for it.
SET = re.compile(r"\bset (\S+) \{[^{}]*elements = (\{[^{}]*\})")
NAMED = re.compile(r"@([\w.-]+)")


def read_nft(lines: Iterable[str]) -> dict[str, Table]:
    """The chains of each table of ``nft list ruleset``, by family and name."""
    bodies: dict[str, list[str]] = {}
    body: list[str] = []
    for line in map(str.strip, lines):
        if line.startswith("table "):
            body = bodies.setdefault(" ".join(line.split()[1:3]), [])
        else:
            body.append(line)
    return {name: _chains(_with_members(body)) for name, body in bodies.items()}


def _with_members(body: list[str]) -> Iterator[str]:
    """The lines of a table, the members of a set in the place of its name."""
    sets: dict[str, str] = dict(SET.findall(" ".join(body)))
    for line in body:
        yield NAMED.sub(lambda found: sets.get(found[1], found[0]), line)


def _chains(lines: Iterable[str]) -> Table:
    """The chains of one table."""
    table: Table = {}
    chain: Chain | None = None
    for line in lines:
        words = line.split()
        if words[:1] == ["chain"]:
            chain = table.setdefault(words[1], Chain(words[1]))
        elif line == "}":
            chain = None
        elif chain is not None and words[:1] == ["type"]:
            chain.hook = words[words.index("hook") + 1] if words[1] == "filter" else ""
            chain.policy = "drop" if "policy drop" in line else "accept"
        elif chain is not None and line:
            chain.rules.extend(_nft_rules(line))
    return table


#: An entry of a verdict map: a value, and what is done with it, with the chain if there is one.
ENTRY = re.compile(r'([^\s,{}"]+)"? : (\w+)(?: ([\w.-]+))?')


def _nft_rules(text: str) -> Iterator[Rule]:
    """A line of a chain: one rule, or with a verdict map one for each of its entries."""
    asks: list[Ask] = []
    words = WORD.findall(text)
    if "." in words:  # several fields at once
        asks, words = [UNKNOWN], words[-1:]
    while words:
        word = words.pop(0)
        if word in VERDICTS:
            yield Rule(text, tuple(asks), VERDICTS[word])
            return
        if word in ("jump", "goto"):
            yield Rule(text, tuple(asks), word, words[0])
            return
        pair = " ".join([word, *words[:1]])
        if pair in EXPRESSIONS or word in EXPRESSIONS:
            if pair in EXPRESSIONS:
                words.pop(0)
            known = EXPRESSIONS.get(pair) or EXPRESSIONS[word]
            if words[:1] == ["vmap"]:
                yield from _of_map(text, asks, known, words[1])
                return
            negated = words[:1] == ["!="]
            asks.append((known, _values(words.pop(int(negated))), negated))
            del words[: int(negated)]
        elif word in ASIDE:
            del words[: ASIDE[word]]
        else:
            asks.append(UNKNOWN)


def _of_map(text: str, asks: list[Ask], known: str, entries: str) -> Iterator[Rule]:
    """The rules that a verdict map stands for."""
    for value, verdict, chain in ENTRY.findall(entries):
        yield Rule(text, (*asks, (known, (value,), False)), VERDICTS.get(verdict, verdict), chain)


def _values(written: str) -> tuple[str, ...]:
    """The members of a set, or the one value, without quotes."""
    return tuple(re.findall(r'[^\s,{}"]+', written))
