"""What can be written: the settings in /proc/sys, and folders."""

import os
from pathlib import Path

from netmodes.machine.query import text_of

SETTINGS = Path("/proc/sys")


def is_settled(argv: tuple[str, ...]) -> bool:
    """Whether this is a `sysctl -w` that cannot write, and need not: all is so already."""
    files = _files(argv)
    return any(map(_is_fixed, files)) and all(text_of(file) == files[file] for file in files)


def fixed(argv: tuple[str, ...]) -> str:
    """The first setting that a `sysctl -w` cannot give its value, as ``KEY=VALUE``, or "".

    For a device that is not there yet that is the default, which the device begins with.
    """
    settings = {_with_default(file): value for file, value in _files(argv).items()}
    found = (file for file, value in settings.items() if _is_fixed(file) and text_of(file) != value)
    return next((f"{_key(file)}={settings[file]}" for file in found), "")


def _files(argv: tuple[str, ...]) -> dict[Path, str]:
    """The files that a `sysctl -w` writes, each with what it writes; no other command has any."""
    pairs = (word.partition("=") for word in argv[2:] if argv[:2] == ("sysctl", "-w"))
    return {_file(key): value for key, _, value in pairs}


def _file(key: str) -> Path:
    """The file of a key, whose parts have slashes between them where a part has a dot."""
    return SETTINGS / (key if "/" in key else key.replace(".", "/"))


def _key(file: Path) -> str:
    parts = file.relative_to(SETTINGS).parts
    return ("/" if any("." in part for part in parts) else ".").join(parts)


def _with_default(file: Path) -> Path:
    return file if file.parent.exists() else file.parent.parent / "default" / file.name


def _is_fixed(file: Path) -> bool:
    return file.exists() and not os.access(file, os.W_OK)


def is_writable(folder: Path) -> bool:
    """Whether this folder can be written, or made."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK)
