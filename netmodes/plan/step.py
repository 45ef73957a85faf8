"""The vocabulary of a run: what is to be done, why, and what came of it.

Nothing here touches the system. Every value is frozen and goes into JSON and back.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from netmodes.plan.promise import Report
from netmodes.plan.undo import Argv, Undo, undo_from

__all__ = [
    "FORMAT",
    "Argv",
    "Check",
    "Outcome",
    "Plan",
    "Record",
    "Step",
    "line",
]

#: The journal's and the record's format number.
FORMAT = 1


@dataclass(frozen=True)
class Step:
    """One command: where it runs, why, and how it is taken back.

    ``str(step)`` is the line on screen, in the record and in the script.

    Args:
        argv: the command as typed inside ``namespace``.
        why: one line for the reader.
        namespace: a named network namespace, or None for the host.
        stdin: text for commands that read their work (``ip -batch -``).
        undo: None where the effect vanishes with its namespace or device.
        guard: a command of ours around the article's own (left out by ``--verbatim``).
        prevents: what happens without this guard, as a sentence without its full stop.
        share: a name for what it provides, if several networks may need it: it is taken back when
            the last network goes that has a step of this share.
    """

    argv: Argv
    why: str
    namespace: str | None = None
    stdin: str | None = None
    undo: Undo | None = None
    guard: bool = False
    prevents: str = ""
    share: str = ""

    @property
    def command(self) -> Argv:
        """The argv as run from the host: ``ip netns exec A ip addr add …``."""
        if self.namespace is None:
            return self.argv
        return ("ip", "netns", "exec", self.namespace, *self.argv)

    def __str__(self) -> str:
        return line(self.command, self.stdin)

    def as_guard(self, prevents: str) -> Step:
        """The same command, marked as one of ours, and what happens without it."""
        return replace(self, guard=True, prevents=prevents)


@dataclass(frozen=True)
class Check:
    """Something that must hold before the first command: ``argv`` prints ``expect``.

    Args:
        argv: a command that changes nothing.
        expect: text that its output must hold; "" for any output, None for no output at all.
        otherwise: the sentence for the user when it does not hold.
        asks: it learns what no snapshot of this machine can tell: who is on the LAN, who listens.
        guard: only guard commands need it; ``--verbatim`` leaves it out with them.
    """

    argv: Argv
    expect: str | None
    otherwise: str
    asks: bool = False
    guard: bool = False

    def holds(self, output: str) -> bool:
        """Whether this output is the expected one."""
        return not output.strip() if self.expect is None else self.expect in output


@dataclass(frozen=True)
class Plan:
    """The steps of one namespace's network, rendered and not yet run.

    Args:
        mode: the mode's name on the command line.
        namespace: the namespace's name, and the network's.
        parameters: every parameter of the mode, by name, as text.
        steps: the commands in order.
        checks: what must hold before the first.
        inherited: steps that another network has run and this one shares; they come first.
        notices: what to know before it starts, one sentence each.
    """

    mode: str
    namespace: str
    parameters: dict[str, str]
    steps: tuple[Step, ...]
    checks: tuple[Check, ...] = ()
    inherited: tuple[Step, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """All that may be this network's to take back; the journal counts by this."""
        return (*self.inherited, *self.steps)

    @property
    def shares(self) -> dict[int, str]:
        """What is shared, by its step's place in ``all_steps``."""
        return {index: step.share for index, step in enumerate(self.all_steps) if step.share}

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands, each quoted for a shell."""
        return tuple(str(step) for step in self.steps)

    def verbatim(self) -> Plan:
        """The article's commands alone."""
        steps = tuple(step for step in self.steps if not step.guard)
        return replace(
            self, steps=steps, checks=tuple(check for check in self.checks if not check.guard)
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON; ``Plan.from_dict`` reads it."""
        return {"format": FORMAT, **asdict(self)}

    def intent(self) -> str:
        """As the journal keeps it, as JSON: without the notices, which are of the moment."""
        return json.dumps(replace(self, notices=()).to_dict())

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """A plan from what ``to_dict`` gave, after JSON.

        Raises:
            ValueError: it was written by a version with another format.
        """
        if data.get("format") != FORMAT:
            raise ValueError(f"format {data.get('format')!r} is not {FORMAT}")
        plain = {key: data[key] for key in ("mode", "namespace", "parameters")}
        checks = tuple(Check(**{**check, "argv": tuple(check["argv"])}) for check in data["checks"])
        steps, inherited = (tuple(map(step_from, data[key])) for key in ("steps", "inherited"))
        notices = tuple(data["notices"])
        return cls(**plain, steps=steps, checks=checks, inherited=inherited, notices=notices)


def line(argv: Argv, stdin: str | None = None) -> str:
    """A command as a shell takes it; what it reads is a quoted here-document."""
    document = "" if stdin is None else f" <<'STDIN'\n{stdin}STDIN"
    return shlex.join(argv) + document


def step_from(data: dict[str, Any]) -> Step:
    """A step from its JSON."""
    undo = data["undo"] and undo_from(data["undo"])
    return Step(**{**data, "argv": tuple(data["argv"]), "undo": undo})


@dataclass(frozen=True)
class Outcome:
    """What came of one command.

    Args:
        line: the command, quoted for a shell.
        status: its exit status; negative for a signal.
        stdout: what it printed.
        stderr: what it complained of.
        seconds: how long it took.
    """

    line: str
    status: int
    stdout: str
    stderr: str
    seconds: float


@dataclass(frozen=True)
class Record:
    """A plan and what came of each of its commands.

    Args:
        plan: the commands.
        outcomes: what came of each that ran.
        report: what came of every promise of the mode, if they were tried.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    report: Report | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands that ran, each quoted for a shell."""
        return tuple(outcome.line for outcome in self.outcomes)

    def script(self) -> str:
        """The same commands as bash; see ``netmodes.script.bash``."""
        from netmodes.script.bash import render

        return render(self.plan)

    def to_json(self) -> str:
        """Lines, exit statuses, outputs and durations (seconds), with the plan they came from."""
        data = {"plan": self.plan.to_dict(), "outcomes": _dicts(self.outcomes)}
        if self.report is not None:
            data["report"] = self.report.to_dict()
        return json.dumps(data, indent=2)


def _dicts(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    return [asdict(outcome) for outcome in outcomes]
