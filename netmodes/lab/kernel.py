"""System calls that a lab is made with and Python 3.10 lacks: unshare(2), mount(2), prctl(2)."""

import ctypes
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MOUNTS, HOSTNAME, IPC, USER, PID, NET = (
    *(0x00020000, 0x04000000, 0x08000000),
    *(0x10000000, 0x20000000, 0x40000000),
)

READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
REMOUNT, BIND, MOVE, ALL, PRIVATE = 1 << 5, 1 << 12, 1 << 13, 1 << 14, 1 << 18

PDEATHSIG, GET_PDEATHSIG, DUMPABLE, SECUREBITS = 1, 2, 4, 28
KEEP_CAPABILITIES = 1 << 2  # SECBIT_NO_SETUID_FIXUP (capabilities(7))

LIBC = ctypes.CDLL(None, use_errno=True)


def unshare(namespaces: int) -> None:
    """Go into new namespaces; of a new PID namespace the next child is the first process."""
    _call(LIBC.unshare, namespaces)
    if namespaces & MOUNTS:
        mount("none", "/", flags=ALL | PRIVATE)


def go_into(namespace: Path) -> None:
    """Go into the namespace that is mounted on a file (setns(2); Python has it since 3.12)."""
    with namespace.open() as file:
        _call(LIBC.setns, file.fileno(), 0)


def socket_of(namespace: str | Path, *kind: int) -> socket.socket:
    """A socket of a network namespace by its file; "" is this one. It stays where it was made."""
    with ThreadPoolExecutor(1) as alone:  # setns(2) is for one thread
        return alone.submit(_socket_there, namespace, *kind).result()


def _socket_there(namespace: str | Path, *kind: int) -> socket.socket:
    if namespace:
        go_into(Path(namespace))
    return socket.socket(*kind)


def map_ids(uid: int, gid: int, *, root: bool) -> None:
    """In a new user namespace be the one user there is, as ``root`` or under the same number."""
    be_seen(True)  # else /proc/self is root's once the user has changed
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{0 if root else uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{0 if root else gid} {gid} 1")


def be_seen(seen: bool) -> None:
    """Let those of the same user namespace into this process's memory and open files, or not."""
    _call(LIBC.prctl, DUMPABLE, int(seen))


def become(uid: int, gid: int) -> None:
    """Change from root to a user; this program alone, not what it runs, keeps capabilities.

    A change of user forgets what ``die_with_parent`` said (prctl(2)).
    """
    ends = ctypes.c_int()
    _call(LIBC.prctl, GET_PDEATHSIG, ctypes.byref(ends))
    _call(LIBC.prctl, SECUREBITS, KEEP_CAPABILITIES)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _call(LIBC.prctl, PDEATHSIG, ends)


def mount(
    source: str | Path, target: str | Path, kind: str = "", *, flags: int = 0, options: str = ""
) -> None:
    """Mount a file system, or with BIND what is at another path."""
    words = (str(word).encode() for word in (source, target, kind))
    _call(LIBC.mount, *words, ctypes.c_ulong(flags), options.encode())


def die_with_parent() -> None:
    """Be killed when the parent ends, however it ends."""
    _call(LIBC.prctl, PDEATHSIG, signal.SIGKILL)


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
