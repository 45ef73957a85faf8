"""Becoming root: the whole command line runs again under one sudo, before anything is touched."""

import os
import shlex
import sys

from netmodes.cli.output import show
from netmodes.errors import Refused
from netmodes.machine.path import environment, find, itself
from netmodes.machine.permissions import status

#: Variables for the output's look, which sudo would drop.
LOOKS = ("NO_COLOR", "COLUMNS")


def become_root() -> None:
    """Go on as root: run this command again under one sudo, if need be.

    Raises:
        Refused: not root, and there is no sudo that works.
    """
    if os.geteuid() == 0:
        return
    if find("sudo") is None:
        raise Refused("this needs root, and there is no sudo: run it as root, or in `netmodes lab`")
    if status().get("NoNewPrivs") == "1":
        raise Refused(
            "this needs root, and sudo gives none here (no_new_privs is set): run it as root"
        )
    looks = [f"{name}={os.environ[name]}" for name in LOOKS if name in os.environ]
    argv = ["sudo", *(("env", *looks) if looks else ()), *itself(), *sys.argv[1:]]
    show(shlex.join(argv))
    os.execvpe(argv[0], argv, environment())
