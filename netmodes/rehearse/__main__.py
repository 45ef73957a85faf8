"""The program that makes the copy and rehearses in it: a request on stdin, what it found on stdout.

It ends with the process whose number is its argument, and all in the copy ends with it.
"""

import json
import os
import sys
from pathlib import Path

if __package__ in (None, ""):
    # Run as a file: Python put this folder first on its path, where the package's parent belongs.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from netmodes.errors import NetmodesError
from netmodes.lab import kernel, lab
from netmodes.lab.copy import copied
from netmodes.machine.parse import facts_from
from netmodes.machine.table import Table
from netmodes.plan.plan import Plan
from netmodes.plan.rehearsal import Rehearsal
from netmodes.rehearse.inside import rehearse


def main(parent: str) -> int:
    """Rehearse in a copy; what goes wrong with the copy is unknown of the machine."""
    kernel.die_with_parent()
    if os.getppid() != int(parent):
        return 1
    request = json.load(sys.stdin)
    plan, table = Plan.from_dict(request["plan"]), Table.from_json(request["facts"])
    facts = facts_from(table)
    try:
        copy, elsewhere = copied(table), request["elsewhere"]
        return lab.enclosed(
            lambda: tell(rehearse(plan, facts, lab.become(table, copy), elsewhere=elsewhere))
        )
    except NetmodesError as error:
        return tell(Rehearsal(plan.mode, plan.name, unknown=(f"no copy can be made: {error}",)))


def tell(found: Rehearsal) -> int:
    """Print what was found."""
    print(found.to_json(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
