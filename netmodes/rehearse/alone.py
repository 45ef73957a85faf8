"""What becomes of a packet that is sent alone.

Where rules count packets or keep addresses, others before it may be too many, or have an address
banned: what is dropped is sent again once all rules have been loaded anew. And iptables-legacy
tells no trace: it counts what its rules drop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from netmodes.firewall import legacy
from netmodes.firewall.trace import IN
from netmodes.lab.making import load, run
from netmodes.lab.rulesets import IPTABLES, Block, blocks
from netmodes.machine.path import find
from netmodes.machine.table import Table
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import CHANCE, Fate, Packet
from netmodes.rehearse.packets import Tracer

#: A rule that takes some packets and leaves others, whatever they are.
RANDOM = re.compile(r"\b(statistic|numgen|random)\b")

#: How often what is dropped is sent again, for the end of another's connection may still come.
TRIES = 2


@dataclass(frozen=True)
class Rules:
    """All rules of this namespace, with what they had counted at a time.

    Args:
        blocks: what loads them.
    """

    blocks: tuple[Block, ...]

    @classmethod
    def read(cls) -> Rules:
        """Those that there are now; here nf_tables has those of every program."""
        argvs: dict[str, Argv] = {"nft": ("nft", "list", "ruleset"), "ipset": ("ipset", "save")}
        argvs |= {f"{one}-save": (_of_nft(f"{one}-save"),) for one, _ in IPTABLES.values()}
        there = [name for name, argv in argvs.items() if find(argv[0])]
        found = blocks(Table({name: {"output": run(argvs[name]).stdout} for name in there}))
        return cls(tuple(replace(one, argv=(_of_nft(one.argv[0]), *one.argv[1:])) for one in found))

    def load(self) -> None:
        """Have these rules alone, each with the handle that it has whenever they are loaded."""
        run(("nft", "flush", "ruleset"))
        if any(block.argv[0] == "ipset" for block in self.blocks):
            run(("ipset", "destroy"))
        for block in self.blocks:
            load(block)


def _of_nft(program: str) -> str:
    """The one of iptables' programs that has its rules in nf_tables."""
    name, _, does = program.partition("-")
    return next(filter(find, [f"{name}-nft-{does}"] * bool(does)), program)


def firsts(packets: Sequence[Packet], places: Mapping[str, str], tracer: Tracer) -> list[Fate]:
    """What becomes of each packet, as ``Tracer.fates`` has it; its rules in words."""
    rules = Rules.read()
    rules.load()
    tracer.rules.clear()
    found = tracer.fates(packets, places)
    for at, packet in TRIES * [*enumerate(packets)]:
        if found[at].drop:
            rules.load()
            found[at] = _of_chance(*tracer.fates([packet], places, 0))
    found = [replace(one, rules=(*map(tracer.named, one.rules),)) for one in found]
    rules.load()
    return found


def counted(
    found: Mapping[Packet, Fate], places: Mapping[str, str], tracer: Tracer
) -> Iterator[Fate]:
    """The same fates; what is lost in a hook a rule of iptables-legacy drops, if it counts it."""
    for packet, fate in found.items():
        if fate.lost.startswith(IN):
            before = run((legacy.SAVE, "-c")).stdout
            tracer.fates([packet], places, 0)
            after = run((legacy.SAVE, "-c")).stdout
            drop = legacy.dropped(before, after, fate.lost.removeprefix(IN))
            yield Fate(False, drop) if drop else fate
        else:
            yield fate


def _of_chance(fate: Fate) -> Fate:
    """The same, but that nobody knows what becomes of the next."""
    rule = fate.drop.rule if fate.drop else ""
    return Fate(None, lost=f"`{rule}` {CHANCE}") if RANDOM.search(rule) else fate
