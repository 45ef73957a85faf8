"""A plan, taught: its picture, each line with its why and its undo, who reaches whom, and why so.

A mode is explained with the article's values on the article's machine, a network with its own.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from netmodes import wrapping
from netmodes.errors import Refused
from netmodes.journal import Journal, sharing
from netmodes.machine.facts import Facts
from netmodes.modes import MODES
from netmodes.plan.plan import Plan
from netmodes.plan.run import Note, Run
from netmodes.plan.step import Step
from netmodes.plan.undo import BEFORE, LEFT, Argv, Undo
from netmodes.script import render

#: How an explanation is written, each with its template.
FORMATS = {"text": "explain.txt.j2", "markdown": "explain.md.j2"}

#: Columns.
WIDTH = 80

STATES = {
    "up": "{0} is up",
    "unconfirmed": "{0} is up, and waits for `netmodes confirm {0}`",
    "interrupted": "{0} was interrupted, so not all of its lines may have run",
}


@dataclass(frozen=True)
class Line:
    """One command as a reader sees it.

    Args:
        number: its place, from 1.
        step: the command.
        when: what is to be said of its taking-back.
        undo: what takes it back, and what that reads; None if nothing has to be run.
        shared: with whom, in words; "" for nobody.
    """

    number: int
    step: Step
    when: str
    undo: tuple[Argv, str | None] | None = None
    shared: str = ""


def article_machine() -> Facts:
    """The facts of the article's machine."""
    return Facts.from_json(Path(__file__).with_name("article.json").read_text())


def article_plan(name: str) -> Plan:
    """The plan of a mode with the article's values."""
    return MODES[name](**MODES[name].needed()).plan(article_machine())


def mode(name: str, how: str = "text") -> str:
    """A mode, explained; nothing of this machine is looked at.

    Args:
        name: the mode's.
        how: one of ``FORMATS``.
    """
    options = (f"--{key.replace('_', '-')} {value}" for key, value in MODES[name].needed().items())
    command = " ".join([f"netmodes {name}", *options, "--dry-run"])
    source = f"The lines are those for the article's machine: `{command}` prints them for yours."
    plan = article_plan(name)
    return _render(how, name, source, plan, lines(plan))


def network(found: Run, how: str = "text") -> str:
    """A network of ours, explained with the plan in its journal.

    Args:
        found: what the journal has.
        how: one of ``FORMATS``.

    Raises:
        Refused: its mode is none of this version's.
    """
    plan, name = found.plan, found.plan.name
    if plan.mode not in MODES:
        raise Refused(f"{name} has a mode that this netmodes does not know: {plan.mode}")
    source = f"{STATES[found.state].format(name)}. These are the lines of its run."
    return _render(
        how, f"{name}, {plan.mode}", source, plan, lines(plan, _notes(found), _shared(plan))
    )


def lines(
    plan: Plan, notes: Mapping[int, Note] | None = None, shared: Mapping[int, str] | None = None
) -> list[Line]:
    """Every line of a plan; first those that an earlier network has run for it as well.

    Args:
        plan: the network's.
        notes: what the journal knows of its steps, by place; None where it has not been run.
        shared: with whom a step is shared, in words, by place.
    """
    found = []
    for index, step in enumerate(plan.all_steps):
        note = (notes or {}).get(index)
        with_whom = (shared or {}).get(index, "")
        if step.undo is None:
            found.append(Line(index + 1, step, _goes_with(step, plan), shared=with_whom))
        elif note is not None and note.before == note.after:
            found.append(Line(index + 1, step, "none: it was so before", shared=with_whom))
        else:
            when = "; ".join(_conditions(step, step.undo, note))
            found.append(Line(index + 1, step, when, _undo(step.undo, note), with_whom))
    return found


