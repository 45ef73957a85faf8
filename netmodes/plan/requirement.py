"""What must hold before the first command of a plan."""

from dataclasses import dataclass

from netmodes.plan.undo import Argv


@dataclass(frozen=True)
class Requirement:
    """A condition for the first command of a plan: ``argv`` prints ``expect``.

    Args:
        argv: a command that changes nothing.
        expect: text that its output must contain; "" for any output, None for no output at all.
        otherwise: the sentence for the user when the condition does not hold.
        asks: the machine's facts cannot tell it: who is on the LAN, who listens on a port.
        guard: only guard commands need it; ``--verbatim`` leaves it out with them.
    """

    argv: Argv
    expect: str | None
    otherwise: str
    asks: bool = False
    guard: bool = False

    def holds(self, output: str) -> bool:
        """Whether a command with this output meets the requirement."""
        return not output.strip() if self.expect is None else self.expect in output
