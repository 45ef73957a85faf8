"""A trace on this very machine (docs/kernel.md#traces): its table ends with this process."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event as Signal
from threading import Thread

from netmodes.engine.runner import Runner
from netmodes.firewall import legacy, netlink, trace
from netmodes.machine.facts import Facts
from netmodes.machine.path import find
from netmodes.machine.query import ask, lines
from netmodes.place import file_of
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import OF_IPTABLES, Drop

#: How often, and for how many seconds, the table is waited for: nft may have to read thousands of
#: rules first. Once it has complained, of a family that this kernel lacks or of all, less often.
STEPS, STEP, ENOUGH = 12, 0.25, 2

#: Seconds in which the kernel has told all of a packet.
SILENCE = 0.02

#: nft with its input open owns its table, which nobody else can change; it keeps no history.
NFT = ("env", "HOME=/dev/null", "nft", "-i")

#: The numbers of pings and of connections, which are told apart.
ECHOES, PORTS = netlink.FLOWS[:500], netlink.FLOWS[500:]

#: The program that lists the rules of a table that is iptables', by the table's family.
LISTS = {"ip": ("iptables-nft", "iptables"), "ip6": ("ip6tables-nft", "ip6tables")}

#: A rule by which the kernel does not know a connection.
UNTRACKED = re.compile(r"\bnotrack\b|\bct (\w+ )?zone set\b|-j CT --zone", re.IGNORECASE)


#: A rule by which a packet may go another way, to a program on this machine perhaps.
MARKS = re.compile(r"\bmark set\b|\btproxy to\b|-j (TPROXY|(CONN)?MARK)\b")


@dataclass(frozen=True)
class Place:
    """Where a packet is traced.

    Args:
        namespace: the name of a namespace; "" for the host.
        devices: those that it may come in by.
        address: whose ARP is traced as well.
        families: of which it has tables, as nft names them.
    """

    namespace: str = ""
    devices: tuple[str, ...] = ()
    address: str = ""
    families: frozenset[str] = frozenset()

    def argv(self, *argv: str) -> Argv:
        """A command there."""
        return in_namespace(self.namespace, *argv)


@dataclass(frozen=True)
class Turned:
    """That a packet is for another than whom it was sent to.

    Args:
        rule: the rule that has it so; None for one that no trace tells of.
        was: the packet as it came.
        now: the packet from then on; it is the same where this machine takes it for its own.
    """

    rule: Drop | None
    was: netlink.Event
    now: netlink.Event

    @property
    def is_kept(self) -> bool:
        """Whether this machine takes it for its own."""
        return self.was.target == self.now.target and self.was.port == self.now.port

    @property
    def end(self) -> str:
        """Whom it is for from then on, with its port."""
        return f"{self.now.target}:{self.now.port}" if self.now.port else self.now.target


@dataclass(frozen=True)
class Heard:
    """What a trace told of a packet in one place.

    Args:
        told: all of it.
        drop: what drops the packet or its answer, in words.
        program: the program whose rule that is.
        untracked: what has the kernel not know its connection, where it is not translated.
        turned: what has it go elsewhere.
        mark: the mark that it has when it is routed; 0 for none.
        back_by: the ifindex of the device that the answer comes in by; 0 where none does.
        arp: the same of ARP, before the packet.
    """

    told: trace.Told
    drop: Drop | None = None
    program: str = "nft"
    untracked: Drop | None = None
    turned: Turned | None = None
    mark: int = 0
    back_by: int = 0
    arp: Heard | None = None


@dataclass(frozen=True)
class Flows:
    """A ping and a connection that nobody else has: an echo identifier and a port."""

    echo: int = field(default_factory=lambda: _any(ECHOES))
    port: int = field(default_factory=lambda: _any(PORTS))

    @property
    def marks(self) -> list[str]:
        """What nft knows them by, whatever NAT does to their addresses."""
        return [f"icmp id {self.echo}", f"tcp sport {self.port}", f"tcp dport {self.port}"]


@dataclass(frozen=True)
class Questions(Flows):
    """What an address asks a name server, and the answers; they have no number of ours."""

    port: int = 0
    asks: str = ""
    server: str = ""

    @property
    def marks(self) -> list[str]:
        """What nft knows them by."""
        sent = f"ip saddr {self.asks} ip daddr {self.server} udp dport {netlink.DNS}"
        return [sent, f"ip saddr {self.server} udp sport {netlink.DNS}"]


def _any(numbers: range) -> int:
    return numbers[int.from_bytes(os.urandom(2), "big") % len(numbers)]


@contextmanager
def traced(
    place: Place, flows: Flows, runner: Runner, *, stays: bool = False
) -> Iterator[list[netlink.Event] | None]:
    """What the kernel tells of these flows, whole once this has ended; None if it cannot.

    Args:
        place: where.
        flows: the flows that are sent meanwhile.
        runner: shows what it does.
        stays: no packet of them leaves the machine.
    """
    from netmodes.machine.inside import socket_of

    own = socket_of(file_of(place.namespace), *netlink.SOCKET)
    with closing(netlink.Listener(own, netlink.TRACES | netlink.CHANGES)) as listener:
        found: list[netlink.Event] = []
        with _marked(place, partial(_tables, place, flows, stays), listener, runner) as marked:
            sent = Signal()
            hearing = Thread(target=_hear, args=(listener, found, sent), daemon=True)
            hearing.start()
            try:
                yield found if marked else None
            finally:
                sent.set()
                hearing.join()


def _hear(listener: netlink.Listener, found: list[netlink.Event], sent: Signal) -> None:
    """Listen all the while, for the kernel keeps little."""
    while not sent.is_set():
        found.extend(listener.heard(SILENCE))
    found.extend(listener.heard(SILENCE))


def _tables(place: Place, flows: Flows, stays: bool, owned: bool) -> list[str]:
    """The tables of a trace: for IP, and for what else there are rules."""
    name = f"{trace.NAME}-{flows.echo}"
    arp = [f"arp {way} ip {place.address}" for way in ("saddr", "daddr") if place.address]
    which = (place.families, flows.marks, arp, name, place.devices)
    return trace.tables(*which, stays=stays, owned=owned)


@contextmanager
def _marked(
    place: Place, tables: Callable[[bool], list[str]], listener: netlink.Listener, runner: Runner
) -> Iterator[bool]:
    """Have the flows traced; whether they are. An nft of before tables had owners deletes it."""
    *_, last = tables(False)
    name = last.partition(" {")[0].removeprefix("table ")
    with runner.beside(place.argv(*NFT), "".join(tables(True))) as complains:
        if _is_there(name, listener, complains):
            yield True
            return
    done = runner.run(place.argv("nft", "-f", "-"), last)
    try:
        yield done.status == 0
    finally:
        if done.status == 0:
            runner.run(place.argv("nft", "delete", "table", *name.split()))


def _is_there(table: str, listener: netlink.Listener, complains: Callable[[], bool]) -> bool:
    """Wait until a table is there, or nft complains and has had time for the rest."""
    complained = 0
    for _ in range(STEPS):
        if listener.hears_of(table, STEP):
            return True
        complained += complains()
        if complained == ENOUGH:
            break
    return False


def named(drop: Drop, place: Place) -> Drop:
    """The same drop, its rule in words."""
    family, _, table = drop.table.partition(" ")
    listed = lines(ask(*place.argv("nft", "-at", "list", "table", family, table)))
    saved = None
    if family in LISTS and table in OF_IPTABLES:
        program = next(filter(find, LISTS[family]), "iptables")
        saved = lines(ask(*place.argv(program, "-t", table, "-S", drop.chain)))
    return trace.named(drop, listed or (), saved or ())


def heard(
    events: Sequence[netlink.Event], flow: int, place: Place, counted: tuple[str, str] = ("", "")
) -> Heard:
    """What the kernel told of a flow, and of the ARP before it.

    Args:
        events: what it told.
        flow: the flow.
        place: where.
        counted: what iptables-legacy had counted before the flow and after it.
    """
    flows = trace.by_flow(events)
    routed = [one for one in flows[flow] if one.chain == "last-prerouting"]
    mark = next((one.mark for one in routed if not one.answer), 0)
    back_by = next((one.came_by for one in routed if one.answer), 0)
    found = replace(_heard(flows[flow], place), mark=mark, back_by=back_by)
    found = replace(found, arp=_heard(flows[netlink.ARP], place))
    kind, _, hook = found.told.hook.partition(" ")
    drop = legacy.dropped(*counted, hook) if kind == "first" and not found.drop else None
    return replace(found, drop=drop, program="iptables-legacy") if drop else found


def _heard(events: Sequence[netlink.Event], place: Place) -> Heard:
    told = trace.follow(events)
    if told.drop is None:
        is_as_sent = told.is_kept or told.leaves == place.address
        untracked = _entered(told, place, UNTRACKED) if is_as_sent else None
        return Heard(told, untracked=untracked, turned=_turned(events, told, place))
    drop = named(trace.dropped(told.drop, told.hook), place)
    return Heard(told, drop, "iptables" if drop.is_of_iptables else "nft")


def _entered(told: trace.Told, place: Place, does: re.Pattern[str]) -> Drop | None:
    """The first rule that does so before the packet was routed."""
    rules = (named(trace.dropped(event, "first prerouting"), place) for event in told.entered)
    return next((rule for rule in rules if does.search(rule.rule)), None)


def _turned(events: Sequence[netlink.Event], told: trace.Told, place: Place) -> Turned | None:
    """What has the packet go elsewhere: a rule that translates its target, or marks it."""
    last = was = None
    for event in events:
        if event.source and not event.answer:
            if was and (event.target, event.port) != (was.target, was.port):
                rule = named(trace.dropped(last, "last prerouting"), place) if last else None
                return Turned(rule, was, event)
            if was and event.chain == "first-input":
                return Turned(_entered(told, place, MARKS), was, event)
            was = event
        is_ours = trace.NAME in event.table
        last = None if is_ours else event if event.kind == "rule" else last
    return None


def families(facts: Facts) -> frozenset[str]:
    """The families of the tables of nft."""
    listed = (line.split() for line in facts.nft or () if line.startswith("table "))
    return frozenset(words[1] for words in listed)


def is_needed(facts: Facts, namespace: str) -> bool:
    """Whether anything may drop or change a packet there."""
    return facts.nft is not None and (bool(facts.nft) or legacy.is_used(namespace))
