"""The program that makes the copy and rehearses in it: a request on stdin, what it found on stdout.

It ends with the process whose number is its argument, and all in the copy ends with it.
"""

import json
import os
import re
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    # Run as a file: Python put this folder first on its path, where the package's parent belongs.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from netmodes.errors import NetmodesError
from netmodes.firewall.netlink import DNS
from netmodes.firewall.questions import PORT
from netmodes.lab import kernel, lab
from netmodes.lab.copy import Copy, copied
from netmodes.lab.kinds import AT_ROUTER, ROUTER
from netmodes.lab.making import run
from netmodes.lab.rulesets import Block, in_blocks, of_legacy
from netmodes.machine.facts import Facts
from netmodes.machine.query import routes_to
from netmodes.machine.table import Table
from netmodes.place import NAMESPACES
from netmodes.plan.plan import Plan
from netmodes.plan.rehearsal import Rehearsal
from netmodes.plan.step import Step, step_from
from netmodes.plan.verdict import Drop, Packet
from netmodes.rehearse.alone import counted, firsts
from netmodes.rehearse.exchange import UDP, serving
from netmodes.rehearse.packets import AGAIN, Tracer, mark

#: What of a table's lines may drop a packet.
RULED = re.compile(r"-A |:\S+ DROP")


@dataclass(frozen=True)
class How:
    """How packets are tried.

    Args:
        alone: what becomes of one may depend on those before it.
        by_nft: what is iptables-legacy's on the machine is in nf_tables here.
        beside: it is iptables-legacy's here, where nf_tables has the same tables.
        legacy: the tables that are here in nf_tables, and are its own there.
    """

    alone: bool
    by_nft: bool
    beside: bool
    legacy: tuple[str, ...]


def main(parent: str) -> int:
    """Do in a copy what is asked for; what goes wrong with the copy is unknown of the machine."""
    kernel.die_with_parent()
    if os.getppid() != int(parent):
        return 1
    try:
        return lab.enclosed(in_lab)
    except NetmodesError as error:
        return no_copy(json.loads(sys.stdin.readline()), error)


def in_lab() -> int:
    """Do in a lab what is asked for, which is not known before there is one."""
    request = json.loads(sys.stdin.readline())
    try:
        table = Table(request["table"])
        return inside(request, table, copied(table))
    except NetmodesError as error:
        return no_copy(request, error)


def no_copy(request: dict[str, Any], error: NetmodesError) -> int:
    """Tell that there is no copy."""
    why = f"no copy can be made: {error}"
    if "asks" in request:
        return tell({"why": why})
    plan = Plan.from_dict(request["plan"])
    return tell(Rehearsal(plan.mode, plan.name, unknown=(why,)).to_dict())


def inside(request: dict[str, Any], table: Table, copy: Copy) -> int:
    """Make the copy around this process, and do it."""
    if name := request.get("asks"):
        beside = is_beside(copy.firewall)
        of_nft = [one for block in copy.firewall for one in ([block] if beside else by_nft(block))]
        left = lab.make(table, replace(copy, firewall=(*of_nft,), servers={}))
        untraced = mark(Facts.from_table(table))
        unlike = [str(each) for each in left if each.part == "firewall"]
        legacy = () if beside else (*of_legacy(table),)
        how = How(request["counts"], (*of_nft,) != copy.firewall, beside, legacy)
        return answer(name, unlike, untraced, how)
    from netmodes.rehearse.inside import rehearse

    left, facts = lab.become(table, copy), Facts.from_table(table)
    plan = Plan.from_dict(request["plan"])
    return tell(rehearse(plan, facts, left, elsewhere=request["elsewhere"]).to_dict())


def by_nft(block: Block) -> Iterable[Block]:
    """The same rules, those of iptables-legacy as nf_tables has them, for no trace names others."""
    argv = (block.argv[0].replace("-legacy-", "-nft-"), *block.argv[1:])
    return (block,) if argv == block.argv else in_blocks(replace(block, argv=argv))


def is_beside(blocks: Iterable[Block]) -> bool:
    """Whether iptables-legacy has rules for a table where iptables has some as well."""
    ruled = {(one.argv[0], one.begin) for one in blocks if any(map(RULED.match, one.lines))}
    return any(
        (name.replace("-legacy", ""), table) in ruled - {(name, table)} for name, table in ruled
    )


def answer(name: str, left: list[str], untraced: str, how: How) -> int:
    """Run the steps of each question, and tell what becomes of its packets then.

    Args:
        name: the namespace's name.
        left: the rules that are not here.
        untraced: why no packet can be traced.
        how: how they are tried.
    """
    places = {"host": "", "LAN": str(ROUTER), "namespace": str(NAMESPACES / name)}
    tracer = Tracer(how.legacy)
    lan = places["LAN"]
    servers = ((lan,), (lan, PORT, UDP), (lan, DNS, UDP), ("", DNS, UDP))
    with ExitStack() as stack:
        for one in servers:
            stack.enter_context(serving(*one))
        for line in sys.stdin:
            asked = json.loads(line)
            failed = [
                str(one) for one in map(step_from, asked["steps"]) if not done(one, how.by_nft)
            ]
            packets = [Packet(**one) for one in asked["packets"]]
            for place in ((), AT_ROUTER) if packets else ():  # rules may drop ARP
                run((*place, "ip", "neigh", "flush", "all"))
            if how.alone and packets:
                found = firsts(packets, places, tracer)
            else:
                found = tracer.fates(packets, places, AGAIN if asked["steps"] else 0)
            if how.beside:
                found = [*counted(dict(zip(packets, found, strict=True)), places, tracer)]
            routes = routes_to(map(tuple, asked["routes"])).values()
            out = [one.dev for one in routes if one]
            fates = [*map(asdict, found)]
            rules = [asdict(tracer.named(Drop(**one))) for one in asked["rules"]]
            told = {"failed": failed, "fates": fates, "out": out, "rules": rules, "left": left}
            tell({**told, "why": untraced})
    return 0


def done(step: Step, by_nft: bool) -> bool:
    """Run a step; whether it went well."""
    own = by_nft and step.argv[0].startswith("iptables")
    argv = ("iptables-nft", *step.argv[1:]) if own else step.argv
    return run(replace(step, argv=argv).command, step.stdin or "").returncode == 0


def tell(found: dict[str, Any]) -> int:
    """Print what was found."""
    print(json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
