"""The only door to the system: says a command, runs it through plumbum, keeps what came of it."""

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

#: Exit statuses of a shell for what cannot be run or was killed; `sysctl` fails with 255.
NOT_ENDED = range(126, 255)

#: How many commands at most run side by side.
SIDE_BY_SIDE = 32


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

        What it makes everybody may read, for every user in a namespace reads its /etc/resolv.conf.

        Raises:
            Refused: the program is not installed.
        """
        self.say(line(argv, stdin))
        with signals.held_back():
            return self.quietly(argv, stdin, umask=0o022)

    def say(self, text: str) -> None:
        """Tell the user; a closed terminal is no reason to stop half way."""
        with suppress(OSError):
            self.echo(text)

    def quietly(self, argv: Argv, stdin: str | None = None, umask: int = -1) -> Outcome:
        """The same unsaid, for commands that only look; -1 is the umask of this process."""
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
        """Say some commands that do not depend on each other, then run them side by side.

        Raises:
            Refused: a program is not installed.
        """
        from concurrent.futures import ThreadPoolExecutor

        for name in dict.fromkeys(map(_runs, argvs)):
            program(name)
        for argv in argvs:
            self.say(line(argv))
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return list(pool.map(self.quietly, argvs))

    def look(self, argv: Argv) -> str:
        """What a command without effect prints; "" where it fails or is not installed."""
        try:
            outcome = self.quietly(argv)
        except Refused:
            return ""
        return outcome.stdout if outcome.status == 0 else ""

    def word(self, probe: Argv) -> str | None:
        """The first word that a probe prints, or ""; None where it fails: there is no such thing.

        Raises:
            CommandFailed: it did not come to its end, so what is there is unknown.
            Refused: the program is not installed.
        """
        outcome = self.to_its_end(probe)
        return next(iter(outcome.stdout.split()), "") if outcome.status == 0 else None

    def to_its_end(self, argv: Argv) -> Outcome:
        """What came of a command that only looks, be it a failure.

        Raises:
            CommandFailed: it did not come to its end, so what is there is unknown.
            Refused: the program is not installed.
        """
        with signals.held_back():
            outcome = self.quietly(argv)
        if outcome.status < 0 or outcome.status in NOT_ENDED:
            raise CommandFailed(outcome.line, outcome.status, outcome.stderr)
        return outcome


def _runs(argv: Argv) -> str:
    """The program that a command is about, also where it is run in a namespace."""
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
