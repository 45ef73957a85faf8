"""The programs that a plan needs: for its commands, for what it asks, and for its undo."""

import re
from collections.abc import Iterable, Iterator

from netmodes.plan.plan import Plan
from netmodes.plan.programs import PROGRAMS
from netmodes.plan.undo import Argv

#: The first word of each command in a text for `sh -c`.
FIRST_WORD = re.compile(r"(?:^|[|;&(]|\bthen|\bdo)\s*([a-z]+)\b")

#: What looks into the namespace once it is made.
LOOKED = ("nsenter", "cat")

#: What only looks asks these only where they are installed.
IF_INSTALLED = {"iptables", "iptables-save", "nft"}


def programs(plan: Plan) -> list[str]:
    """All programs that must be installed before the first command."""
    commands = [step.command for step in plan.steps]
    asked = set(_run_by(one.look.argv for one in plan.requirements)) - IF_INSTALLED
    return sorted({*_run_by(commands), *asked, *undo_programs(plan), *LOOKED})


def undo_programs(plan: Plan) -> list[str]:
    """The programs that undo the plan."""
    undos = [step.undo for step in plan.all_steps if step.undo]
    seen = set(_run_by(look.argv for undo in undos for look in undo.looks)) - IF_INSTALLED
    needed = _run_by(argv for undo in undos for argv in (undo.look.argv, undo.argv))
    return sorted({*needed, *seen})


def _run_by(argvs: Iterable[Argv]) -> Iterator[str]:
    """The programs that these commands run, in a namespace and in the text of `sh -c` too."""
    for argv in argvs:
        yield argv[0]
        if argv[:3] == ("ip", "netns", "exec"):
            yield argv[4]
        if argv[:2] == ("sh", "-c"):
            yield from {*FIRST_WORD.findall(argv[2])} & {*PROGRAMS}
