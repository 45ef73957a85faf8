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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from netmodes.plan import verdict
from netmodes.plan.verdict import Drop, Fate

#: The table of ours, in each family.
NAME = verdict.TRACE

#: IPv4 and IPv6 have both; a bridge's own frames are in "bridge" alone, unless br_netfilter is on.
FAMILIES = ("inet", "bridge")

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")

#: Where packets come from: a device, or this machine.
ENTRIES = ("ingress", "prerouting", "output")

FIRST, LAST = -(2**31), 2**31 - 1

#: The ports and echo identifiers of traced flows, which NAT leaves as they are where they are free.
FLOWS = range(42000, 43000)
OURS = f"{FLOWS[0]}-{FLOWS[-1]}"
PORTS = tuple(f"{name} {port} {OURS}" for name in ("tcp", "udp") for port in ("sport", "dport"))
MARKS = (f"icmp id {OURS}", *PORTS)

#: netlink(7): the socket, the groups of changes and of traces, and messages of each
#: (linux/netfilter/nf_tables.h).
SOCKET = (socket.AF_NETLINK, socket.SOCK_RAW, 12)
CHANGES, TRACES, NEW_TABLE, TRACE = 1 << 6, 1 << 8, 10 << 8, (10 << 8) | 17
TABLE, CHAIN, HANDLE, KIND, VERDICT, ID, NETWORK, TRANSPORT = 1, 2, 3, 4, 5, 6, 8, 9
POLICY, CODE, ICMP, ECHO_REPLY = 16, 1, 1, 0
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
        flow: its port or echo identifier that is one of ours; 0 but for the first of an id, as is
            all that follows.
        answer: it is the answer.
        source: its address.
        target: the address that it is for.
        port: its other port, of TCP and UDP; 0 for none.
    """

    table: str
    chain: str
    handle: int
    kind: str
    code: int | None
    id: int = 0
    flow: int = 0
    answer: bool = False
    source: str = ""
    target: str = ""
    port: int = 0


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
    """

    drop: Event | None = None
    hook: str = ""
    at: Event | None = None
    program: str = ""
    leaves: str = ""


def table(
    family: str,
    marks: Sequence[str] = MARKS,
    name: str = NAME,
    hooks: Iterable[str] = HOOKS,
    *,
    stays: bool = False,
) -> str:
    """The table of a family, for ``nft -f -``.

    Args:
        family: its family.
        marks: what it marks.
        name: its name.
        hooks: its hooks; one of devices with those after it.
        stays: what has passed all rules is dropped, so that it does not leave.
    """
    lines = [f"table {family} {name} {{"]
    for hook in hooks:
        of = hook.partition(" ")[0]
        traced = [f"{one} meta nftrace set 1 accept" for one in marks if of in ENTRIES]
        held = [f"{one} drop" for one in marks if stays and of == "postrouting"]
        for place, priority, rules in (("first", FIRST, traced), ("last", LAST, held)):
            lines += [f"chain {place}-{of} {{", f"type filter hook {hook} priority {priority}"]
            lines += [*rules, "accept", "}"]  # of a rule that decides the kernel tells least
    return "\n".join([*lines, "}", ""])


class Listener:
    """Hears every trace of this network namespace from when it is made."""

    def __init__(self, own: socket.socket | None = None, groups: int = TRACES) -> None:
        self.socket = own or socket.socket(*SOCKET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self.socket.bind((0, groups))

    def heard(self, seconds: float) -> Iterator[Event]:
        """The events until nothing has come for so long."""
        for message in self._messages(seconds):
            yield from events(message)

    def hears_of(self, table: str, seconds: float) -> bool:
        """Wait until a table is there, so long at most between two changes; whether it is."""
        added = (name for one in self._messages(seconds) for name in _added(one))
        return table in added

    def _messages(self, seconds: float) -> Iterator[bytes]:
        self.socket.settimeout(seconds)
        while True:
            try:
                yield self.socket.recv(1 << 16)
            except TimeoutError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # the kernel let some go
                    raise

    def close(self) -> None:
        """Hear no more."""
        self.socket.close()


def events(data: bytes) -> Iterator[Event]:
    """The traces in netlink messages."""
    return (_event(family, found) for family, found in _of_kind(TRACE, data))


def _added(data: bytes) -> Iterator[str]:
    """The tables that are new, by family and name."""
    for family, found in _of_kind(NEW_TABLE, data):
        yield f"{FAMILY.get(family, family)} {_name(found, TABLE)}"


def _of_kind(wanted: int, data: bytes) -> Iterator[tuple[int, dict[int, bytes]]]:
    """The family and the attributes of each netlink message of a kind."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if kind == wanted:
            yield data[16], dict(_attributes(data[20:length]))
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
        *_header(found.get(NETWORK, b""), found.get(TRANSPORT, b"")),
    )


def _header(network: bytes, transport: bytes) -> tuple[int, bool, str, str, int]:
    """The flow of an IPv4 packet by its echo identifier or either port; whether it is the answer;
    its addresses, and its other port."""
    if len(network) < 20 or len(transport) < 8:
        return 0, False, "", "", 0
    first, second, third = struct.unpack_from("!HHH", transport)
    addresses = (socket.inet_ntoa(network[at : at + 4]) for at in (12, 16))
    if network[9] == ICMP:
        return third * (third in FLOWS), transport[0] == ECHO_REPLY, *addresses, 0
    if second in FLOWS and first not in FLOWS:
        return second, True, *addresses, first
    return first * (first in FLOWS), False, *addresses, second


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


def follow(events: Iterable[Event]) -> Told:
    """How far a packet and its answer come."""
    told, headers = Told(), dict[int, Event]()
    for event in events:
        if event.flow:
            headers[event.id] = event
        place, _, of = event.chain.partition("-")
        if event.table.partition(" ")[2].startswith(NAME):
            leaves = event.source if (of, event.answer) == ("postrouting", False) else told.leaves
            told = Told(hook=f"{place} {of}", leaves=leaves)
        elif event.code == DROP and event.kind in ("rule", "policy"):
            return replace(told, drop=event, at=headers.get(event.id))
        elif event.code is not None and event.kind == "rule" and event.code & 0xFF == QUEUE:
            return replace(told, program=f"{event.table} {event.chain}")
    return told


def fate(events: Iterable[Event], answer: str) -> Fate:
    """What becomes of a packet, and its answer.

    Args:
        events: what was heard of both.
        answer: "data"; "refused", as a rule may as well; or "".
    """
    told = follow(events)
    if answer == "data":
        return Fate(True, source=told.leaves)
    if told.drop:
        return Fate(False, dropped(told.drop, told.hook))
    if told.program:
        return Fate(None, lost=f"a program decides in {told.program}")
    if answer:
        return Fate(True, source=told.leaves)
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
