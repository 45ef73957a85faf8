"""A trace on this very machine (docs/kernel.md#traces): its table ends with this process."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Signal
from threading import Thread

from netmodes.engine.runner import Runner
from netmodes.firewall import trace
from netmodes.lab.kernel import socket_of
from netmodes.machine.facts import Facts
from netmodes.machine.query import ask, contents, lines
from netmodes.place import NAMESPACES
from netmodes.plan.step import in_namespace
from netmodes.plan.text import lines_of
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import Drop

#: Seconds until the table is there: nft may have to read thousands of rules first.
PATIENCE = 1.0

#: Seconds in which the kernel has told all of a packet.
SILENCE = 0.05

#: nft with its input open owns its table, which nobody else can change; it keeps no history.
NFT = ("env", "HOME=/dev/null", "nft", "-i")

#: The numbers of pings and of connections, which are told apart.
ECHOES, PORTS = trace.FLOWS[:500], trace.FLOWS[500:]

#: The program that lists the rules of a table that is iptables', by the table's family.
LISTS = {"ip": "iptables", "ip6": "ip6tables"}
OF_IPTABLES = ("filter", "nat", "mangle", "raw", "security")

#: The tables that iptables-legacy has here.
LEGACY = Path("/proc/net/ip_tables_names")


@dataclass(frozen=True)
class Place:
    """Where a packet is traced.

    Args:
        namespace: the name of a namespace; "" for the host.
        devices: those that it may come in by.
    """

    namespace: str = ""
    devices: tuple[str, ...] = ()

    def argv(self, *argv: str) -> Argv:
        """A command there."""
        return in_namespace(self.namespace, *argv) if self.namespace else argv


@dataclass(frozen=True)
class Heard:
    """What a trace told of a packet in one place.

    Args:
        told: all of it.
        drop: what drops the packet or its answer, in words.
    """

    told: trace.Told
    drop: Drop | None = None


@dataclass(frozen=True)
class Flows:
    """A ping and a connection that nobody else has: an echo identifier and a port."""

    echo: int = field(default_factory=lambda: random.choice(ECHOES))  # noqa: S311
    port: int = field(default_factory=lambda: random.choice(PORTS))  # noqa: S311

    @property
    def marks(self) -> list[str]:
        """What nft knows them by, whatever NAT does to their addresses."""
        return [f"icmp id {self.echo}", f"tcp sport {self.port}", f"tcp dport {self.port}"]


@contextmanager
def traced(
    place: Place, flows: Flows, runner: Runner, *, stays: bool = False
) -> Iterator[list[trace.Event] | None]:
    """What the kernel tells of these flows, whole once this has ended; None if it cannot.

    Args:
        place: where.
        flows: the flows that are sent meanwhile.
        runner: shows what it does.
        stays: no packet of them leaves the machine.
    """
    file = str(NAMESPACES / place.namespace) if place.namespace else ""
    own = socket_of(file, *trace.SOCKET)
    with closing(trace.Listener(own, trace.TRACES | trace.CHANGES)) as listener:
        found: list[trace.Event] = []
        with _marked(place, _tables(place, flows, stays), listener, runner) as marked:
            sent = Signal()
            hearing = Thread(target=_hear, args=(listener, found, sent), daemon=True)
            hearing.start()
            try:
                yield found if marked else None
            finally:
                sent.set()
                hearing.join()


def _hear(listener: trace.Listener, found: list[trace.Event], sent: Signal) -> None:
    """Listen all the while, for the kernel keeps little."""
    while not sent.is_set():
        found.extend(listener.heard(SILENCE))
    found.extend(listener.heard(SILENCE))


def _tables(place: Place, flows: Flows, stays: bool) -> list[str]:
    """The tables of a trace, that of a bridge's own frames and of devices where a kernel has it."""
    name = f"{trace.NAME}-{flows.port}"
    devices = ", ".join(f'"{one}"' for one in place.devices)
    ingress = [f"ingress devices = {{ {devices} }}"] if devices else []
    several = {"bridge": trace.HOOKS, "netdev": ingress, "inet": trace.HOOKS}
    return [
        trace.table(family, flows.marks, name, hooks, stays=stays and family == "inet")
        for family, hooks in several.items()
        if hooks
    ]


@contextmanager
def _marked(
    place: Place, tables: Sequence[str], listener: trace.Listener, runner: Runner
) -> Iterator[bool]:
    """Have the flows traced; whether they are. An nft of before tables had owners deletes it."""
    _, _, last = tables[-1].partition("table ")
    name = last.partition(" {")[0]
    owned = "".join(f"{_in_a_line(table)}\n" for table in tables)
    with runner.beside(place.argv(*NFT), owned):
        if listener.hears_of(name, PATIENCE):
            yield True
            return
    done = runner.run(place.argv("nft", "-f", "-"), tables[-1])
    try:
        yield done.status == 0
    finally:
        if done.status == 0:
            runner.run(place.argv("nft", "delete", "table", *name.split()))


def _in_a_line(table: str) -> str:
    """A table as ``nft -i`` reads it, with its owner."""
    head, *rest = lines_of(table)
    lines = [head, "flags owner", *rest]
    return "".join(one + (" " if one.endswith("{") else "; ") for one in lines).rstrip("; ")


def named(drop: Drop, place: Place) -> Drop:
    """The same drop, its rule in words."""
    family, _, table = drop.table.partition(" ")
    listed = lines(ask(*place.argv("nft", "-a", "list", "chain", family, table, drop.chain)))
    saved = None
    if family in LISTS and table in OF_IPTABLES:
        program = LISTS[family]
        saved = lines(ask(*place.argv(program, "-t", table, "-S", drop.chain)))
    return trace.named(drop, listed or (), saved or ())


def heard(events: Sequence[trace.Event], flow: int, place: Place) -> Heard:
    """What the kernel told of a flow."""
    told = trace.follow(trace.by_flow(events).get(flow, []))
    if told.drop is None:
        return Heard(told)
    return Heard(told, named(trace.dropped(told.drop, told.hook), place))


def is_needed(facts: Facts) -> bool:
    """Whether anything may drop or change a packet; what iptables-legacy has nft does not list."""
    return bool(facts.nft) or (facts.nft is not None and bool(contents(LEGACY)))
