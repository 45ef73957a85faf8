"""What a rehearsal found: a mode up, checked and down in a copy of a machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netmodes.plan.report import Result, result_from


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found.

    Args:
        mode: the mode's name on the command line.
        namespace: the network's name.
        promises: every promise of the mode, as it was tried; none where it was not up.
        differences: what is not as promised, and what the host lost or did not get back.
        unknown: what could not be tried, and what the copy has not as the machine has it.
        refused: why the mode refuses to run; "" where it ran.
        beyond: what no copy can tell, one sentence; "" where there is nothing.
    """

    mode: str
    namespace: str
    promises: tuple[Result, ...] = ()
    differences: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    refused: str = ""
    beyond: str = ""

    @property
    def status(self) -> int:
        """The exit status: 0 as promised, 1 a difference or a refusal, 3 something is unknown."""
        if self.refused or self.differences:
            return 1
        return 3 if self.unknown else 0

    def to_dict(self) -> dict[str, Any]:
        """The rehearsal as JSON."""
        return {**vars(self), "promises": [result.to_dict() for result in self.promises]}

    def to_json(self) -> str:
        """The rehearsal as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Rehearsal:
        """A rehearsal from the JSON of ``to_dict``."""
        lists = {name: tuple(data[name]) for name in ("differences", "unknown")}
        return cls(**{**data, **lists, "promises": tuple(map(result_from, data["promises"]))})
