"""The program that makes the copy and rehearses in it: a request on stdin, what it found on stdout.

It ends with the process whose number is its argument, and all in the copy ends with it.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    # Run as a file: Python put this folder first on its path, where the package's parent belongs.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from netmodes.errors import NetmodesError
from netmodes.lab import kernel, lab
from netmodes.lab.copy import Copy, copied
from netmodes.machine.facts import Facts
from netmodes.machine.table import Table
from netmodes.plan.plan import Plan
from netmodes.plan.rehearsal import Rehearsal
from netmodes.rehearse.inside import connections, rehearse


def main(parent: str) -> int:
    """Do in a copy what is asked for; what goes wrong with the copy is unknown of the machine."""
    kernel.die_with_parent()
    if os.getppid() != int(parent):
        return 1
    request = json.load(sys.stdin)
    plan, table = Plan.from_dict(request["plan"]), Table.from_json(request["facts"])
    try:
        copy = copied(table)
        return lab.enclosed(lambda: tell(inside(request, plan, table, copy)))
    except NetmodesError as error:
        no_copy = Rehearsal(plan.mode, plan.name, unknown=(f"no copy can be made: {error}",))
        return tell({} if "gateways" in request else no_copy.to_dict())


def inside(request: dict[str, Any], plan: Plan, table: Table, copy: Copy) -> dict[str, Any]:
    """Make the copy around this process, and do it."""
    left, facts = lab.become(table, copy), Facts.from_table(table)
    if "gateways" in request:
        return connections(plan, request["gateways"])
    return rehearse(plan, facts, left, elsewhere=request["elsewhere"]).to_dict()


def tell(found: dict[str, Any]) -> int:
    """Print what was found."""
    print(json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
