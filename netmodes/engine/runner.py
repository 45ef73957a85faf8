"""The runner: shows a command, runs it through plumbum, and returns the result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from select import select
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import IO, TYPE_CHECKING, Any, cast

from netmodes.engine import signals
from netmodes.engine.record import Outcome
from netmodes.engine.told import Told
from netmodes.errors import Interrupted, Refused, Unknown
from netmodes.machine.path import environment, find
from netmodes.machine.query import content, ends, in_memory
from netmodes.plan.look import PATIENCE, SLOW, Look
from netmodes.plan.programs import missing
from netmodes.plan.step import line
from netmodes.plan.undo import Argv

if TYPE_CHECKING:
    from plumbum.commands.base import BaseCommand

Echo = Callable[[str], None]

#: What a command reads from or prints to.
File = int | IO[bytes]

#: Seconds that a command has to end by itself where it need not go on.
GRACE = 0.3

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
        listings: what was listed since the last command, by argv.
        hung: each listing that was given up; the second time it is not made again.
        settled: what a command is to tell is known, so that it need not run to its end.
        caught: the signals that have come, after which no command need run; None if it must.
    """

    echo: Echo = silent
    lock: int | None = None
    listings: dict[Argv, str] = field(default_factory=dict)
    hung: list[Argv] = field(default_factory=list)
    settled: Callable[[], bool] | None = None
    caught: Sequence[int] | None = None

    def run(self, argv: Argv, stdin: str | None = None) -> Outcome:
        """Show a command, then run it to its end; a failure is a result, not an exception.

        Files that it makes are readable for everybody, as a namespace's resolv.conf must be. If it
        takes long it is named again, and a signal ends it from then on.

        Args:
            argv: the command, as run on the host.
            stdin: the text that it reads, or None.

        Raises:
            Refused: the program is not installed.
        """
        return self.start(argv, stdin)()

    def start(self, argv: Argv, stdin: str | None = None) -> Callable[[], Outcome]:
        """Show a command and start it, as ``run`` does; what it returns waits for its end.

        Raises:
            Refused: the program is not installed.
        """
        self.listings.clear()
        self.say(line(argv, stdin))
        with signals.held_back():
            outcome = self._started(argv, stdin, umask=0o022)

        def wait() -> Outcome:
            with signals.held_back():
                return outcome()

        return wait

    def say(self, text: str) -> None:
        """Show a line to the user; a closed terminal does not stop the run."""
        with suppress(OSError):
            self.echo(text)

    def quietly(self, argv: Argv, stdin: str | None = None, umask: int = -1) -> Outcome:
        """Run a command to its end, without showing it; a umask of -1 is that of this process.

        Raises:
            Refused: the program is not installed.
            Interrupted: no command need run any more.
        """
        return self._started(argv, stdin, umask)()

    def _started(self, argv: Argv, stdin: str | None, umask: int) -> Callable[[], Outcome]:
        self._stop_if_caught()
        began = time.monotonic()
        text, printed, said = in_memory(stdin or ""), in_memory(), in_memory()
        reads = DEVNULL if stdin is None else text
        process = _start(argv, reads, printed, said, self.lock, umask)

        def outcome() -> Outcome:
            with text, printed, said:
                self._wait(process, argv)
                status, seconds = process.wait(), time.monotonic() - began
                return Outcome(line(argv, stdin), status, content(printed), content(said), seconds)

        return outcome

    def _stop_if_caught(self) -> None:
        if self.caught:
            raise Interrupted(self.caught[0])

    def _wait(self, process: Popen[bytes], argv: Argv) -> None:
        """Wait for a command, and end it if it need not go on, or is slow and a signal comes."""
        if self.settled or self.caught is not None:
            while not (self.caught or (self.settled and self.settled())):
                if ends(process, 0.05):
                    return
            if not ends(process, 0 if self.caught else GRACE):
                process.terminate()
        if ends(process, SLOW):
            return
        took = f"runs for {SLOW:g} s, as process {process.pid}: Ctrl-C ends it"
        self.say(f"# {line(argv)} {took}")
        while not ends(process, 0.1):
            if signals.waiting():
                process.kill()

    def script(self, argv: Argv) -> str:
        """Run a script of ours to its end, which shows its commands by itself.

        Signals are passed on to it, for they need not reach this process's group.

        Returns:
            What it says is wrong, and what its commands complained of; "" where all is well.

        Raises:
            Refused: bash is not installed.
        """
        self.listings.clear()
        told = Told(self.say)
        with signals.noted() as caught:
            process = _start_script(argv, self.lock)
            passed_on = 0
            for part in _parts(process):
                told.hear(part)
                for number in caught[passed_on:]:
                    process.send_signal(number)
                    passed_on += 1
        status = process.wait()
        if -status in signals.SIGNALS:  # before it could note them
            return self.script(argv)
        return told.trouble(status)

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

    @contextmanager
    def beside(self, argv: Argv, stdin: str) -> Iterator[Callable[[], bool]]:
        """Show a command and start it; it has read this text, and its input ends with this, or with
        this process however that ends. What it yields tells whether the command complains.

        Raises:
            Refused: the program is not installed.
            Interrupted: no command need run any more.
        """
        self._stop_if_caught()
        self.say(line(argv, stdin))
        process = _start(argv, PIPE, PIPE, PIPE)
        try:
            with suppress(BrokenPipeError):
                cast("IO[bytes]", process.stdin).write(stdin.encode())
                cast("IO[bytes]", process.stdin).flush()
            yield lambda: bool(select([cast("IO[bytes]", process.stderr)], [], [], 0)[0])
        finally:
            with suppress(TimeoutExpired):
                process.communicate(timeout=SLOW)
            process.kill()

    def word(self, look: Look) -> str | None:
        """The word of a look, "" for a thing that could be and is not, or None for no such thing.

        A listing is made once for all looks between two commands.

        Raises:
            Unknown: the listing failed or is not whole.
            Refused: the program is not installed.
        """
        return look.word(self._listing(look))

    def _listing(self, look: Look) -> str:
        listing = self.listings.get(look.argv) or self._list(look.argv)
        if not look.is_whole(listing):
            raise Unknown(line(look.argv), "lists not all")
        self.listings[look.argv] = listing
        return listing

    def _list(self, argv: Argv) -> str:
        """What a command that changes nothing prints.

        It holds no lock, for what hangs would keep it.
        """
        slow = Unknown(line(argv), f"takes over {PATIENCE:g} s")
        if self.hung.count(argv) > 1:
            raise slow
        with signals.held_back(), in_memory() as printed, in_memory() as said:
            process = _start(argv, DEVNULL, printed, said)
            if not ends(process, PATIENCE):
                process.kill()
                self.hung.append(argv)
                raise slow
            listing, complaint = content(printed), " ".join(content(said).split())
        if process.wait() != 0:
            status = f"failed, exit status {process.returncode}"
            raise Unknown(line(argv), ": ".join(filter(None, (status, complaint))))
        return listing


