"""A trace: the kernel's own word on which rule drops a packet (docs/kernel.md#traces).

A table of our own marks one flow where it enters, and has an empty chain before and after all
others in each hook, so that the last of ours tells how far a packet came. The kernel then tells
each rule that is for it, on a netlink socket; no program listens, and no text is parsed.
"""

from __future__ import annotations

import errno
import re
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from netmodes.plan.verdict import Drop, Fate

#: The table of ours, in each family.
NAME = "netmodes-trace"

#: IPv4 and IPv6 have both; a bridge's own frames are in "bridge" alone, unless br_netfilter is on.
FAMILIES = ("inet", "bridge")

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")

#: Where packets come from: a device, or this machine.
ENTRIES = ("prerouting", "output")

FIRST, LAST = -(2**31), 2**31 - 1

#: The ports and echo identifiers of traced flows, which NAT leaves as they are where they are free.
FLOWS = range(42000, 43000)
OURS = f"{FLOWS[0]}-{FLOWS[-1]}"
PORTS = tuple(f"{name} {port} {OURS}" for name in ("tcp", "udp") for port in ("sport", "dport"))
MARKS = (f"icmp id {OURS}", *PORTS)

#: netlink(7): the protocol, the group of traces, and the message (linux/netfilter/nf_tables.h).
NETFILTER, TRACES, TRACE = 12, 1 << 8, (10 << 8) | 17
TABLE, CHAIN, HANDLE, KIND, VERDICT, ID, NETWORK, TRANSPORT = 1, 2, 3, 4, 5, 6, 8, 9
POLICY, CODE, ICMP = 16, 1, 1
KINDS = {1: "policy", 2: "return", 3: "rule"}
FAMILY = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
DROP, QUEUE = 0, 3

#: A rule as nft lists it.
LISTED = re.compile(r"\s+(?!chain )(\S.*) # handle (\d+)")

#: A rule that drops whatever comes to it, as iptables or nft lists it.
EVERY = re.compile(
    r"-A \S+( -m comment --comment (\S+|\"[^\"]*\"))? -j (DROP|REJECT( --reject-with \S+)?)"
    r"|(counter packets \d+ bytes \d+ )?(drop|reject( with .*)?)( comment \"[^\"]*\")?"
)

#: Bytes of what is told and not yet heard; the kernel takes what it allows.
ROOM = 1 << 22

#: The kernel sets other bits for what an attribute holds.
BITS = 0x3FFF


@dataclass(frozen=True)
class Event:
    """What a chain does with the packet, by a rule or its policy.

    Args:
        table: its family and name.
        chain: its name.
        handle: the rule's number; 0 for none.
        kind: "rule", "policy" or "return".
        code: the verdict, as the kernel numbers it; None for none.
        id: the packet's number in this chain and those that it calls; it has another elsewhere.
        flow: its port or echo identifier that is one of ours; 0 but for the first of an id.
    """

    table: str
    chain: str
    handle: int
    kind: str
    code: int | None
    id: int = 0
    flow: int = 0


def table(family: str) -> str:
    """The table of a family, for ``nft -f -``."""
    lines = [f"table {family} {NAME} {{"]
    for hook in HOOKS:
        marks = [f"{one} meta nftrace set 1 accept" for one in MARKS] if hook in ENTRIES else []
        for name, priority, rules in (("first", FIRST, marks), ("last", LAST, [])):
            lines += [f"chain {name}-{hook} {{", f"type filter hook {hook} priority {priority};"]
            lines += [*rules, "accept", "}"]  # of a rule that decides the kernel tells least
    return "\n".join([*lines, "}", ""])


