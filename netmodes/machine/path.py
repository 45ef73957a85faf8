"""Where programs are: the folders of PATH, and those of root's that PATH may lack."""

import os
import shutil

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


def find(program: str) -> str | None:
    """The path of a program, or None where it is not installed."""
    return shutil.which(program, path=search_path())
