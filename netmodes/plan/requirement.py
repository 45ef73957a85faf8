"""What must hold before the first command of a plan."""

from __future__ import annotations

from dataclasses import dataclass

from netmodes.plan.undo import Argv


@dataclass(frozen=True)
class Requirement:
    """Something that must hold before the first command: ``argv`` prints ``expect``.

    Args:
        argv: a command that changes nothing.
        expect: text that its output must hold; "" for any output, None for no output at all.
        otherwise: the sentence for the user when it does not hold.
        asks: it learns what no snapshot of this machine can tell: who is on the LAN, who listens.
        guard: only guard commands need it; ``--verbatim`` leaves it out with them.
    """

    argv: Argv
    expect: str | None
    otherwise: str
    asks: bool = False
    guard: bool = False

    def holds(self, output: str) -> bool:
        """Whether this output is the expected one."""
        return not output.strip() if self.expect is None else self.expect in output
