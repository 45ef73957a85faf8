"""System calls that a lab is made with and Python 3.10 lacks: unshare(2), mount(2), prctl(2)."""

import ctypes
import os
import signal
from pathlib import Path

from netmodes.machine.inside import LIBC, call

MOUNTS, HOSTNAME, IPC, USER, PID, NET = (
    *(0x00020000, 0x04000000, 0x08000000),
    *(0x10000000, 0x20000000, 0x40000000),
)

READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
REMOUNT, BIND, MOVE, ALL, PRIVATE = 1 << 5, 1 << 12, 1 << 13, 1 << 14, 1 << 18

PDEATHSIG, GET_PDEATHSIG, DUMPABLE, SECUREBITS = 1, 2, 4, 28
KEEP_CAPABILITIES = 1 << 2  # SECBIT_NO_SETUID_FIXUP (capabilities(7))


def unshare(namespaces: int) -> None:
    """Go into new namespaces; of a new PID namespace the next child is the first process."""
    call(LIBC.unshare, namespaces)
    if namespaces & MOUNTS:
        mount("none", "/", flags=ALL | PRIVATE)


def map_ids(uid: int, gid: int, *, root: bool) -> None:
    """In a new user namespace be the one user there is, as ``root`` or under the same number."""
    be_seen(True)  # else /proc/self is root's once the user has changed
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{0 if root else uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{0 if root else gid} {gid} 1")


def be_seen(seen: bool) -> None:
    """Let those of the same user namespace into this process's memory and open files, or not."""
    call(LIBC.prctl, DUMPABLE, int(seen))


def become(uid: int, gid: int) -> None:
    """Change from root to a user; this program alone, not what it runs, keeps capabilities.

    A change of user forgets what ``die_with_parent`` said (prctl(2)).
    """
    ends = ctypes.c_int()
    call(LIBC.prctl, GET_PDEATHSIG, ctypes.byref(ends))
    call(LIBC.prctl, SECUREBITS, KEEP_CAPABILITIES)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    call(LIBC.prctl, PDEATHSIG, ends)


def mount(
    source: str | Path, target: str | Path, kind: str = "", *, flags: int = 0, options: str = ""
) -> None:
    """Mount a file system, or with BIND what is at another path."""
    words = (str(word).encode() for word in (source, target, kind))
    call(LIBC.mount, *words, ctypes.c_ulong(flags), options.encode())


def die_with_parent() -> None:
    """Be killed when the parent ends, however it ends."""
    call(LIBC.prctl, PDEATHSIG, signal.SIGKILL)
