"""How a step is taken back: where the thing is by then, what proves it ours, and the command.

Both engines, netmodes/engine/down.py and templates/engine.sh, go by this alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Argv = tuple[str, ...]

#: A command, and a pattern (of both Python and grep -E) to look for in what it prints.
Sign = tuple[Argv, str]

#: In an undo's stdin: seconds of a lifetime, less those since the run began; never less than GRACE.
LEFT = re.compile(r"\{left:(\d+)\}")
GRACE = 60

#: In an undo's argv: what the probe said before the step ran.
BEFORE = "{before}"


def nothing(sign: Sign) -> str:
    """What is found of a sign where nobody looks."""
    return ""


@dataclass(frozen=True)
class Undo:
    """How one step is taken back, and how to tell that the thing is still the one it made.

    Both commands run on the host, at the time of taking back, so they find the thing where it is
    by then: a device that has moved into its namespace is gone from the host and needs nothing.

    Args:
        probe: a command without effect; the first word it prints names the thing (an ifindex, an
            inode with its birth, a value), and a failure or silence means that it is not there.
        argv: the command that takes it back; ``BEFORE`` in it becomes the probe's word from before
            the step. It runs only if the step changed the probe's word and nobody has since.
        stdin: what it reads; ``seconds_left`` in it counts down from the start of the run.
        users: signs; where one is found, somebody else depends on the thing by now: it is left
            alone.
        others: likewise, for a step that was cut and may not have run: where one is found, the
            thing is not as the step makes it, so it is somebody else's.
        unless: lines of stdin, each with a command and a pattern; where that is found, somebody
            else has to do with what the line changes: it is left out.
    """

    probe: Argv
    argv: Argv
    stdin: str | None = None
    users: tuple[Sign, ...] = ()
    others: tuple[Sign, ...] = ()
    unless: tuple[tuple[str, Sign], ...] = ()

    def command(self, before: str) -> Argv:
        """The argv to run, where ``before`` was the probe's word before the step."""
        return tuple(word.replace(BEFORE, before) for word in self.argv)

    def text(self, elapsed: float, found: Callable[[Sign], str] = nothing) -> str | None:
        """What the command reads.

        Args:
            elapsed: seconds since the run began.
            found: looks for a sign; "" where it is not there.
        """
        if self.stdin is None:
            return None
        signs = dict(self.unless)
        lines = [
            line
            for line in self.stdin.splitlines(keepends=True)
            if line.rstrip() not in signs or not found(signs[line.rstrip()])
        ]
        text = "".join(lines)
        return LEFT.sub(lambda left: str(max(GRACE, int(left[1]) - int(elapsed))), text)


def seconds_left(seconds: int) -> str:
    """A lifetime in an undo's stdin, which goes on counting down."""
    return f"{{left:{seconds}}}"


def undo_from(data: dict[str, Any]) -> Undo:
    """An undo from its JSON."""
    users, others = (tuple(map(_sign_from, data.get(key, ()))) for key in ("users", "others"))
    unless = tuple((line, _sign_from(sign)) for line, sign in data.get("unless", ()))
    argvs = tuple(data["probe"]), tuple(data["argv"])
    return Undo(*argvs, data["stdin"], users, others, unless)


def _sign_from(data: Sequence[Any]) -> Sign:
    return tuple(data[0]), data[1]