class Listener:
    """Hears every trace of this network namespace from when it is made."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self.socket.bind((0, TRACES))

    def heard(self, seconds: float) -> Iterator[Event]:
        """The events until none has come for so long."""
        self.socket.settimeout(seconds)
        while True:
            try:
                message = self.socket.recv(1 << 16)
            except TimeoutError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # the kernel let some go
                    raise
            else:
                yield from events(message)

    def close(self) -> None:
        """Hear no more."""
        self.socket.close()


def events(data: bytes) -> Iterator[Event]:
    """The traces in netlink messages."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if kind == TRACE:
            yield _event(data[16], dict(_attributes(data[20:length])))
        data = data[-(-length // 4) * 4 or len(data) :]


def _event(family: int, found: dict[int, bytes]) -> Event:
    told = dict(_attributes(found.get(VERDICT, b"")))
    code = found.get(POLICY) or told.get(CODE)
    return Event(
        f"{FAMILY.get(family, family)} {_name(found, TABLE)}",
        _name(found, CHAIN),
        int.from_bytes(found.get(HANDLE, b""), "big"),
        KINDS.get(int.from_bytes(found.get(KIND, b""), "big"), ""),
        None if code is None else int.from_bytes(code, "big", signed=True),
        int.from_bytes(found.get(ID, b""), "big"),
        _flow(found.get(NETWORK, b""), found.get(TRANSPORT, b"")),
    )


def _flow(network: bytes, transport: bytes) -> int:
    """The number of ours in an IPv4 packet: its echo identifier, or either port."""
    if len(network) < 20 or len(transport) < 8:
        return 0
    first, second, third = struct.unpack_from("!HHH", transport)
    numbers = (third,) if network[9] == ICMP else (first, second)
    return next((one for one in numbers if one in FLOWS), 0)


def _name(found: dict[int, bytes], what: int) -> str:
    return found.get(what, b"").rstrip(b"\0").decode(errors="replace")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message, by their number (struct nlattr)."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & BITS, data[4:length]
        data = data[-(-length // 4) * 4 or len(data) :]


def by_flow(events: Iterable[Event]) -> dict[int, list[Event]]:
    """The events of each flow, in their order."""
    found, flows = dict[int, list[Event]](), dict[int, int]()
    for event in events:
        flow = flows[event.id] = event.flow or flows.get(event.id, 0)
        found.setdefault(flow, []).append(event)
    return found


def fate(events: Iterable[Event], answer: str) -> Fate:
    """What becomes of a packet, and its answer.

    Args:
        events: what was heard of both.
        answer: "data"; "refused", as a rule may as well; or "".
    """
    if answer == "data":
        return Fate(True)
    hook = ""
    for event in events:
        place, _, of = event.chain.partition("-")
        if event.table.endswith(f" {NAME}"):
            hook = f"{place} {of}"
        elif event.code == DROP and event.kind in ("rule", "policy"):
            where = hook.partition(" ")[2]
            return Fate(False, Drop(where, event.table, event.chain, handle=event.handle))
        elif event.code is not None and event.kind == "rule" and event.code & 0xFF == QUEUE:
            return Fate(None, lost=f"a program decides in {event.table} {event.chain}")
    return Fate(True) if answer else Fate(None, lost=_where(hook))


def _where(hook: str) -> str:
    """Where a packet is lost that no rule drops, by the last chain of ours that it came to."""
    place, _, of = hook.partition(" ")
    if not hook:
        return "it never came"
    return f"lost in {of}" if place == "first" else f"lost after {of}"


def named(drop: Drop, listed: Iterable[str], saved: Iterable[str]) -> Drop:
    """The same drop with its rule in words.

    Args:
        drop: a rule, by its handle.
        listed: the lines of ``nft -a list chain``.
        saved: the lines of ``iptables -S CHAIN``, whose n-th rule is the n-th of nft; none where
            the table is not iptables'.
    """
    found = [(one[1], int(one[2])) for one in map(LISTED.fullmatch, listed) if one]
    number = next((at for at, (_, handle) in enumerate(found) if handle == drop.handle), None)
    if number is None:
        return drop
    own = [line for line in saved if line.startswith("-A ")]
    rule = own[number] if len(own) == len(found) else found[number][0]
    return replace(drop, rule=rule, every=EVERY.fullmatch(rule) is not None)
