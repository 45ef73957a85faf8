"""Programs in a network's namespace, by ``subprocess``, and a thread that goes in itself."""

import errno
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from netmodes.engine.enter import identity_of
from netmodes.errors import Refused
from netmodes.machine.inside import go_into
from netmodes.machine.path import environment, find
from netmodes.place import NAMESPACES
from netmodes.plan.step import in_namespace

#: A word of a command, as ``subprocess`` takes them.
Word = str | bytes | os.PathLike[str]

#: Seconds that a process has to end by itself before it is killed.
PATIENCE = 2.0


def command(
    namespace: str, argv: Sequence[Word], user: str | None, options: Mapping[str, Any]
) -> list[str | bytes]:
    """The argv that runs another one in a namespace.

    ``ip netns exec`` would say in words that there is no such program: so that is asked before.

    Args:
        namespace: its name.
        argv: the program and its arguments.
        user: the user to run it as; None for this one.
        options: ``cwd`` and ``env`` as ``subprocess`` takes them.

    Raises:
        FileNotFoundError: there is no such program.
        Refused: there is no such user.
    """
    words = [os.fspath(word) for word in argv]
    path = (options.get("env") or environment()).get("PATH", os.defpath)
    program = os.fsdecode(words[0])
    folder = os.fsdecode(options.get("cwd") or "")
    place = Path(folder, program) if os.sep in program else program
    if shutil.which(place, path=path) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program)
    identity = () if user is None else _identity(user)
    before = in_namespace(namespace, *identity)
    return [find(before[0]) or before[0], *before[1:], *words]


def _identity(user: str) -> tuple[str, ...]:
    """The words that run a command as a user; ``ip netns exec`` itself needs root."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Refused(f"there is no user {user!r} on this machine: name another") from None
    return identity_of(entry)


def end(processes: Sequence[subprocess.Popen[Any]]) -> None:
    """End these processes, those that do not end by themselves as well."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        process.terminate()
    for process in running:
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def entered(namespace: str) -> Iterator[None]:
    """This thread, and what it starts meanwhile, in a namespace (setns(2)).

    What it opens stays there: a socket keeps its namespace. /sys, and the files in /etc with which
    names are resolved, remain the host's.
    """
    with Path("/proc/thread-self/ns/net").open() as home:  # /proc/self is the main thread's
        go_into(NAMESPACES / namespace)
        try:
            yield
        finally:
            go_into(Path(f"/proc/self/fd/{home.fileno()}"))
