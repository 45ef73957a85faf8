"""The errors; the text of each is one sentence that says what is wrong and what to do.

NetmodesError
├── Refused          the parameters or the machine do not allow it; nothing was touched
│   └── NoProgram    what is to be run in a namespace is no program
├── CommandFailed    a command failed; what was done is undone
├── Unknown          what the machine has cannot be learned; what was done is undone
├── Interrupted      a signal came; what was done is undone
└── NotAsPromised    a promise is not kept (netmodes.plan.report)
"""

import re
import signal
from collections.abc import Sequence

#: Options of the command line that are arguments in Python.
OPTION = re.compile(r"--(anyway|kill)\b")


class NetmodesError(Exception):
    """The base of all errors that netmodes raises.

    ``exit_status`` is the exit status of the command line. ``left`` is None if no command ran;
    otherwise what was done is undone, except for what ``left`` names, one sentence each.
    """

    exit_status = 1
    left: Sequence[str] | None = None

    #: Options are named as Python has them; the command line says otherwise.
    in_python = True

    def __str__(self) -> str:
        """The sentence, with options in the words of whoever reads it."""
        text = super().__str__()
        return OPTION.sub(r"\1=True", text) if self.in_python else text


class Refused(NetmodesError, ValueError):
    """The parameters or the machine do not allow it; nothing was touched."""


class NoProgram(Refused):
    """What is to be run in a namespace is no program; the exit status is a shell's."""

    exit_status = 127


class CommandFailed(NetmodesError):
    """A command failed.

    Args:
        line: the command, quoted for a shell.
        status: its exit status; the negative number of the signal that ended it.
        words: its error messages.
        hint: what to do about it, as one sentence; "" if that is unknown.
    """

    def __init__(self, line: str, status: int, words: str, hint: str = "") -> None:
        self.line, self.status, self.words, self.hint = line, status, words.strip(), hint
        super().__init__(line, status, words, hint)

    def __str__(self) -> str:
        said = [f"  {line}" for line in self.words.split("\n") if line]
        command = self.line.partition(" <<")[0]  # without its here-document
        first = f"`{command}` failed (exit status {self.status})"
        return "\n".join([first, *said, *([self.hint] if self.hint else [])])


class Unknown(NetmodesError):
    """A listing failed, or is not whole, so what exists is unknown.

    Args:
        line: the command that lists, quoted for a shell.
        how: what is wrong with it, as a verb phrase.
    """

    def __init__(self, line: str, how: str) -> None:
        super().__init__(f"what exists is unknown (`{line}` {how}): try again")


class Interrupted(NetmodesError):
    """A signal came during ``up``, or before the network was confirmed.

    Args:
        signum: the signal's number; the exit status is 128 more.
    """

    def __init__(self, signum: int) -> None:
        self.exit_status = 128 + signum
        by = "Ctrl-C" if signum == signal.SIGINT else signal.Signals(signum).name
        super().__init__(f"interrupted by {by}")
