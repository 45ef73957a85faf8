"""Writes a script to the path that the user names, where somebody else may have laid links."""

import errno
import os
import stat
from pathlib import Path

from netmodes.errors import Refused

#: The greatest number of links that a path may have (path_resolution(7)).
MAX_LINKS = 40


def write_script(text: str, path: str, force: bool) -> None:
    """Write a script, executable; replace a file only if forced, and never write through a link.

    Raises:
        Refused: the path cannot be written, or has a file and this is not forced.
    """
    try:
        folder = _folder(Path(path).absolute().parent)
        try:
            _write(text.encode(), Path(path).name, folder, force)
        finally:
            os.close(folder)
    except FileExistsError:
        raise Refused(f"{path} exists: choose another file, or use --force") from None
    except OSError as error:
        raise Refused(f"{path} cannot be written ({error.strerror}): choose another file") from None


def _write(text: bytes, name: str, folder: int, force: bool) -> None:
    """Write the file whole, or not at all."""
    mode, draft = _mode(name, folder) if force else None, f".netmodes.{os.getpid()}"
    new = name if mode is None else draft
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(new, flags, 0o755, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, (mode or stat.S_IMODE(os.fstat(descriptor).st_mode)) | 0o111)
            file.write(text)
        if mode is not None:
            os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(new, dir_fd=folder)
        raise


def _mode(name: str, folder: int) -> int | None:
    """The permissions of the file to replace; None where there is none."""
    try:
        found = os.lstat(name or ".", dir_fd=folder).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found):
        raise OSError(errno.EINVAL, "it is a link" if stat.S_ISLNK(found) else "it is no file")
    return stat.S_IMODE(found)


def _folder(path: Path) -> int:
    """Open a folder; each link on the way must be ours, or of whoever owns /."""
    parts, at, links = list(reversed(path.parts)), os.open("/", os.O_PATH), 0
    trusted = (os.geteuid(), os.fstat(at).st_uid)
    while parts:
        above, part = at, parts.pop()
        at = os.open(part, os.O_PATH | os.O_NOFOLLOW, dir_fd=above)
        found = os.fstat(at)
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if found.st_uid not in trusted or links > MAX_LINKS:
                raise OSError(errno.ELOOP, f"the link {part} leads to itself, or is another user's")
            parts += reversed(Path(os.readlink("", dir_fd=at)).parts)
            os.close(at)
            at = above
        else:
            os.close(above)
    return at
