"""Who holds the lock, as far as a note beside it tells: the process, and the network it works on.

The note has one line: PID START NAME. /proc/locks alone would not do: there a script's lock is that
of `flock`, which has ended.
"""

import os
import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Holder:
    """A process that is at work.

    Args:
        pid: its number.
        network: the name of the network that it puts up or takes down; "" if it is unknown.
    """

    pid: int
    network: str = ""

    def __str__(self) -> str:
        return f"pid {self.pid}: {_command(self.pid)}"


def write(path: Path, network: str) -> None:
    """Note that this process holds the lock."""
    with suppress(OSError):  # a full disk is no reason not to begin
        path.write_text(f"{os.getpid()} {_started(os.getpid())} {network}\n")
        path.chmod(0o644)


def read(path: Path) -> Holder | None:
    """The process that holds the lock; None if there is none, or it was killed."""
    try:
        pid, started, name = path.read_text().split()
    except (OSError, ValueError):
        return None
    return Holder(int(pid), name) if pid.isdecimal() and _started(int(pid)) == started else None


def orphan(lock: Path) -> Holder | None:
    """A command that keeps the lock of a run that was killed; needs root."""
    waiting = set(_waiting(lock))
    waiting |= {
        int(stat_of(pid)[1]) for pid in waiting if stat_of(pid)
    }  # scripts, whose flock waits
    others = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    keeping = (pid for pid in others if pid not in waiting and pid != os.getpid())
    return next((Holder(pid) for pid in keeping if _has_open(pid, lock)), None)


def _waiting(lock: Path) -> list[int]:
    """The processes that wait for the lock, as /proc/locks lists them."""
    with suppress(OSError):
        inode = lock.stat().st_ino
        rows = [line.split() for line in Path("/proc/locks").read_text().split("\n")]
        return [int(row[5]) for row in rows if row[1:2] == ["->"] and row[6].endswith(f":{inode}")]
    return []


def _has_open(pid: int, file: Path) -> bool:
    with suppress(OSError):
        return any(path.samefile(file) for path in Path("/proc", str(pid), "fd").iterdir())
    return False


def stat_of(pid: int) -> list[str]:
    """The state and what follows it in /proc/PID/stat (proc(5)); nothing where it has ended."""
    with suppress(OSError):
        text = Path("/proc", str(pid), "stat").read_text(errors="replace")
        return text.rpartition(")")[2].split()
    return []


def _started(pid: int) -> str:
    """When a process started; "" where it has ended, also if its parent has not heard of that."""
    found = stat_of(pid)
    return found[19] if found and found[0] not in "ZX" else ""


def _command(pid: int) -> str:
    try:
        command = Path("/proc", str(pid), "cmdline").read_text(errors="replace").split("\0")[:-1]
        return shlex.join(command)
    except OSError:
        return "gone"
