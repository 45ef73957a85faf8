"""The process whose namespace gets a network stays the same one while a plan runs."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select

from netmodes.errors import NetmodesError, Refused
from netmodes.place import NAMESPACES
from netmodes.plan.plan import Plan


@contextmanager
def holding(plan: Plan) -> Iterator[Callable[[], None]]:
    """Hold the plan's process by a pidfd, for its number may be another's once it has ended.

    Yields:
        What raises a NetmodesError if it has ended, or the name is another namespace's.

    Raises:
        Refused: there is no such process, or it cannot be held.
    """
    number, inode = plan.process
    if not number:
        yield lambda: None
        return
    ended = f"process {number} has ended, or left its namespace: name one that runs"
    try:
        held = os.pidfd_open(int(number))
    except ProcessLookupError:
        raise Refused(ended) from None
    except (AttributeError, OSError):
        needs = "give a process and no thread; --attach needs Linux 5.3 and a Python built there"
        raise Refused(f"process {number} cannot be held: {needs}") from None

    def still() -> None:
        if select([held], [], [], 0)[0] or not _is(NAMESPACES / plan.name, inode):
            raise NetmodesError(ended)

    try:
        yield still
    finally:
        os.close(held)


def _is(path: Path, inode: str) -> bool:
    """Whether a file is there and has this inode."""
    try:
        return str(path.stat().st_ino) == inode
    except OSError:
        return False