def _undo(undo: Undo, note: Note | None) -> tuple[Argv, str | None]:
    """The command that takes a step back, and what it reads, as far as they are known."""
    text = undo.stdin and LEFT.sub(r"\1", undo.stdin)
    return undo.command(note.before if note else "BEFORE"), text


def _conditions(step: Step, undo: Undo, note: Note | None) -> Iterator[str]:
    """When an undo is run, and what it does not say itself."""
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
    """What takes a step's effect with it when it goes, made by another line."""
    made = _made(plan)
    words = [step.namespace, *re.split(r"[\s./=]+", " ".join(step.argv))]
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
    return made


def _notes(found: Run) -> dict[int, Note]:
    """What the journal knows of each step; of those that others have run, what theirs knows."""
    notes = {note.index: note for note in found.notes}
    for index, share in found.plan.shares.items():
        for name, place in sharing(share):
            other = Journal(name).read()
            for note in other.notes if other else ():
                if note.index == place:
                    notes.setdefault(index, note)
    return notes


def _shared(plan: Plan) -> dict[int, str]:
    """With whom each step is shared by now, in words."""
    found = {}
    for index, share in plan.shares.items():
        others = sorted({name for name, _ in sharing(share)} - {plan.name})
        if others or index < len(plan.inherited):
            earlier = f"; run before {plan.name} came" if index < len(plan.inherited) else ""
            found[index] = f"with {', '.join(others) or 'nobody any more'}{earlier}"
    return found


def _render(how: str, title: str, source: str, plan: Plan, found: Sequence[Line]) -> str:
    numbers = {shlex.join(line.step.command): line.number for line in found}
    numbers |= {line.step.share: line.number for line in found if line.step.share}

    def place(what: str) -> str:
        """Where a command is, or the line of this share; "" for nowhere."""
        return f" (line {numbers[what]})" if what in numbers else ""

    def command(*words: str) -> str:
        """A command in an answer, with its place if it is one of the lines."""
        return f"`{shlex.join(words)}`{place(shlex.join(words))}"

    return render.render(
        FORMATS[how],
        FILTERS,
        title=title,
        source=source,
        plan=plan,
        summary=MODES[plan.mode].summary(),
        picture=MODES[plan.mode].draw(plan.name, plan.topology),
        lines=found,
        promises=MODES[plan.mode].promises,
        p=plan.parameters,
        command=command,
        place=place,
    )


def fold(argv: Argv, stdin: str | None = None, width: int = WIDTH) -> str:
    """A command and what it reads in lines of this width, which a shell and ``ip`` join again."""
    if stdin is None:
        return "\n".join(_fold(map(shlex.quote, argv), width))
    read = [line for text in stdin.splitlines() for line in _fold(text.split(), width)]
    return "\n".join([*_fold([*map(shlex.quote, argv), "<<'STDIN'"], width), *read, "STDIN"])


def _fold(words: Iterable[str], width: int) -> list[str]:
    """Words in lines, all but the last of which end in a backslash."""
    folded: list[str] = []
    for word in words:
        if folded and len(folded[-1]) + len(word) < width - 2:
            folded[-1] += f" {word}"
        else:
            folded.append(f"    {word}" if folded else word)
    return [f"{line} \\" for line in folded[:-1]] + folded[-1:]


def wrap(text: str, indent: int = 0) -> str:
    """Prose in lines of 80 columns, all but the first of them indented."""
    margin = " " * indent
    return "\n".join(wrapping.wrap(text, WIDTH, first=margin, more=margin)).lstrip()


def answers(text: str, heading: str, indent: int = 0) -> str:
    """Questions, which begin with ``# ``, and their answers, in lines of 80 columns.

    A heading's own line is never broken.
    """
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    return "\n\n".join(
        (heading + part[2:] if heading else wrap(part[2:]))
        if part.startswith("# ")
        else " " * indent + wrap(part, indent)
        for part in parts
    )


FILTERS: dict[str, Callable[..., str]] = {"fold": fold, "wrap": wrap, "answers": answers}
