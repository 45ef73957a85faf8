"""The only door to the system: says a command, runs it through plumbum, keeps what came of it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import TYPE_CHECKING

from netmodes.errors import Refused
from netmodes.iproute import PACKAGES
from netmodes.step import Argv, Outcome

if TYPE_CHECKING:
    from plumbum.commands.base import BaseCommand

__all__ = ["Echo", "Runner", "silent"]

Echo = Callable[[str], None]


def silent(line: str) -> None:
    """An echo that says nothing: the library's default."""


@dataclass(frozen=True)
class Runner:
    """Runs commands, one at a time.

    Args:
        echo: is given each line before it runs.
        lock: a descriptor that each child holds too, so that the lock outlives a killed parent.
    """

    echo: Echo = silent
    lock: int | None = None

    def run(self, argv: Argv, stdin: str | None = None) -> Outcome:
        """Say a command, then run it to its end; a failure is an outcome, not an exception.

        Raises:
            Refused: the program is not installed.
        """
        self.echo(shlex.join(argv))
        return self.quietly(argv, stdin)

    def quietly(self, argv: Argv, stdin: str | None = None) -> Outcome:
        """The same unsaid, for commands that only look."""
        command = program(argv[0])[argv[1:]]
        hold = () if self.lock is None else (self.lock,)
        began = time.monotonic()
        if stdin is None:
            ended = command.run(retcode=None, stdin=DEVNULL, pass_fds=hold)
        else:
            ended = (command << stdin).run(retcode=None, pass_fds=hold)
        status, stdout, stderr = ended
        return Outcome(shlex.join(argv), status, stdout, stderr, time.monotonic() - began)

    def word(self, probe: Argv) -> str:
        """The first word that a probe prints; "" when the thing is not there."""
        outcome = self.quietly(probe)
        return next(iter(outcome.stdout.split()), "") if outcome.status == 0 else ""


def program(name: str) -> BaseCommand:
    """The program of that name on PATH.

    Raises:
        Refused: it is not installed.
    """
    from plumbum import CommandNotFound, local

    try:
        return local[name]
    except CommandNotFound:
        package = PACKAGES.get(name, name)
        raise Refused(f"there is no `{name}` on PATH: install {package}") from None
