"""One command of a plan: where it runs, why, and how it is undone."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any

from netmodes.plan.undo import Argv, Undo, undo_from


@dataclass(frozen=True)
class Step:
    """One command: where it runs, why, and how it is taken back.

    ``str(step)`` is the line on screen, in the record and in the script.

    Args:
        argv: the command as typed inside ``namespace``.
        why: one line for the reader.
        namespace: a named network namespace, or None for the host.
        stdin: text for commands that read their work (``ip -batch -``).
        undo: None where the effect vanishes with its namespace or device.
        guard: a command of ours around the article's own (left out by ``--verbatim``).
        prevents: what happens without this guard, as a sentence without its full stop.
        share: a name for what it provides, if several networks may need it: it is taken back when
            the last network goes that has a step of this share.
    """

    argv: Argv
    why: str
    namespace: str | None = None
    stdin: str | None = None
    undo: Undo | None = None
    guard: bool = False
    prevents: str = ""
    share: str = ""

    @property
    def command(self) -> Argv:
        """The argv as run from the host: ``ip netns exec A ip addr add …``."""
        if self.namespace is None:
            return self.argv
        return ("ip", "netns", "exec", self.namespace, *self.argv)

    def __str__(self) -> str:
        return line(self.command, self.stdin)

    def as_guard(self, prevents: str) -> Step:
        """The same command, marked as one of ours, and what happens without it."""
        return replace(self, guard=True, prevents=prevents)


def line(argv: Argv, stdin: str | None = None) -> str:
    """A command as a shell takes it; what it reads is a quoted here-document."""
    document = "" if stdin is None else f" <<'STDIN'\n{stdin}STDIN"
    return shlex.join(argv) + document


def step_from(data: dict[str, Any]) -> Step:
    """A step from its JSON."""
    undo = data["undo"] and undo_from(data["undo"])
    return Step(**{**data, "argv": tuple(data["argv"]), "undo": undo})
