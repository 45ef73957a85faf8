"""Running a command in a network's namespace, as the user who asked for it."""

import os
import pwd
import shlex
import signal
from typing import NoReturn

from netmodes.engine.down import running
from netmodes.engine.runner import Echo
from netmodes.errors import Refused
from netmodes.machine.path import environment
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv


def become(name: str, command: Argv, user: str | None, echo: Echo) -> NoReturn:
    """Replace this process by a command in a network's namespace; needs root.

    Args:
        user: the user to run it as; None for the user who called sudo, or else root.

    Raises:
        Refused: there is no such network or user, or ``ip`` is not installed.
    """
    running(name)
    user = os.environ.get("SUDO_USER") or None if user is None else user
    argv = in_namespace(name, *_as_user(user), *command)
    echo(shlex.join(argv))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and so would the command
    try:
        os.execvpe(argv[0], argv, environment())
    except OSError as error:
        raise Refused(f"`{argv[0]}` cannot be run ({error.strerror}): install iproute2") from None


def _as_user(user: str | None) -> Argv:
    """The words before a command that run it as this user; ``ip netns exec`` itself needs root."""
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