def _start(
    argv: Argv, stdin: File, stdout: File, stderr: File, lock: int | None = None, umask: int = -1
) -> Popen[bytes]:
    """Start a command, which inherits the lock."""
    hold = () if lock is None else (lock,)
    files: dict[str, Any] = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    command = program(argv[0])[argv[1:]]
    # "." is where this process is, also if that folder is deleted.
    place: dict[str, Any] = {"cwd": ".", "env": environment(), "umask": umask, "pass_fds": hold}
    return cast("Popen[bytes]", command.popen(**files, **place))


def _start_script(argv: Argv, lock: int | None) -> Popen[bytes]:
    """Start a script, without the time that it takes to import plumbum."""
    if find(argv[0]) is None:
        raise Refused(str(missing(argv[0])))
    hold = () if lock is None else (lock,)
    own: dict[str, Any] = {"cwd": "/", "env": environment(), "pass_fds": hold}
    return Popen(argv, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, **own)


def _parts(process: Popen[bytes]) -> Iterator[bytes]:
    """What a process writes to stderr until it ends, also if it is open elsewhere; b"" at times."""
    with cast("IO[bytes]", process.stderr) as pipe:
        while True:
            if select([pipe], [], [], 0.1)[0]:
                if not (part := os.read(pipe.fileno(), 1 << 16)):
                    return
                yield part
            elif process.poll() is not None:
                return
            else:
                yield b""


def _runs(argv: Argv) -> str:
    """The program that a command runs, in a namespace or not."""
    return argv[4] if argv[:3] == ("ip", "netns", "exec") else argv[0]


def program(name: str) -> BaseCommand:
    """The program of that name on PATH.

    Raises:
        Refused: it is not installed.
    """
    load()
    from plumbum import LocalPath, local

    path = find(name)
    if path is None:
        raise Refused(str(missing(name)))
    return local[LocalPath(path)]


def load() -> None:
    """Import plumbum, which takes longer than most commands."""
    import platform

    vars(platform.uname())["processor"] = ""  # or the next line starts `uname -p`
    import plumbum  # noqa: F401
