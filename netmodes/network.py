"""A network of ours by its name: taken back, or kept; it needs root."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from netmodes.commands import devices, iproute
from netmodes.engine import confirm as watcher
from netmodes.engine.down import take_down
from netmodes.engine.runner import Runner, silent
from netmodes.errors import NetmodesError, Refused
from netmodes.journal import Journal, locked

__all__ = ["confirm", "down", "need_root"]

Echo = Callable[[str], None]


def down(name: str, *, kill: bool = False, echo: Echo | None = None) -> bool:
    """Take the network of this namespace back, newest command first.

    Args:
        name: the namespace's name.
        kill: end the processes that run inside, rather than refuse.
        echo: is given each line before it runs.

    Returns:
        Whether there was anything to take back.

    Raises:
        Refused: the namespace is not ours, or processes run inside.
        NetmodesError: something is left; its text says what.
    """
    devices.check_namespace(name)
    need_root()
    with locked() as lock:
        if Journal(name).read() is None:
            _refuse_foreign(name)
            return False
        left = take_down(name, Runner(echo or silent, lock), kill=kill)
    if left:
        raise NetmodesError(f"{name} is not wholly down: {'; '.join(left)}")
    return True


def _refuse_foreign(name: str) -> None:
    """A second ``down`` has nothing to do; a namespace that others made is another matter."""
    if Path(iproute.NAMESPACES, name).exists():
        raise Refused(f"namespace {name} is not ours: `ip netns del {name}` deletes it")


def confirm(name: str) -> None:
    """Keep the network of this namespace: its watcher goes.

    Raises:
        Refused: it is not up (any more).
    """
    devices.check_namespace(name)
    need_root()
    with locked():
        watcher.confirm(name)


def need_root() -> None:
    """Refuse to go on without root.

    Raises:
        Refused: this process is not root.
    """
    if os.geteuid() != 0:
        raise Refused("this needs root: run it under sudo, or inside `netmodes lab`")
