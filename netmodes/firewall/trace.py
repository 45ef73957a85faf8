"""A trace: the kernel's own word on which rule drops a packet (docs/kernel.md#traces).

A table of our own marks one flow where it enters, and has an empty chain before and after all
others in each hook, so that the last of ours tells how far a packet came. The kernel then tells
each rule that is for it, on a netlink socket; no program listens, and no text is parsed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile

from netmodes.firewall.netlink import DROP, FLOWS, QUEUE, Event
from netmodes.plan import verdict
from netmodes.plan.verdict import Drop, Fate

#: The table of ours, in each family.
NAME = verdict.TRACE

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")

#: Where packets come from: a device, or this machine.
ENTRIES = ("ingress", "prerouting", "output")

#: What is said of a packet that is lost in a hook.
IN = "lost in "

FIRST, LAST = -(2**31), 2**31 - 1

#: What nft says of the flows.
OURS = f"{FLOWS[0]}-{FLOWS[-1]}"
PORTS = tuple(f"{name} {port} {OURS}" for name in ("tcp", "udp") for port in ("sport", "dport"))
MARKS = (f"icmp id {OURS}", f"icmpv6 id {OURS}", *PORTS)

#: What nft says of who asks for a neighbour, and who answers.
ARP = ("arp operation 1-2",)
NDP = ("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }",)

#: A rule as nft lists it.
LISTED = re.compile(r"\s+(?!chain )(\S.*) # handle (\d+)")

#: A rule that drops whatever comes to it, as iptables or nft lists it.
EVERY = re.compile(
    r"-A \S+( -m comment --comment (\S+|\"[^\"]*\"))? -j (DROP|REJECT( --reject-with \S+)?)"
    r"|(counter packets \d+ bytes \d+ )?(drop|reject( with .*)?)( comment \"[^\"]*\")?"
)


@dataclass(frozen=True)
class Told:
    """What the kernel told of a packet and its answer.

    Args:
        drop: the first event that drops one of them; None for none.
        hook: where that is, or the last chain of ours that it came to: "first" or "last", and the
            hook; "" for none.
        at: the event that has the packet's addresses there.
        program: the table and chain where a program decides; "" for none.
        leaves: the address that the packet has when it leaves; "" where it does not.
        entered: the rules that were for it before it was routed, each with its hook.
        rules: all that were for it.
    """

    drop: Event | None = None
    hook: str = ""
    at: Event | None = None
    program: str = ""
    leaves: str = ""
    entered: tuple[Event, ...] = ()
    rules: tuple[Event, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether the last that is told is an answer that this machine took for its own."""
        return bool(self.at and self.at.answer and self.hook == "last input")

    @property
    def ruled(self) -> tuple[Drop, ...]:
        """The rules that were for it, each once, by their handles."""
        found = (dropped(one, "") for one in self.rules)
        return (*{one.place: one for one in found}.values(),)


def tables(
    families: Collection[str],
    marks: Sequence[str] = (*MARKS, *NDP),
    arp: Sequence[str] = ARP,
    name: str = NAME,
    devices: Iterable[str] = (),
    *,
    stays: bool = False,
    owned: bool = False,
) -> list[str]:
    """The tables of a trace, that of IP last; for others where these families have tables.

    Args:
        families: those that have tables.
        marks: what of IP is marked.
        arp: what of ARP is.
        name: the name of each.
        devices: those whose frames are, as they come in.
        stays: what has passed all rules is dropped, so that it does not leave.
        owned: each is that of an ``nft -i``, and ends with it.
    """
    quoted = ", ".join(f'"{one}"' for one in devices)
    ingress = [f"ingress devices = {{ {quoted} }}"] if quoted else []
    several = {
        "bridge": (HOOKS, [*marks, *arp]),
        "netdev": (ingress, [*marks, *arp]),
        "arp": (("input", "output") if arp else (), arp),
        "inet": (HOOKS, marks),
    }
    return [
        table(family, marks, name, hooks, stays=stays and family == "inet", owned=owned)
        for family, (hooks, marks) in several.items()
        if hooks and family in {*families, "inet"}
    ]


