"""The program that makes the copy and rehearses in it: a request on stdin, what it found on stdout.

It ends with the process whose number is its argument, and all in the copy ends with it.
"""

import json
import os
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import chain
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
from netmodes.lab.rulesets import Block, in_blocks
from netmodes.machine.facts import Facts
from netmodes.machine.query import routes_to
from netmodes.machine.table import Table
from netmodes.place import NAMESPACES
from netmodes.plan.plan import Plan
from netmodes.plan.rehearsal import Rehearsal
from netmodes.plan.step import Step, step_from
from netmodes.plan.verdict import Drop, Packet
from netmodes.rehearse import first
from netmodes.rehearse.exchange import UDP, serving
from netmodes.rehearse.packets import AGAIN, Tracer, mark


def main(parent: str) -> int:
    """Do in a copy what is asked for; what goes wrong with the copy is unknown of the machine."""
    kernel.die_with_parent()
    if os.getppid() != int(parent):
        return 1
    request = json.loads(sys.stdin.readline())
    table = Table.from_json(request["facts"])
    try:
        copy = copied(table)
        return lab.enclosed(lambda: inside(request, table, copy))
    except NetmodesError as error:
        return tell(no_copy(request, f"no copy can be made: {error}"))


def no_copy(request: dict[str, Any], why: str) -> dict[str, Any]:
    """What is told where there is no copy."""
    if "asks" in request:
        return {"why": why}
    plan = Plan.from_dict(request["plan"])
    return Rehearsal(plan.mode, plan.name, unknown=(why,)).to_dict()


def inside(request: dict[str, Any], table: Table, copy: Copy) -> int:
    """Make the copy around this process, and do it."""
    if name := request.get("asks"):
        of_nft = tuple(chain.from_iterable(map(by_nft, copy.firewall)))
        left = lab.make(table, replace(copy, firewall=of_nft, servers={}))
        untraced = mark(Facts.from_table(table))
        unlike = [str(each) for each in left if each.part == "firewall"]
        alone = request["counts"]
        return answer(name, of_nft != copy.firewall, unlike, untraced, alone=alone)
    from netmodes.rehearse.inside import rehearse

    left, facts = lab.become(table, copy), Facts.from_table(table)
    plan = Plan.from_dict(request["plan"])
    return tell(rehearse(plan, facts, left, elsewhere=request["elsewhere"]).to_dict())


def by_nft(block: Block) -> Iterable[Block]:
    """The same rules, those of iptables-legacy as nf_tables has them, for no trace names others."""
    argv = (block.argv[0].replace("-legacy-", "-nft-"), *block.argv[1:])
    return (block,) if argv == block.argv else in_blocks(replace(block, argv=argv))


def answer(name: str, by_nft: bool, left: list[str], untraced: str, *, alone: bool) -> int:
    """Run the steps of each question, and tell what becomes of its packets then.

    Args:
        name: the namespace's name.
        by_nft: what is iptables-legacy's on the machine is in nf_tables here.
        left: the rules that are not here.
        untraced: why no packet can be traced.
        alone: what becomes of a packet may depend on those before it.
    """
    places = {"host": "", "LAN": str(ROUTER), "namespace": str(NAMESPACES / name)}
    tracer = Tracer()
    lan = places["LAN"]
    servers = ((lan,), (lan, PORT, UDP), (lan, DNS, UDP), ("", DNS, UDP))
    with ExitStack() as stack:
        for one in servers:
            stack.enter_context(serving(*one))
        for line in sys.stdin:
            asked = json.loads(line)
            failed = [str(one) for one in map(step_from, asked["steps"]) if not done(one, by_nft)]
            packets = [Packet(**one) for one in asked["packets"]]
            for place in ((), AT_ROUTER) if packets else ():  # rules may drop ARP
                run((*place, "ip", "neigh", "flush", "all"))
            if alone and packets:
                found = first.fates(packets, places, tracer)
            else:
                found = tracer.fates(packets, places, AGAIN if asked["steps"] else 0)
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
