"""A finding: what matters about a machine, with its evidence and what to do."""

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True)
class Finding:
    """Something about the machine that matters: a statement, evidence, and a fix or advice.

    ``str(finding)`` is one sentence, for a refusal.

    Args:
        level: "error" for what does not work; "warning" for what may not work, or has a cost.
        what: the statement; one sentence without its full stop.
        evidence: the command that shows it, quoted for a shell.
        fix: the command that corrects it, quoted for a shell; "" where no single command does.
        advice: what to do instead, as a sentence; either this or a fix is given.
        about: the device, namespace or network it is about; "" for the machine.
        namespace: the namespace in which its commands run; "" for the host.

    Raises:
        ValueError: both a fix and advice are given, or neither.
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
        """The statement, and the fix or advice on a line of its own."""
        return f"{self.what}:\n  {self.remedy}"

    @property
    def remedy(self) -> str:
        """The fix, or the advice."""
        return self.fix or self.advice
