"""Running a command inside a network, as the user who asked."""

from __future__ import annotations

import os
import pwd
import shlex
import signal
from collections.abc import Callable
from typing import NoReturn

from netmodes.engine.down import running
from netmodes.errors import Refused
from netmodes.plan.step import in_namespace


def become(
    name: str, command: tuple[str, ...], user: str | None, echo: Callable[[str], None]
) -> NoReturn:
    """Become this command inside the network; root is needed.

    Args:
        name: the namespace's name.
        command: argv.
        user: whose; None for the one who called sudo, or root.
        echo: is given the line before it runs.

    Raises:
        Refused: there is no such network, user or program.
    """
    running(name)
    argv = in_namespace(name, *_as_user(user or os.environ.get("SUDO_USER")), *command)
    echo(shlex.join(argv))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and the command would too
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        raise Refused(f"`{argv[0]}` cannot be run ({error.strerror}): install iproute2") from None


def _as_user(user: str | None) -> tuple[str, ...]:
    """What goes before a command to run it as this user; ``ip netns exec`` itself needs root."""
    if user is None:
        return ()
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Refused(
            f"there is no user {user!r} on this machine: name another with --user"
        ) from None
    if entry.pw_uid == os.geteuid():
        return ()
    identity = ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups")
    return (*identity, "env", f"HOME={entry.pw_dir}", f"USER={user}", f"LOGNAME={user}")
