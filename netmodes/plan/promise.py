"""What a mode promises: who reaches whom, and who does not; and whether it is so."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from netmodes.errors import NetmodesError
from netmodes.plan.finding import Finding

#: "outside" is a machine of the LAN, "neighbour" another namespace of the same bridge.
Source = Literal["namespace", "host", "neighbour", "outside"]

Target = Literal[
    "itself",
    "namespace",
    "the host's end of the cable",
    "the bridge",
    "the host's other addresses",
    "the gateway",
    "outside",
    "a name",
]


@dataclass(frozen=True)
class Promise:
    """One promise of a mode: that packets from the source get to the target, or that they do not.

    "the gateway" is the host's own, "outside" what is beyond it, and "a name" is one that the
    namespace looks up.
    """

    source: Source
    target: Target
    reachable: bool


@dataclass(frozen=True)
class Result:
    """What came of trying a promise.

    Args:
        promise: the promise.
        tried: the address or name that was tried; "" if there was none to try.
        place: the namespace that it was tried from; "" the host.
        reached: whether there was an answer; None if that cannot be told.
        milliseconds: the round trip's time; None without an answer.
        reason: why it is not as promised, or cannot be told; "" where it is.
        finding: what is wrong, where that was found.
    """

    promise: Promise
    tried: str
    place: str
    reached: bool | None
    milliseconds: float | None = None
    reason: str = ""
    finding: Finding | None = None

    @property
    def differs(self) -> bool:
        """Whether the promise is not kept."""
        return self.reached is not None and self.reached is not self.promise.reachable

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "from": self.promise.source,
            "to": self.promise.target,
            "tried": self.tried,
            "namespace": self.place,
            "expected": self.promise.reachable,
            "got": self.reached,
            "differs": self.differs,
            "milliseconds": self.milliseconds,
            "reason": self.reason,
            "finding": self.finding and asdict(self.finding),
        }


@dataclass(frozen=True)
class Report:
    """What came of trying every promise of a mode, in its order."""

    namespace: str
    mode: str
    results: tuple[Result, ...]

    @property
    def differing(self) -> tuple[Result, ...]:
        """The promises that are not kept."""
        return tuple(result for result in self.results if result.differs)

    @property
    def untried(self) -> tuple[Result, ...]:
        """The promises of the namespace itself of which it cannot be told whether they are kept."""
        own = (result for result in self.results if result.promise.source == "namespace")
        return tuple(result for result in own if result.reached is None)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        results = [result.to_dict() for result in self.results]
        return {"namespace": self.namespace, "mode": self.mode, "results": results}

    def to_json(self) -> str:
        """Every promise with what was expected and what came of it."""
        return json.dumps(self.to_dict(), indent=2)


class NotAsPromised(NetmodesError):
    """A network that was to be checked is not as its mode promises.

    Args:
        report: what came of every promise.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        first, count = report.differing[0], len(report.differing)
        what = f"{report.namespace} is not as {report.mode} promises: {count} differ"
        way = f"from {first.promise.source} to {first.promise.target}"
        super().__init__(f"{what}, the first {way}: {first.reason}")
