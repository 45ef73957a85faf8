"""One form for what about a machine matters, whoever finds it and whoever says it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """Something about the machine that matters: what is so, the command that shows it, the mend.

    ``str(finding)`` is one sentence, for a refusal; ``notice`` has the mend on a line of its own.

    Args:
        level: "error": it does not work; "warning": it may not, or costs something.
        what: one sentence, no full stop at the end.
        shows: the command that shows it, as typed.
        mend: the command that mends it, or what to do.
        about: the device, namespace or network it is about; "" the machine.
    """

    level: str
    what: str
    shows: str
    mend: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.mend}"

    @property
    def notice(self) -> str:
        """What to know before something is done, and beneath it the mend, to be pasted."""
        return f"{self.what}:\n  {self.mend}"
