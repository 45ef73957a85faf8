"""A lab's walls: namespaces whose root is outside an ordinary user, and their first process."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from netmodes.engine import keys, terminal
from netmodes.engine.signals import shell_status
from netmodes.errors import Refused
from netmodes.lab import kernel, places
from netmodes.lab.places import User
from netmodes.machine.abilities import no_user_namespaces, user_namespaces
from netmodes.machine.permissions import masks
from netmodes.plan.programs import ITSELF

#: The lab's own folders. Its /run has nothing of the machine's, whose sockets lead out of the lab.
HOME, TMPDIR = Path("/run/home"), Path("/run/tmp")

PROC = kernel.NO_SETUID | kernel.NO_DEVICES | kernel.NO_PROGRAMS

ALL = kernel.USER | kernel.MOUNTS | kernel.NET | kernel.PID | kernel.HOSTNAME | kernel.IPC


def enclose(needed: list[Path]) -> None:
    """Put this process into a lab's namespaces, and its next child.

    Args:
        needed: files and folders that are used in it.

    Raises:
        Refused: this machine forbids user namespaces, or the lab's user may not read what he needs.
    """
    folder = places.current()
    if masks():
        _refuse_forbidden()
    try:
        user = _enter(needed)
    except OSError as error:
        _refuse_forbidden()
        why = f"no lab can be made here ({error.strerror})"
        raise Refused(f"{why}: leave this container or namespace, or be an ordinary user") from None
    _refuse_unseen(folder, user)


def _enter(needed: list[Path]) -> User:
    """Go in; what is mounted before the last step is locked in the lab (mount_namespaces(7))."""
    keys.leave()
    user = User(os.geteuid(), os.getegid())
    if places.is_root_outside():
        user = places.user()
        kernel.unshare(kernel.MOUNTS)
        places.show(needed, user)
        kernel.become(*user)
    else:
        kernel.unshare(kernel.USER | kernel.MOUNTS)
        kernel.map_ids(*user, root=False)
    _own_files()
    kernel.unshare(ALL)
    kernel.map_ids(*user, root=True)
    socket.sethostname("lab")
    return user


def _own_files() -> None:
    """Mount a /run and an /etc of the lab's own."""
    kernel.mount("tmpfs", "/run", "tmpfs", options="mode=755")
    for folder in (HOME, TMPDIR):
        folder.mkdir()
    # Not an overlay: it needs an /etc without mounts in it, and a container's has some.
    copy = Path("/run/lab.etc")
    words = ("cp", "-a", "/etc", str(copy))  # without the files that the user may not read
    subprocess.run(words, capture_output=True, check=False)
    shutil.rmtree(copy / "netns", ignore_errors=True)
    with (copy / "hosts").open("a") as hosts:
        hosts.write("127.0.1.1 lab\n")
    kernel.mount(copy, "/etc", flags=kernel.BIND)


def _refuse_forbidden() -> None:
    if forbidden := user_namespaces():
        raise Refused(str(no_user_namespaces(**forbidden)))


def _refuse_unseen(folder: Path, user: User) -> None:
    """Go to the current folder as the lab sees it; refuse where it sees none, or no netmodes."""
    try:
        os.chdir(folder)
    except OSError:
        raise Refused(f"a lab has no {folder}: start it in another folder") from None
    if not (os.access(ITSELF, os.R_OK) and os.access(sys.executable, os.X_OK)):
        who = f"uid {user.uid}, who a lab's root is outside, may not read netmodes"
        folders = f"{Path(ITSELF).parent} {sys.prefix}"
        raise Refused(f"{who}: `chmod -R o+rX {folders}`, or install it in /opt")


def inside(run: Callable[[], int]) -> int:
    """Run this in the lab, with whose first process everything there ends.

    It has none of this process's descriptors but the three streams, nor a terminal of ours: root in
    the lab could have what any process in it has open (pidfd_getfd(2)).

    Returns:
        The exit status, 128 more than a signal's number.
    """
    for path in Path("/proc/self/fd").iterdir():
        if int(path.name) > 2:
            with suppress(OSError):
                os.close(int(path.name))
    first = partial(_be_first, *os.pipe())
    if (ours := terminal.controlling()) is not None:
        return terminal.run(run, os.geteuid(), ours, first)
    waits = {signal.SIGINT, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, waits)
    if (child := os.fork()) == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, waits)
        os.setsid()
        first()
        return run()
    while signal.sigwait(waits) != signal.SIGCHLD:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGINT)
    return shell_status(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _be_first(reads: int, writes: int) -> None:
    """Be the first process of a PID namespace: it ignores each signal that it does not handle.

    A pipe, whose other end the parent has, tells of a parent that ended before it was heeded.
    """
    kernel.die_with_parent()
    os.close(writes)
    if select.select([reads], [], [], 0)[0]:
        os._exit(1)
    os.close(reads)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: os._exit(128 + number))
    kernel.mount("proc", "/proc", "proc", flags=PROC)
