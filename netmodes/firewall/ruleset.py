"""The rules of a firewall, read from what ``iptables -S`` and ``nft list ruleset`` print.

What is not understood of a rule is kept as such, so that nobody takes it for certain.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

from netmodes.plan.text import words_of

__all__ = ["Chain", "Packet", "Rule", "Table", "read_iptables", "read_nft"]


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

    family = "ipv4"
    status = ""

    @property
    def icmp(self) -> str:
        """What it is of ICMP: a ping, or the answer to one; "" for TCP."""
        echo = "echo-request" if self.state == "new" else "echo-reply"
        return echo if self.protocol == "icmp" else ""

    def ways(self, into: str, out: str) -> list[tuple[str, str]]:
        """The devices, each after the word of a firewall that asks for it."""
        return [(word, name) for word, name in ((into, self.iif), (out, self.oif)) if name]


#: What a rule asks for: a field of the packet, its values, and whether they are those it must not
#: have.
Ask = tuple[str, tuple[str, ...], bool]

#: An ask that is not understood.
UNKNOWN: Ask = ("?", (), False)


@dataclass(frozen=True)
class Rule:
    """One rule: what a packet must be, and what is done with it then.

    Args:
        text: as it is written.
        asks: what the packet must be.
        verdict: "accept", "drop", "reject", "return", "jump", "goto", "translate"; "" for none.
        chain: where it jumps to.
    """

    text: str
    asks: tuple[Ask, ...]
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

FIELDS = """
    iif oif source target protocol port state family icmp status
    """.split()

#: What a value begins with that is a set by name, or to be reckoned with.
RECKONED = "@$&|^<>="

#: The numbers of ICMP's types.
ICMP = {"echo-request": "8", "echo-reply": "0", "": ""}


def _fits(packet: Packet, what: str, values: Sequence[str], negated: bool) -> bool | None:
    """Whether the packet is what a rule asks for; None if that is not understood here."""
    if what not in FIELDS or any(value[:1] in RECKONED for value in values):
        return None
    own = getattr(packet, what)
    try:
        fits = any(_is(own, value, what) for value in values)
    except ValueError:  # a range, or what is not known of a packet
        return None
    return fits is not negated


def _is(own: str, value: str, what: str) -> bool:
    if what in ("source", "target"):
        return ip_address(own) in ip_network(value, strict=False)
    if what in ("iif", "oif"):
        return fnmatchcase(own, value.replace("+", "*"))
    if what == "port":
        return own == str(int(value))
    if what == "status" and value != "dnat":
        raise ValueError(value)
    if what == "icmp":
        return value in (own, ICMP[own], "any")
    return own == value.lower()


#: What `iptables -S` calls each field.
OPTIONS = {
    "-i": "iif",
    "-o": "oif",
    "-s": "source",
    "-d": "target",
    "-p": "protocol",
    "--dport": "port",
    "--dports": "port",
    "--icmp-type": "icmp",
    "--ctstate": "state",
    "--state": "state",
}

TARGETS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "reject", "RETURN": "return"}

#: Targets that let a packet go on (iptables-extensions).
PASSING = ("LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS", "AUDIT", "TRACE")


def read_iptables(lines: Iterable[str]) -> Table:
    """The chains of ``iptables -S``."""
    table: Table = {}
    for line in lines:
        match words_of(line):
            case ["-P", name, policy, *_]:
                table[name] = Chain(name, name.lower(), policy.lower())
            case ["-N", name]:
                table[name] = Chain(name)
            case ["-A", name, *words] if name in table:
                table[name].rules.append(_iptables_rule(line, words))
    return table


def _iptables_rule(text: str, words: list[str]) -> Rule:
    asks, verdict, chain, negated = [], "", "", False
    left = iter(words)
    for word in left:
        if word in ("-j", "-g"):
            chain = next(left, "")
            jump = "jump" if word == "-j" else "goto"
            verdict = TARGETS.get(chain, "" if chain in PASSING else jump)
            break
        if word in ("-m", "--comment"):
            next(left, "")
        elif word in OPTIONS:
            asks.append((OPTIONS[word], tuple(next(left, "").split(",")), negated))
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
    "meta nfproto": "family",
    "tcp dport": "port",
    "icmp type": "icmp",
    "ct state": "state",
    "ct status": "status",
}

#: What it says of a packet to ask for a field of this protocol, whatever the field is.
IMPLIED: dict[str, Ask] = {
    **{name: ("protocol", (name,), False) for name in ("tcp", "udp", "icmp", "sctp", "dccp")},
    **dict.fromkeys(("ip6", "icmpv6"), ("family", ("ipv6",), False)),
}

WORD = re.compile(r'"[^"]*"|\{[^}]*\}|[^\s,]+(?:,[^\s,]+)*')

#: An element of a map to verdicts, and where that jumps to.
MAPPED = re.compile(r'("[^"]*"|[^\s,{}]+) : (\w+)(?: ([^\s,{}]+))?')

#: What says nothing of the packet, with how many words come after it.
ASIDE = {"counter": 0, "packets": 1, "bytes": 1, "comment": 1, "log": 0, "prefix": 1, "meta": 0}

VERDICTS = {
    **{name: name for name in ("accept", "drop", "reject", "return", "jump", "goto")},
    **dict.fromkeys(("masquerade", "snat", '"MASQUERADE"', '"SNAT"'), "translate"),
}


#: Families of tables that see IPv4; "bridge" as a bridge's own frames.
FAMILIES = ("ip", "inet", "bridge")


def read_nft(lines: Iterable[str]) -> dict[str, Table]:
    """The chains of each table of ``nft list ruleset`` that may see IPv4, by family and name."""
    tables: dict[str, Table] = {}
    table: Table = {}
    chain: Chain | None = None
    for line in map(str.strip, lines):
        match line.split():
            case ["table", family, name, *_]:
                table = tables.setdefault(f"{family} {name}", {}) if family in FAMILIES else {}
            case ["chain", name, *_]:
                chain = table.setdefault(name, Chain(name))
            case ["}"]:
                chain = None
            case ["type", kind, "hook", hook, *_] if chain is not None:
                chain.hook = hook if kind == "filter" else f"{kind} {hook}"
                chain.policy = "drop" if "policy drop" in line else "accept"
            case [_, *_] if chain is not None:
                chain.rules.extend(_nft_rules(line))
    return tables


def _nft_rules(text: str) -> Iterator[Rule]:
    """The rule of a line; of a map to verdicts, one for each of its elements."""
    words = WORD.findall(text)
    ends = (number for number, word in enumerate(words) if word in (*VERDICTS, "vmap"))
    end = next(ends, len(words))
    asks, rest = list(_asks(words[:end])), words[end + 1 :]
    if words[end:][:1] == ["vmap"] and asks and rest:
        yield from _mapped(text, asks, rest[0])
    else:
        verdict = VERDICTS.get(words[end], "") if end < len(words) else ""
        yield Rule(text, tuple(asks), verdict, next(iter(rest), ""))


def _asks(words: list[str]) -> Iterator[Ask]:
    """What a rule asks for; for several fields at once that is not understood."""
    if "." in words:
        yield UNKNOWN
        return
    while words:
        word = words.pop(0)
        pair = " ".join([word, *words[:1]])
        if word in IMPLIED:
            yield IMPLIED[word]
        if known := EXPRESSIONS.get(pair) or EXPRESSIONS.get(word):
            del words[: pair in EXPRESSIONS]
            yield _ask(known, words)
        elif word in ASIDE:
            del words[: ASIDE[word]]
        elif word not in IMPLIED:
            yield UNKNOWN


def _ask(what: str, words: list[str]) -> Ask:
    """What the next words ask of a field, which are taken off: that it is in a set, or not."""
    negated = words[:1] == ["!="]
    values = re.findall(r'[^\s,{}"]+', "".join(words[negated : negated + 1]))
    del words[: negated + 1]
    return what, tuple(values), negated


def _mapped(text: str, asks: list[Ask], written: str) -> Iterator[Rule]:
    """The rules of a map to verdicts; one by name may hold any."""
    *given, (what, _, _) = asks
    for value, verdict, chain in MAPPED.findall(written):
        yield Rule(text, (*given, (what, (value.strip('"'),), False)), verdict, chain)
    if written.startswith("@"):
        yield Rule(text, (*given, UNKNOWN), "accept")
