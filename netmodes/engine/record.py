"""What a run did: each command that ran, with its result."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from netmodes.plan.plan import Plan
from netmodes.plan.promise import Report


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
        data = {"plan": self.plan.to_dict(), "outcomes": list(map(asdict, self.outcomes))}
        if self.report is not None:
            data["report"] = self.report.to_dict()
        return json.dumps(data, indent=2)
