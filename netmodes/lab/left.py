"""What a copy has not, or has otherwise than the machine that it is a copy of."""

from __future__ import annotations

from dataclasses import dataclass

#: What may differ for it, by the part of the machine that it is of.
CHANGES = {
    "links": "what goes by it",
    "addresses": "who answers, and from where",
    "firewall": "what passes",
    "routes": "where packets go",
    "sysctls": "what the kernel does with packets",
    "networks": "what joins it",
}


@dataclass(frozen=True)
class LeftOut:
    """One thing that was not carried over.

    Args:
        what: a device, a rule, …, by its name or its line.
        why: why not, as a clause.
        part: one of ``CHANGES``.
    """

    what: str
    why: str
    part: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}; {CHANGES[self.part]} may differ"
