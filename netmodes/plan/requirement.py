"""What must hold before the first command of a plan."""

from dataclasses import dataclass
from typing import Any

from netmodes.plan.look import Look, look_from
from netmodes.plan.text import text


@dataclass(frozen=True)
class Requirement:
    """A condition for the first command of a plan: a look finds something, or nothing.

    Args:
        look: what is looked for.
        found: whether it must be found.
        otherwise: the sentence for the user when the condition does not hold.
        asks: the machine's facts cannot tell it: who is on the LAN, who listens on a port.
        guard: only guard commands need it; ``--verbatim`` leaves it out with them.
    """

    look: Look
    found: bool
    otherwise: str
    asks: bool = False
    guard: bool = False


def requirement_from(data: dict[str, Any]) -> Requirement:
    """A requirement from its JSON."""
    text(data["otherwise"])
    return Requirement(**{**data, "look": look_from(data["look"])})
