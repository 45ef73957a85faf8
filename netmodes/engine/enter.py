"""Running a command in a network's namespace, as the user who asked for it."""

import os
import pwd
import shlex
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from netmodes.engine.down import network_of
from netmodes.engine.runner import Echo
from netmodes.errors import NoProgram, Refused
from netmodes.machine.path import environment, find, search_path
from netmodes.machine.query import ancestors, text_of
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv

#: Runs a command with the environment that this descriptor holds, as /proc/PID/environ does; on a
#: command line everybody could read it.
WITH = 'fd=$0; mapfile -d "" -t all <&"$fd"; exec {fd}<&-; exec env -i -- "${all[@]}" "$@"'


def become(name: str, command: Argv, user: str | None, echo: Echo) -> NoReturn:
    """Replace this process by a command in a network's namespace; needs root.

    The user who called sudo gets the environment that they called it in, any other a clean one. Who
    is not root, and could reach more than the terminal that sudo was called on, gets an own one.

    Args:
        user: the user to run it as; None for the user who called sudo, or else root.

    Raises:
        Refused: there is no such network, user or program, or ``ip`` is not installed.
    """
    network_of(name)
    if find("ip") is None:
        raise Refused("`ip` cannot be run: install iproute2")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and so would the command
    caller = os.environ.get("SUDO_USER") or None
    entry = _user(caller if user is None else user)
    if entry is None:
        argv = in_namespace(name, *command)
        echo(shlex.join(argv))
        if find(command[0]) is None:
            raise NoProgram(f"there is no program {command[0]!r}: install it, or name its path")
        os.execvpe(argv[0], argv, environment())
    _keep_descriptors()
    sudo, is_parent = _sudo() if entry.pw_name == caller else ("", False)
    if user is None and not is_parent:
        echo(f"# as {caller}, who called sudo: --user root runs it as root")
    identity = identity_of(entry, clean=not sudo)
    echo(shlex.join(in_namespace(name, *identity, *command)))
    argv = in_namespace(name, *identity, *(_environment_of(sudo) if sudo else ()), *command)
    # Of a process of the user's the user can read the environment, root's too.
    passed = {"PATH": search_path()} if sudo else environment()
    execute = partial(os.execvpe, argv[0], argv, passed)
    from netmodes.engine import keys, terminal

    if not is_parent:
        keys.leave()
    ours = None if is_parent else terminal.controlling()
    if ours is not None:
        sys.exit(terminal.run(execute, entry.pw_uid, ours))
    execute()


def _user(name: str | None) -> pwd.struct_passwd | None:
    """The user of this name; None for the one that this process runs as."""
    if name is None:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Refused(
            f"there is no user {name!r} on this machine: name another with --user"
        ) from None
    return entry if entry.pw_uid != os.geteuid() else None


def identity_of(entry: pwd.struct_passwd, clean: bool = False) -> Argv:
    """The words before a command that run it as a user; ``ip netns exec`` itself needs root."""
    words = ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups")
    return (*words, "--reset-env", *_language()) if clean else words


def _keep_descriptors() -> None:
    """Pass nothing on that root has open, but the three streams."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            os.set_inheritable(int(path.name), int(path.name) <= 2)


def _sudo() -> tuple[str, bool]:
    """The sudo that this process is under, and whether it is its parent; "" where it is gone."""
    for distance, pid in enumerate(ancestors()):
        if text_of(Path("/proc", pid, "comm")) == "sudo":
            return pid, distance == 1
    return "", False


def _environment_of(pid: str) -> Argv:
    descriptor = os.open(f"/proc/{pid}/environ", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    return ("bash", "-c", WITH, str(descriptor))


def _language() -> Argv:
    """The words before a command that keep the language, as sudo does."""
    names = ("LANG", "LANGUAGE", "LC_ALL")
    kept = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    return ("env", *kept) if kept else ()
