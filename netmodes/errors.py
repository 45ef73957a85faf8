"""What can go wrong, each as one sentence that says what is wrong and what to do.

NetmodesError
├── Refused          the parameters or the machine do not allow it; nothing was touched
├── CommandFailed    a command failed; what was done has been taken back
└── Interrupted      a signal came; what was done has been taken back
"""

from __future__ import annotations

from collections.abc import Sequence


class NetmodesError(Exception):
    """The base of everything netmodes raises; its text is fit for a user.

    ``exit_status`` is what the command line exits with. ``left`` is None where nothing was begun;
    else what was done has been taken back, except for what it names, one sentence each.
    """

    exit_status = 1
    left: Sequence[str] | None = None


class Refused(NetmodesError, ValueError):
    """The parameters or the machine do not allow it; nothing was touched."""


class CommandFailed(NetmodesError):
    """A command failed.

    Args:
        line: the command, quoted for a shell.
        status: its exit status; negative for a signal.
        words: what it said on stderr.
        hint: what to do about it, one sentence, or nothing.
    """

    def __init__(self, line: str, status: int, words: str, hint: str = "") -> None:
        self.line, self.status, self.words, self.hint = line, status, words.strip(), hint
        super().__init__(line, status, words, hint)

    def __str__(self) -> str:
        said = [f"  {line}" for line in self.words.splitlines()]
        command = self.line.partition(" <<")[0]  # without what it read
        first = f"`{command}` failed (exit status {self.status})"
        return "\n".join([first, *said, *([self.hint] if self.hint else [])])


class Interrupted(NetmodesError):
    """A signal came in the middle of ``up``.

    Args:
        signum: the signal's number; the exit status is 128 more.
    """

    def __init__(self, signum: int) -> None:
        self.exit_status = 128 + signum
        super().__init__(f"interrupted by signal {signum}")
