"""One command of a plan: where it runs, why, and how it is undone."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any

from netmodes.plan.text import document, one_line, text_or_none, texts
from netmodes.plan.undo import Argv, Undo, undo_from


@dataclass(frozen=True)
class Step:
    """One command: where it runs, why, and how it is undone.

    ``str(step)`` is the line on screen, in the record and in the script.

    Args:
        argv: the command as it runs in ``namespace``.
        why: its purpose, one line.
        namespace: the name of a network namespace, or None for the host.
        stdin: the text that it reads (``ip -batch -``), or None.
        undo: how it is undone; None where its effect vanishes with its namespace or device.
        guard: a guard command, which the article does not have; ``--verbatim`` leaves it out.
        prevents: what happens without this guard, as a sentence without its full stop.
        share: a name for what it provides, if several networks may need that; it is undone with
            the last network that has a step of this share.

    Raises:
        ValueError: ``why``, ``prevents`` or ``share`` is not one line.
    """

    argv: Argv
    why: str
    namespace: str | None = None
    stdin: str | None = None
    undo: Undo | None = None
    guard: bool = False
    prevents: str = ""
    share: str = ""

    def __post_init__(self) -> None:
        for words in (self.why, self.prevents, self.share):
            one_line(words)

    @property
    def command(self) -> Argv:
        """The argv as run from the host: ``ip netns exec A ip addr add …``."""
        if self.namespace is None:
            return self.argv
        return in_namespace(self.namespace, *self.argv)

    @property
    def inside(self) -> str:
        """The namespace that this is a batch of ``ip`` in; "" for another command."""
        match self.argv:
            case ("ip", "-n", namespace, "-batch", "-"):
                return namespace
        return ""

    def __str__(self) -> str:
        return line(self.command, self.stdin)

    def as_guard(self, prevents: str) -> Step:
        """The same step as a guard command, with what happens without it."""
        return replace(self, guard=True, prevents=prevents)


def in_namespace(name: str, *argv: str) -> Argv:
    """A command as run from the host in this namespace; "" is the host itself."""
    return ("ip", "netns", "exec", name, *argv) if name else argv


def line(argv: Argv, stdin: str | None = None) -> str:
    """A command quoted for a shell; the text that it reads becomes a quoted here-document."""
    return shlex.join(argv) + ("" if stdin is None else f" {document(stdin, 'STDIN')}")


def step_from(data: dict[str, Any]) -> Step:
    """A step from its JSON."""
    undo = None if data.get("undo") is None else undo_from(data["undo"])
    for key in ("namespace", "stdin"):
        text_or_none(data.get(key))
    return Step(**{**data, "argv": texts(data["argv"]), "undo": undo})
