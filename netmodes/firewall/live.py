"""A trace on this very machine (docs/kernel.md#traces): its table ends with this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event as Signal
from threading import Thread

from netmodes.engine.runner import Runner
from netmodes.firewall import legacy, netlink, trace
from netmodes.firewall.changes import Changes
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
class Heard:
    """What a trace told of a packet in one place.

    Args:
        told: all of it.
        drop: what drops the packet or its answer, in words.
        program: the program whose rule that is.
        changes: what rules did to it.
        arp: the same of ARP, before the packet.
    """

    told: trace.Told
    drop: Drop | None = None
    program: str = "nft"
    changes: Changes | None = None
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
            clearing = replace(runner, settled=None, caught=None)  # whatever has come meanwhile
            clearing.run(place.argv("nft", "delete", "table", *name.split()))


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


def of_flow(events: Sequence[netlink.Event], flow: int) -> list[netlink.Event]:
    """The events of a flow; 0 is that of questions, whose port may be one of ours by chance."""
    flows = trace.by_flow(events)
    if flow:
        return flows[flow]
    asked = (found for found in flows.values() if found[0].protocol == "udp")
    return [event for found in asked for event in found]


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
    arp = trace.by_flow(events)[netlink.ARP]
    found = replace(_heard(of_flow(events, flow), place), arp=_heard(arp, place))
    kind, _, hook = found.told.hook.partition(" ")
    drop = legacy.dropped(*counted, hook) if kind == "first" and not found.drop else None
    return replace(found, drop=drop, program="iptables-legacy") if drop else found


def _heard(events: Sequence[netlink.Event], place: Place) -> Heard:
    told = trace.follow(events)
    changes = Changes(events, told, partial(named, place=place))
    if told.drop is None:
        return Heard(told, changes=changes)
    drop = named(trace.dropped(told.drop, told.hook), place)
    return Heard(told, drop, "iptables" if drop.is_of_iptables else "nft", changes)


def families(facts: Facts) -> frozenset[str]:
    """The families of the tables of nft."""
    listed = (line.split() for line in facts.nft or () if line.startswith("table "))
    return frozenset(words[1] for words in listed)


def is_needed(facts: Facts, namespace: str) -> bool:
    """Whether anything may drop or change a packet there."""
    return facts.nft is not None and (bool(facts.nft) or legacy.is_used(namespace))
