"""Where programs are: the folders of PATH, and those of root's that PATH may lack."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from stat import S_ISREG

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
    named = script.name == "netmodes" and _runs(script)
    return (str(script),) if named else (sys.executable, ITSELF)


def _runs(script: Path) -> bool:
    """Whether root can run this; it may be where root alone can look."""
    try:
        return S_ISREG(script.stat().st_mode) and os.access(script, os.X_OK, effective_ids=True)
    except PermissionError:
        return True
    except OSError:
        return False


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
