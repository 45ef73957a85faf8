"""The answer of ``netmodes why``: how far a packet from a namespace gets, and what stops it."""

from dataclasses import dataclass

from netmodes.plan.finding import Finding


@dataclass(frozen=True)
class Answer:
    """How far a packet gets.

    Args:
        hops: the stages that it passes, one line each, in order.
        finding: the first fault; None if the packet arrives and is answered.
    """

    hops: tuple[str, ...]
    finding: Finding | None = None

    @property
    def reached(self) -> bool:
        """Whether the target answers."""
        return self.finding is None
