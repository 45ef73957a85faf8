"""A plan's commands as a reader sees them: each with its undo, and who shares it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from netmodes.journal import Journal, sharing
from netmodes.plan.log import Note, Run
from netmodes.plan.plan import Plan
from netmodes.plan.step import Step
from netmodes.plan.undo import BEFORE, LEFT, Argv, Undo


@dataclass(frozen=True)
class Line:
    """One command as a reader sees it.

    Args:
        number: its place, from 1.
        step: the command.
        when: when its undo runs, or why it has none.
        undo: the command that undoes it, and that command's input; None if there is none.
        shared: the networks that share it, in words; "" for none.
    """

    number: int
    step: Step
    when: str
    undo: tuple[Argv, str | None] | None
    shared: str


def lines(plan: Plan, run: Run | None = None) -> list[Line]:
    """Every line of a plan; first those that an earlier network has run and this one shares.

    Args:
        plan: the network's.
        run: its run, whose journal knows the values from before and the networks that share.
    """
    notes, shared = (_notes(run), _shared(plan)) if run else ({}, {})
    return [
        Line(index + 1, step, *_undo(step, plan, notes.get(index)), shared.get(index, ""))
        for index, step in enumerate(plan.all_steps)
    ]


def _undo(step: Step, plan: Plan, note: Note | None) -> tuple[str, tuple[Argv, str | None] | None]:
    """When a step is undone or why not, and the command with its input, as far as known."""
    if step.undo is None:
        return _goes_with(step, plan), None
    if note is not None and note.before == note.after:
        return "none: it was so before", None
    text = step.undo.reads and LEFT.sub(r"\1", step.undo.reads)
    command = step.undo.command(note.before if note else "BEFORE")
    return "; ".join(_conditions(step, step.undo, note)), (command, text)


def _conditions(step: Step, undo: Undo, note: Note | None) -> Iterator[str]:
    """When an undo is run, and what its command does not say."""
    restores = any(BEFORE in word for word in undo.argv)
    if step.share:
        yield "with the last network that shares it"
    if undo.users:
        yield "unless something else needs it by now"
    if note is None and restores:
        yield "BEFORE is the value it had"
    if note is None and "set" in step.argv:
        yield "unless it was so before"
    if LEFT.search(undo.stdin or ""):
        yield "lifetimes less the time gone by"


def _goes_with(step: Step, plan: Plan) -> str:
    """The namespace or device whose removal undoes a step, and the line that makes it.

    A process's namespace is not deleted; what was done in it goes with its device.
    """
    made = _made(plan)
    inside = plan.topology.device if plan.process[0] and step.namespace else step.namespace
    words = [inside, *re.split(r"[\s./=]+", " ".join(step.argv))]
    name = next((word for word in words if word in made), None)
    return f"goes with {name} (line {made[name]})" if name else "goes with what it is done to"


def _made(plan: Plan) -> dict[str | None, int]:
    """The line that makes each device and namespace, by name."""
    made: dict[str | None, int] = {}
    for number, step in enumerate(plan.all_steps, 1):
        undone = step.undo.argv if step.undo else ()
        if undone[:3] in (("ip", "link", "del"), ("ip", "netns", "del")):
            names = [name for word, name in pairwise(step.argv) if word == "name"]
            made |= dict.fromkeys([undone[3], *names], number)
        made |= dict.fromkeys(step.undo.made if step.undo else (), number)
    return made


def _notes(run: Run) -> dict[int, Note]:
    """What the journal knows of each step; for a step that another network ran, its journal."""
    notes = {note.index: note for note in run.notes}
    for index, share in run.plan.shares.items():
        for name, place in sharing(share):
            other = Journal(name).read()
            for note in other.notes if other else ():
                if note.index == place:
                    notes.setdefault(index, note)
    return notes


def _shared(plan: Plan) -> dict[int, str]:
    """The networks that share each step by now, in words."""
    found = {}
    for index, share in plan.shares.items():
        others = sorted({name for name, _ in sharing(share)} - {plan.name})
        if others or index < len(plan.inherited):
            earlier = f"; run before {plan.name} came" if index < len(plan.inherited) else ""
            found[index] = f"with {', '.join(others) or 'nobody any more'}{earlier}"
    return found