def table(
    family: str,
    marks: Sequence[str],
    name: str,
    hooks: Iterable[str],
    *,
    stays: bool = False,
    owned: bool = False,
) -> str:
    """The table of a family, for ``nft -f -``, or for ``nft -i``.

    Args:
        family: its family.
        marks: what it marks.
        name: its name.
        hooks: its hooks; one of devices with those after it.
        stays: what has passed all rules is dropped, so that it does not leave.
        owned: it is that of an ``nft -i``, and ends with it.
    """
    lines = [f"table {family} {name} {{", *["    flags owner;"] * owned]
    for hook in hooks:
        of = hook.partition(" ")[0]
        enters = of in ENTRIES or family == "arp"
        traced = [f"{one} meta nftrace set 1 accept" for one in marks if enters]
        held = [f"{one} drop" for one in marks if stays and of == "postrouting"]
        for place, priority, rules in (("first", FIRST, traced), ("last", LAST, held)):
            lines.append(f"    chain {place}-{of} {{ type filter hook {hook} priority {priority};")
            lines += [f"        {rule};" for rule in rules]
            lines[-1] += " accept; };"  # of a rule that decides the kernel tells least
    return (" \\\n" if owned else "\n").join([*lines, "}"]) + "\n"


def by_flow(events: Iterable[Event]) -> dict[int, list[Event]]:
    """The events of each flow, in their order."""
    found, flows = defaultdict[int, list[Event]](list), dict[int, int]()
    for event in events:
        flow = flows[event.id] = event.flow or flows.get(event.id, 0)
        found[flow].append(event)
    return found


def follow(events: Iterable[Event]) -> Told:
    """How far a packet and its answer come, which this machine may keep."""
    told, headers, forwards = Told(), dict[int, Event](), False
    for event in events:
        if event.source:
            headers[event.id] = event
        at = headers.get(event.id, told.at)
        place, _, of = event.chain.partition("-")
        if event.table.partition(" ")[2].startswith(NAME):
            leaves = event.source if (of, event.answer) == ("postrouting", False) else told.leaves
            came = told.at is not None and at is not None and told.at.answer == at.answer
            again = came and (told.hook, event.chain) == ("last prerouting", "first-prerouting")
            hook = told.hook if again else f"{place} {of}"  # a bridge was first to ask the rules
            told = replace(told, hook=hook, leaves=leaves, at=at)
            forwards |= of == "forward"
            if forwards and event.table.startswith("inet") and told.is_kept:
                return told
        elif event.code == DROP and event.kind in ("rule", "policy"):
            return replace(told, drop=event, at=at)
        elif event.code is not None and event.kind == "rule" and event.code & 0xFF == QUEUE:
            return replace(told, program=f"{event.table} {event.chain}", at=at)
        elif event.kind == "rule":
            before = (event,) * (told.hook.partition(" ")[2] in ENTRIES)
            entered, rules = (*told.entered, *before), (*told.rules, event)
            told = replace(told, entered=entered, rules=rules)
    return told


def fate(events: Iterable[Event], answer: str) -> Fate:
    """What becomes of a packet, and its answer.

    Args:
        events: what was heard of both.
        answer: "data"; "refused", as a rule may as well; or "".
    """
    told = follow(events)
    if answer == "data":
        return Fate(True, source=told.leaves, rules=told.ruled)
    if told.drop:
        return Fate(False, dropped(told.drop, told.hook))
    if told.program:
        return Fate(None, lost=f"a program decides in {told.program}")
    if answer and not told.hook.startswith("first "):  # iptables-legacy may refuse it
        return Fate(True, source=told.leaves, rules=told.ruled)
    return Fate(None, lost=_where(told.hook), source=told.leaves)


def dropped(event: Event, hook: str) -> Drop:
    """What drops a packet, its rule by its handle."""
    where = hook.partition(" ")[2]
    return Drop(where, event.table, event.chain, handle=event.handle)


def _where(hook: str) -> str:
    """Where a packet is lost that no rule drops, by the last chain of ours that it came to."""
    place, _, of = hook.partition(" ")
    if not hook:
        return "it never came"
    return f"{IN}{of}" if place == "first" else f"lost after {of}"


def named(drop: Drop, listed: Iterable[str], saved: Iterable[str]) -> Drop:
    """The same drop with its rule in words.

    Args:
        drop: a rule, by its handle.
        listed: the lines of ``nft -a list table``; a chain whose name nft takes for a word of its
            own, as iptables may call one, cannot be listed alone.
        saved: the lines of ``iptables -S CHAIN``, whose n-th rule is the n-th of nft; none where
            the table is not iptables'.
    """
    begun = dropwhile(lambda line: not line.startswith(f"\tchain {drop.chain} {{"), listed)
    rules = takewhile(lambda line: line != "\t}", begun)
    found = [(one[1], int(one[2])) for one in map(LISTED.fullmatch, rules) if one]
    number = next((at for at, (_, handle) in enumerate(found) if handle == drop.handle), None)
    if number is None:
        return drop
    own = [line for line in saved if line.startswith("-A ")]
    rule = own[number] if len(own) == len(found) else found[number][0]
    return replace(drop, rule=rule, every=EVERY.fullmatch(rule) is not None, index=number)
