"""Packets that matter to a mode, sent for real, each as a flow of its own that a trace knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import starmap
from time import monotonic

from netmodes.firewall import netlink, trace
from netmodes.firewall.live import Place, families, named
from netmodes.machine import query
from netmodes.machine.facts import Facts
from netmodes.plan.programs import missing
from netmodes.plan.verdict import Drop, Fate, Packet, Rule
from netmodes.rehearse.exchange import answer

#: Seconds until a packet is lost, twice as many each time more; in a copy answers come at once.
PATIENCE = 0.4

#: A packet is lost once nothing was heard for so many times as long as others took, with their
#: answers, and for so many seconds at least.
SLOWER, LEAST = 3, 0.06

#: How often a packet that is lost is sent again.
AGAIN = 2

#: Packets that are on their way at once.
MOST = 64

#: Seconds until all that the kernel tells is heard.
SILENCE = 0.005

HERE = Place()


class Tracer:
    """Sends packets, and hears what becomes of them.

    Args:
        legacy: the tables that are iptables-legacy's on the machine.
    """

    def __init__(self, legacy: Collection[str] = ()) -> None:
        self.legacy = legacy
        self.listener, self.next = netlink.Listener(), netlink.FLOWS[0]
        self.pool = ThreadPoolExecutor(MOST)
        self.rules, self.drops = dict[Rule, Drop](), dict[int, Drop]()

    def fates(
        self, packets: Sequence[Packet], places: Mapping[str, str], again: int = AGAIN
    ) -> list[Fate]:
        """What becomes of each packet, all sent at once.

        Args:
            packets: the packets.
            places: the namespace's file of each sender; "" is this one.
            again: how often what is lost is sent again; a device that has come up is deaf for a
                while.
        """
        self.drops = {}
        found = dict(zip(packets, self._fates(packets, places), strict=True))
        for times in range(1, again + 1):
            if lost := [packet for packet, fate in found.items() if fate.passes is None]:
                longer = PATIENCE * 2**times
                found |= zip(lost, self._fates(lost, places, longer), strict=True)
        return [self._of_neighbours(packet, found[packet]) for packet in packets]

    def _of_neighbours(self, packet: Packet, fate: Fate) -> Fate:
        """The fate of a packet; it is lost as well where what asks for its neighbour is dropped."""
        drop = self.drops.get(_asks(packet))
        return Fate(False, self.named(drop)) if drop and fate.passes is None else fate

    def _fates(
        self, packets: Sequence[Packet], places: Mapping[str, str], patience: float = PATIENCE
    ) -> list[Fate]:
        flows = range(self.next, self.next + len(packets))
        self.next = flows.stop
        there = [places[packet.sender] for packet in packets]
        send = partial(self.pool.submit, partial(answer, patience=patience))
        sent = dict(zip(flows, map(send, packets, there, flows), strict=True))
        heard = trace.by_flow(self._heard(sent)) if sent else {}
        asked = {at: trace.follow(heard.get(at, [])) for at in (netlink.ARP, netlink.NDP)}
        for at, one in asked.items():
            if one.drop:
                self.drops[at] = trace.dropped(one.drop, one.hook)
        told = [(heard.get(at, []), it.result() if it.done() else "") for at, it in sent.items()]
        fates = [*starmap(trace.fate, told)]
        rules = [asked[_asks(packet)].ruled for packet in packets]
        return [
            replace(one, drop=one.drop and self.named(one.drop), rules=(*before, *one.rules))
            for one, before in zip(fates, rules, strict=True)
        ]

    def named(self, drop: Drop) -> Drop:
        """The same drop, its rule in words; each rule is looked up once."""
        if drop.rule:
            return drop
        which = drop.place
        if which not in self.rules:
            self.rules[which] = named(drop, HERE)
        found = self.rules[which]
        drop = replace(drop, legacy=drop.table in self.legacy)
        return replace(drop, rule=found.rule, every=found.every, index=found.index)

    def _heard(self, sent: Mapping[int, Future[str]]) -> list[netlink.Event]:
        """What is heard until each flow has an answer, or no more may come; the kernel keeps
        little.
        """
        began = last = monotonic()
        heard, left = list[netlink.Event](), {*sent}
        while left and (
            left == {*sent} or monotonic() < last + max(SLOWER * (last - began), LEAST)
        ):
            more = [*self.listener.heard(SILENCE)]
            done = {at for at in left if sent[at].done()}
            last = monotonic() if more or done else last
            heard += more
            by_flow = trace.by_flow(heard)
            left -= done | {at for at in left if trace.fate(by_flow.get(at, []), "").drop}
        return [*heard, *self.listener.heard(SILENCE)]


def _asks(packet: Packet) -> int:
    """The flow that asks for the neighbour before it."""
    return netlink.NDP if packet.is_6 else netlink.ARP


def mark(facts: Facts) -> str:
    """Have every flow of ours traced; why nft cannot. A kernel may have no tables for bridges."""
    devices = [link.name for link in facts.links or ()]
    tables = trace.tables({*families(facts), "bridge"}, devices=devices)
    *_, done = [query.ask("nft", one) for one in tables]
    if done is None:
        return str(missing("nft"))
    return done.stderr.strip().partition("\n")[0] if done.returncode else ""
