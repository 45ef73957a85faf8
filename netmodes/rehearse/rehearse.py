"""A rehearsal, seen from outside the copy: a process of its own, which ends with this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from netmodes.machine.facts import Facts
from netmodes.machine.path import environment
from netmodes.machine.progress import working
from netmodes.machine.table import Table
from netmodes.plan.plan import Plan
from netmodes.plan.rehearsal import Rehearsal

#: What Python runs to make the copy.
PROGRAM = str(Path(__file__).with_name("__main__.py"))


@working("rehearses in a copy of the machine")
def rehearse(plan: Plan, facts: Facts, *, elsewhere: bool = False) -> Rehearsal:
    """Put a plan up in a copy of a machine, try its promises, take it down, and compare.

    Args:
        plan: the plan, rendered for the machine.
        facts: the machine, as ``host_facts(whole=True)`` reads it.
        elsewhere: it is another machine than this one.
    """
    table = (facts.table or Table()).entries
    done = _in_copy({"plan": plan.to_dict(), "table": table, "elsewhere": elsewhere})
    return replace(_found(done, plan), beyond=_beyond(plan, facts))


def _in_copy(request: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """The process that makes a copy and does in it what is asked for, at its end."""
    return subprocess.run(
        (sys.executable, PROGRAM, str(os.getpid())),
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env=environment(),
        start_new_session=True,  # Ctrl-C is for this process, which ends the other
        check=False,
    )


def _found(done: subprocess.CompletedProcess[str], plan: Plan) -> Rehearsal:
    try:
        return Rehearsal.from_dict(json.loads(done.stdout))
    except ValueError:
        why = (done.stderr.strip() or "it was killed").rpartition("\n")[2]
        return Rehearsal(plan.mode, plan.name, unknown=(f"the rehearsal broke off: {why}",))


def _beyond(plan: Plan, facts: Facts) -> str:
    """What no copy can tell of what lies beyond the machine."""
    uplink = plan.topology.uplink
    if not uplink:
        return ""
    told = [
        f"whether {name} leaves {uplink} as it is"
        for name in (facts.managers or {}).get(uplink, ())
    ]
    if "wireless" in facts.nic(uplink):
        told.append(f"whether {uplink}'s access point takes frames of other MACs")
    return (
        "A copy cannot tell "
        + (" or ".join(told) or f"what the switch at {uplink} lets pass")
        + "."
    )
