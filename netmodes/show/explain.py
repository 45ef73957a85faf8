"""A plan, explained: its picture, each line with its why and undo, who reaches whom, and why.

A mode is explained with the article's values on the article's machine, a network with its own.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.modes import MODES
from netmodes.plan.log import Run
from netmodes.plan.plan import Plan
from netmodes.script import render
from netmodes.show.lines import Line, lines
from netmodes.show.prose import FILTERS

#: The template of each format.
FORMATS = {"text": "explain.txt.j2", "markdown": "explain.md.j2"}

STATES = {
    "up": "{0} is up",
    "unconfirmed": "{0} is up, and waits for `netmodes confirm {0}`",
    "at work": "a run is at work on {0}, so not all of its lines may have run",
    "interrupted": "{0} was interrupted, so not all of its lines may have run",
}


def article_machine() -> Facts:
    """The facts of the article's machine."""
    return Facts.from_json(Path(__file__).with_name("article.json").read_text())


def article_plan(name: str) -> Plan:
    """The plan of a mode with the article's values."""
    return MODES[name](**MODES[name].needed()).plan(article_machine())


def mode(name: str, how: str = "text") -> str:
    """A mode, explained without looking at this machine."""
    options = (f"--{key.replace('_', '-')} {value}" for key, value in MODES[name].needed().items())
    command = " ".join([f"netmodes {name}", *options, "--dry-run"])
    source = f"These lines are for the article's machine: `{command}` prints those for yours."
    plan = article_plan(name)
    return _render(how, name, source, plan, lines(plan), every=True)


def network(run: Run, how: str = "text") -> str:
    """A network, explained by its journal.

    Raises:
        Refused: this version does not know its mode.
    """
    plan, name = run.plan, run.plan.name
    if plan.mode not in MODES:
        raise Refused(f"{name} has a mode that this netmodes does not know: {plan.mode}")
    source = f"{STATES[run.state].format(name)}. These are the lines of its run."
    return _render(how, f"{name}, {plan.mode}", source, plan, lines(plan, run))


def _render(
    how: str, title: str, source: str, plan: Plan, found: Sequence[Line], *, every: bool = False
) -> str:
    """The text; ``every`` question of the article is answered, or those on this mode alone."""
    numbers = {shlex.join(line.step.command): line.number for line in found}
    numbers |= {line.step.share: line.number for line in found if line.step.share}

    def place(what: str) -> str:
        """The line of a command or a share, in parentheses; "" for none."""
        return f" (line {numbers[what]})" if what in numbers else ""

    def command(*words: str) -> str:
        """A command in an answer, with its line if it is one of them."""
        return f"`{shlex.join(words)}`{place(shlex.join(words))}"

    return render.render(
        FORMATS[how],
        FILTERS,
        title=title,
        source=source,
        plan=plan,
        summary=MODES[plan.mode].summary(),
        picture=MODES[plan.mode].draw(plan.namespaces[0], plan.topology),
        lines=found,
        promises=plan.promises or MODES[plan.mode].promises,
        p={**plan.parameters, "namespace": plan.namespaces[0]},
        command=command,
        place=place,
        every=every,
    )
