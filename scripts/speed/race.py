"""Measuring side by side: each contender once a round, in alternating order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from figures import Figures
from machines import FailedError, Machine

Command = Sequence[str]

#: Seconds; what takes longer is not measured again.
LONG = 60


def nothing(_: str) -> None:
    """No check."""


@dataclass(frozen=True)
class Contender:
    """Commands that are measured one after another on a machine, each by the name of its figure.

    Args:
        who: whose figures these are.
        machine: where they run.
        commands: what is measured, and the command.
        size: for how many namespaces.
        check: raises if the machine is not as this command should have left it.
        statuses: the exit statuses that they may have.
    """

    who: str
    machine: Machine
    commands: dict[str, Command]
    size: int = 1
    check: Callable[[str], None] = nothing
    statuses: Sequence[int] = (0,)

    def run(self, figures: Figures, number: str) -> None:
        """Run them once."""
        for what, command in self.commands.items():
            taken = self.machine.take(command, self.statuses)
            progress(f"{number}: {what}, {self.who}, N={self.size}: {taken.ms:.0f} ms")
            self.check(what)
            figures.add(what, self.who, taken.ms, self.size)
            if taken.memory is not None:
                figures.add(f"{what}, MB", self.who, taken.memory, self.size)


def race(
    contenders: Sequence[Contender], rounds: int, figures: Figures, *, warm: bool = True
) -> None:
    """Measure each once a round, and once alone what takes long; what fails is left out, and said.

    Args:
        contenders: whom to measure.
        rounds: how often.
        figures: where the values go.
        warm: run a first round that does not count.
    """
    left = list(contenders)
    for number in range(0 if warm else 1, rounds + 1):
        counted = figures if number else Figures(left_out=figures.left_out)
        for one in left[:: 1 if number % 2 else -1]:
            if not goes_on(one, counted, f"round {number} of {rounds}"):
                left.remove(one)


def goes_on(one: Contender, figures: Figures, number: str) -> bool:
    """Run a contender; whether it is to run again."""
    began = time.monotonic()
    try:
        one.run(figures, number)
    except FailedError as error:
        for what in one.commands:
            figures.drop(what, one.who, one.size)
        figures.left_out.append(f"{one.who}, N={one.size}: {error}")
        progress(figures.left_out[-1])
        return False
    return time.monotonic() - began < LONG


def progress(line: str) -> None:
    """Say on stderr how far it is."""
    print(line, file=sys.stderr, flush=True)
