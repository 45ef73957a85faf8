"""The record of a run: its plan, and the result of each command."""

import json
from dataclasses import asdict, dataclass

from netmodes.plan.plan import Plan
from netmodes.plan.report import Report


@dataclass(frozen=True)
class Outcome:
    """The result of one command.

    Args:
        line: the command, quoted for a shell.
        status: its exit status; the negative number of the signal that ended it.
        stdout: its output.
        stderr: its error messages.
        seconds: its duration.
    """

    line: str
    status: int
    stdout: str
    stderr: str
    seconds: float


@dataclass(frozen=True)
class Record:
    """A plan and the results of its commands.

    Args:
        plan: the plan.
        outcomes: the results of the commands that ran, in order.
        report: the results of the mode's promises, if they were tried.
        run: the id of the run in the journal; "" where nothing ran.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    report: Report | None = None
    run: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands that ran, each quoted for a shell."""
        return tuple(outcome.line for outcome in self.outcomes)

    def script(self) -> str:
        """The plan as a bash script; see ``netmodes.script.bash``."""
        from netmodes.script.bash import render

        return render(self.plan)

    def to_json(self) -> str:
        """The record as JSON text."""
        data = {"plan": self.plan.to_dict(), "outcomes": list(map(asdict, self.outcomes))}
        if self.report is not None:
            data["report"] = self.report.to_dict()
        return json.dumps(data, indent=2)
