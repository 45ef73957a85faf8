"""Questions to the machine: a command that changes nothing, a file, a route."""

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, Popen, TimeoutExpired

from netmodes.errors import Unknown
from netmodes.holder import stat_of
from netmodes.machine.entries import Route
from netmodes.machine.path import environment
from netmodes.machine.printed import route_got
from netmodes.plan.look import PATIENCE
from netmodes.plan.text import NOT_AS_WRITTEN, lines_of
from netmodes.plan.undo import Argv

#: Where to, in the words of ``ip route get``: an address, perhaps with a source or a mark.
Asked = tuple[str, ...]

#: The status of ``ip`` where the kernel says no.
NO_ROUTE = 2


def ask(*argv: str) -> CompletedProcess[str] | None:
    """Run a command that changes nothing; None if the program is not installed."""
    return end(start(*argv))


def start(*argv: str) -> Popen[bytes] | None:
    """Start such a command; ``end`` waits for it."""
    try:
        return Popen(
            argv,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=environment(),
        )
    except (FileNotFoundError, PermissionError):
        return None


def end(child: Popen[bytes] | None) -> CompletedProcess[str] | None:
    """Wait for a started command and take its output; one that hangs is ended, and has failed."""
    if child is None:
        return None
    try:
        stdout, stderr = child.communicate(timeout=PATIENCE)
    except TimeoutExpired:
        child.kill()
        child.wait()
        return CompletedProcess(child.args, child.returncode, "", f"takes over {PATIENCE:g} s")
    texts = (printed.decode(errors="surrogateescape") for printed in (stdout, stderr))
    return CompletedProcess(child.args, child.returncode, *texts)


def lines(done: CompletedProcess[str] | None) -> list[str] | None:
    """The lines that a command printed; None if it failed or is not installed."""
    return lines_of(done.stdout) if done and done.returncode == 0 else None


def contents(path: Path) -> str | None:
    """The text of a file; None if it cannot be read.

    A pipe is not read, for that would wait for a writer.
    """
    try:
        return path.read_bytes().decode(errors="replace") if path.is_file() else None
    except OSError:
        return None


def text_of(path: Path) -> str | None:
    """The same without its last newlines."""
    found = contents(path)
    return None if found is None else found.rstrip("\n")


def route_to(address: str) -> Route | None:
    """The host's route to an address; None for none, or without ``ip``.

    Raises:
        Unknown: what ``ip`` printed is no route.
    """
    return routes_to([(address,)])[address,]


def routes_to(asked: Iterable[Asked]) -> dict[Asked, Route | None]:
    """The host's route for each of these, as ``route_to`` has it."""
    argvs = {words: ("ip", "-j", "route", "get", *words) for words in asked}
    running = {words: start(*argv) for words, argv in argvs.items()}
    return {words: _route(argvs[words], end(child)) for words, child in running.items()}


def _route(argv: Argv, done: CompletedProcess[str] | None) -> Route | None:
    if done is None or done.returncode == NO_ROUTE:
        return None
    try:
        if done.returncode == 0:
            return route_got(done.stdout)
    except NOT_AS_WRITTEN:
        pass
    raise Unknown(shlex.join(argv), "prints no route")


def ancestors() -> Iterator[str]:
    """This process and those above it, up to PID 1."""
    pid = os.getpid()
    while pid > 1 and (stat := stat_of(pid)):
        yield str(pid)
        pid = int(stat[1])
