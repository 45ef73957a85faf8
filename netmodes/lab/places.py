"""Who root is in a lab, and what that user needs there of folders which only others may enter."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from netmodes.lab import kernel
from netmodes.plan.programs import ITSELF

#: It belongs to the machine's root, whatever the user namespace.
ROOTS = Path("/proc/sys/kernel")

SHOWN = kernel.READ_ONLY | kernel.NO_SETUID | kernel.NO_DEVICES


class User(NamedTuple):
    """A user id and a group id."""

    uid: int
    gid: int


NOBODY = User(65534, 65534)


def is_root_outside() -> bool:
    """Whether this process is the machine's root, in whatever user namespace; if unknown, root."""
    try:
        return os.geteuid() == 0 == ROOTS.stat().st_uid
    except OSError:
        return os.geteuid() == 0


def user() -> User:
    """Who root is outside its lab: the user who called sudo, else nobody."""
    words = [os.environ.get(name, "") for name in ("SUDO_UID", "SUDO_GID")]
    if all(word.isdecimal() and 0 < int(word) < 2**32 - 1 for word in words):
        return User(*map(int, words))
    return NOBODY


def current() -> Path:
    """The current folder; the root folder where that is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def needed(command: Sequence[str], search: str) -> list[Path]:
    """The folders of Python and netmodes, the command, and the current folder."""
    here = current()
    words = (sys.prefix, sys.base_prefix, *sys.path, str(Path(ITSELF).parents[1]))
    paths = [here, *(here / word for word in words)]
    for program in (sys.argv[0], shutil.which(command[0], path=search) if command else None):
        paths += _with_environment(here / program) if program else ()
    found = {way for path in paths for way in (path, path.resolve())}
    return sorted(path for path in found if path.exists())


def _with_environment(program: Path) -> Iterator[Path]:
    """A program, and the virtual environment that it is in."""
    yield program
    environment = program.resolve().parent.parent
    if environment.joinpath("pyvenv.cfg").exists():
        yield environment


def show(paths: Iterable[Path], user: User) -> None:
    """Show a user files and folders, read-only, at their own paths, where he may not go there."""
    os.setgroups([])
    opened = [(path, f"/proc/self/fd/{os.open(path, os.O_PATH)}") for path in paths]
    for path, source in opened:
        if not (_may_use(user, path) and path.samefile(source)):
            _open_way(path.parent, user)
            _put(Path(source), path, user)


def _open_way(folder: Path, user: User) -> None:
    """Hide the folders that the user may not enter below empty ones."""
    for part in (*reversed(folder.parents), folder):
        _make(part, like=Path("/"))
        if not _may_use(user, part, os.X_OK):
            kernel.mount("tmpfs", part, "tmpfs", options="mode=755")


def _put(source: Path, path: Path, user: User) -> None:
    """Show what is at the source; of a folder that the user may not list, all that is in it."""
    _make(path, like=source)
    if _may_use(user, source) or source.is_file():
        _bind(source, path)
        return
    kernel.mount("tmpfs", path, "tmpfs", options="mode=755")
    for each in source.iterdir():
        if each.is_symlink():
            path.joinpath(each.name).symlink_to(each.readlink())
        elif each.is_dir() or each.is_file():
            _make(path / each.name, like=each)
            _bind(each, path / each.name)


def _bind(source: Path, path: Path) -> None:
    kernel.mount(source, path, flags=kernel.BIND | kernel.ALL)
    kernel.mount("none", path, flags=kernel.REMOUNT | kernel.BIND | SHOWN)


def _make(path: Path, like: Path) -> None:
    """Make what something can be mounted on, unless it is there."""
    if path.exists():
        return
    if like.is_dir():
        path.mkdir()
        path.chmod(0o755)  # whatever the umask
    else:
        path.touch()


def _may_use(user: User, path: Path, how: int = os.R_OK | os.X_OK) -> bool:
    """Whether the kernel lets a user read a file, or list and enter a folder."""
    how = how if path.is_dir() else os.R_OK
    with _as(user):
        return os.access(path, how, effective_ids=True)


@contextmanager
def _as(user: User) -> Iterator[None]:
    """Be this user for a moment, without root's capabilities."""
    os.setegid(user.gid)
    os.seteuid(user.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
