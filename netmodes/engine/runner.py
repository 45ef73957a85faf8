"""The runner: shows a command, runs it through plumbum, and returns the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import TYPE_CHECKING

from netmodes.engine import signals
from netmodes.engine.record import Outcome
from netmodes.errors import CommandFailed, Refused
from netmodes.plan.programs import missing
from netmodes.plan.step import line
from netmodes.plan.undo import Argv

if TYPE_CHECKING:
    from plumbum.commands.base import BaseCommand

Echo = Callable[[str], None]

#: Exit statuses for a command that could not be run or was killed; `sysctl` fails with 255.
NOT_ENDED = range(126, 255)

#: The greatest number of commands that run side by side.
SIDE_BY_SIDE = 32


def silent(line: str) -> None:
    """The echo that shows nothing: the library's default."""


@dataclass(frozen=True)
class Runner:
    """Runs commands.

    Args:
        echo: is given each line before it runs.
        lock: a descriptor that each command inherits, so that its lock outlives a killed parent.
    """

    echo: Echo = silent
    lock: int | None = None

    def run(self, argv: Argv, stdin: str | None = None) -> Outcome:
        """Show a command, then run it to its end; a failure is a result, not an exception.

        Files that it makes are readable for everybody, as a namespace's resolv.conf must be.

        Args:
            argv: the command, as run on the host.
            stdin: the text that it reads, or None.

        Raises:
            Refused: the program is not installed.
        """
        self.say(line(argv, stdin))
        with signals.held_back():
            return self.quietly(argv, stdin, umask=0o022)

    def say(self, text: str) -> None:
        """Show a line to the user; a closed terminal does not stop the run."""
        with suppress(OSError):
            self.echo(text)

    def quietly(self, argv: Argv, stdin: str | None = None, umask: int = -1) -> Outcome:
        """Run a command to its end, without showing it.

        Args:
            argv: the command, as run on the host.
            stdin: the text that it reads, or None.
            umask: its umask; -1 for that of this process.

        Raises:
            Refused: the program is not installed.
        """
        command = program(argv[0])[argv[1:]]
        hold = () if self.lock is None else (self.lock,)
        began = time.monotonic()
        if stdin is None:
            ended = command.run(retcode=None, stdin=DEVNULL, pass_fds=hold, umask=umask)
        else:
            ended = (command << stdin).run(retcode=None, pass_fds=hold, umask=umask)
        status, stdout, stderr = ended
        return Outcome(line(argv, stdin), status, stdout, stderr, time.monotonic() - began)

    def together(self, argvs: Sequence[Argv]) -> list[Outcome]:
        """Show commands that do not depend on each other, then run them side by side.

        Raises:
            Refused: a program is not installed; then none runs.
        """
        from concurrent.futures import ThreadPoolExecutor

        for name in dict.fromkeys(map(_runs, argvs)):
            program(name)
        for argv in argvs:
            self.say(line(argv))
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return list(pool.map(self.quietly, argvs))

    def look(self, argv: Argv) -> str:
        """The output of a command that changes nothing; "" if it fails or is not installed."""
        try:
            outcome = self.quietly(argv)
        except Refused:
            return ""
        return outcome.stdout if outcome.status == 0 else ""

    def word(self, probe: Argv) -> str | None:
        """The first word that an undo's probe prints, or ""; None if it fails: there is no result.

        Raises:
            CommandFailed: the probe was killed or could not run, so the answer is unknown.
            Refused: the program is not installed.
        """
        outcome = self.to_its_end(probe)
        if outcome.status != 0:
            return None
        words = outcome.stdout.split()
        return words[0] if words else ""

    def to_its_end(self, argv: Argv) -> Outcome:
        """The result of a command that changes nothing, also if it failed.

        Raises:
            CommandFailed: the command was killed or could not run, so the answer is unknown.
            Refused: the program is not installed.
        """
        with signals.held_back():
            outcome = self.quietly(argv)
        if outcome.status < 0 or outcome.status in NOT_ENDED:
            raise CommandFailed(outcome.line, outcome.status, outcome.stderr)
        return outcome


def _runs(argv: Argv) -> str:
    """The program that a command runs, in a namespace or not."""
    return argv[4] if argv[:3] == ("ip", "netns", "exec") else argv[0]


def program(name: str) -> BaseCommand:
    """The program of that name on PATH.

    Raises:
        Refused: it is not installed.
    """
    from plumbum import CommandNotFound, local

    try:
        return local[name]
    except CommandNotFound:
        raise Refused(str(missing(name))) from None
