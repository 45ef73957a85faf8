"""Where programs are: the folders of PATH, and those of root's that PATH may lack."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from netmodes.plan.programs import ITSELF

#: Folders that are not on a user's PATH, nor on root's under cron or Debian's `su`.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def search_path() -> str:
    """PATH, or the system's own where it is empty or unset, with root's folders last."""
    path = os.environ.get("PATH") or os.defpath
    folders = path.split(os.pathsep)
    return os.pathsep.join([path, *(folder for folder in SBIN if folder not in folders)])


def environment() -> dict[str, str]:
    """The environment of what netmodes starts."""
    return {**os.environ, "PATH": search_path()}


def itself() -> tuple[str, ...]:
    """The words that run this netmodes from anywhere, also where PATH is not the user's."""
    script = Path(sys.argv[0]).absolute()
    named = script.name == "netmodes" and script != Path(ITSELF).parent  # as in `python netmodes`
    return (str(script),) if named else (sys.executable, ITSELF)


def command_line(*arguments: str) -> str:
    """The command line by which a user runs netmodes, by its path where PATH does not have it."""
    words = itself()
    return shlex.join([*(("netmodes",) if find("netmodes") == words[0] else words), *arguments])


def as_root(*arguments: str) -> str:
    """The command line by which a user runs netmodes as root, to be pasted."""
    return shlex.join(["sudo", *itself(), *arguments])


def find(program: str) -> str | None:
    """The path of a program, or None where it is not installed."""
    return shutil.which(program, path=search_path())
