"""How a step is undone: what its result is, what proves that the result is ours, and the command.

Both engines, netmodes/engine/down.py and templates/engine.sh, read nothing else.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from netmodes.plan.text import text, text_or_none, texts

Argv = tuple[str, ...]

#: A command, and a regular expression for its output, valid in Python and in grep -E.
Sign = tuple[Argv, str]

#: In an undo's stdin: a lifetime in seconds, less those since the run began, but at least GRACE.
LEFT = re.compile(r"\{left:(\d+)\}")
GRACE = 60

#: In an undo's argv: the probe's word from before the step.
BEFORE = "{before}"


def nothing(sign: Sign) -> str:
    """The search for signs that finds none."""
    return ""


@dataclass(frozen=True)
class Undo:
    """How one step is undone, and how to tell that its result is still that step's.

    Both commands run on the host when the network goes down. So they see what is true by then: a
    device that has moved into its namespace is gone from the host, and needs no undo.

    Args:
        probe: a command that changes nothing. The first word it prints identifies the step's
            result: an ifindex, an inode with its birth, a value. If it fails or prints nothing,
            there is no result.
        argv: the command that undoes the step, with the probe's word from before the step for
            ``BEFORE``. It runs only if the step changed the probe's word and nobody has since.
        stdin: the text that ``argv`` reads; ``seconds_left`` in it counts down from the start.
        users: signs that somebody else depends on the result by now; then it is left alone.
        others: signs that somebody else made the result, for a step that was cut off and may not
            have run; then it is left alone.
        unless: lines of ``stdin``, each with a sign that somebody else has changed the same thing;
            then the line is left out.
    """

    probe: Argv
    argv: Argv
    stdin: str | None = None
    users: tuple[Sign, ...] = ()
    others: tuple[Sign, ...] = ()
    unless: tuple[tuple[str, Sign], ...] = ()

    def command(self, before: str) -> Argv:
        """The argv to run, given the probe's word from before the step."""
        return tuple(word.replace(BEFORE, before) for word in self.argv)

    def text(self, elapsed: float, found: Callable[[Sign], str] = nothing) -> str | None:
        """The text that the command reads, or None.

        Args:
            elapsed: seconds since the run began.
            found: searches for a sign; returns the match, or "".
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
    """A lifetime for an undo's stdin, which counts down while the network is up."""
    return f"{{left:{seconds}}}"


def undo_from(data: dict[str, Any]) -> Undo:
    """An undo from its JSON."""
    users, others = (tuple(map(_sign_from, data.get(key, ()))) for key in ("users", "others"))
    unless = tuple((text(line), _sign_from(sign)) for line, sign in data.get("unless", ()))
    argvs = texts(data["probe"]), texts(data["argv"])
    return Undo(*argvs, text_or_none(data["stdin"]), users, others, unless)


def _sign_from(data: Sequence[Any]) -> Sign:
    return texts(data[0]), text(data[1])
