"""One form for what about a machine matters, whoever finds it and whoever says it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True)
class Finding:
    """Something about the machine that matters: what is so, what shows it, what to do.

    ``str(finding)`` is one sentence, for a refusal; ``notice`` has what to do on its own line.

    Args:
        level: "error": it does not work; "warning": it may not, or costs something.
        what: one sentence, no full stop at the end.
        evidence: the command that shows it, as typed.
        fix: the command that puts it right, as typed.
        advice: what to do where no single command puts it right; one of both is given.
        about: the device, namespace or network it is about; "" the machine.
        namespace: where its commands run; "" the host.
    """

    level: str
    what: str
    evidence: str
    _: KW_ONLY
    fix: str = ""
    advice: str = ""
    about: str = ""
    namespace: str = ""

    def __post_init__(self) -> None:
        if bool(self.fix) is bool(self.advice):
            raise ValueError(f"either a fix or advice: {self.what}")

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"

    @property
    def notice(self) -> str:
        """What to know before something is done, and what to do on a line of its own."""
        return f"{self.what}:\n  {self.remedy}"

    @property
    def remedy(self) -> str:
        """The fix, or the advice."""
        return self.fix or self.advice
