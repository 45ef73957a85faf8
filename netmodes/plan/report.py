"""Whether a network keeps the promises of its mode."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from netmodes.errors import NetmodesError
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Promise


@dataclass(frozen=True)
class Result:
    """The result of trying a promise.

    Args:
        promise: the promise.
        tried: the address or name that was tried; "" if there was none to try.
        place: the namespace that it was tried from; "" for the host.
        reached: whether there was an answer; None if unknown.
        milliseconds: the round trip's time; None without an answer.
        reason: why the promise is not kept, or why that is unknown; "" where it is kept.
        finding: what is wrong, if that was found.
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
        """The result as JSON."""
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


def result_from(data: dict[str, Any]) -> Result:
    """A result from the JSON of ``to_dict``."""
    promise = Promise(data["from"], data["to"], data["expected"])
    finding = data["finding"] and Finding(**data["finding"])
    got, took, reason = data["got"], data["milliseconds"], data["reason"]
    return Result(promise, data["tried"], data["namespace"], got, took, reason, finding)


def _way(result: Result) -> str:
    return f"from {result.promise.source} to {result.promise.target}"


@dataclass(frozen=True, repr=False)
class Report:
    """The results of all promises of a mode, in its order.

    Args:
        namespace: the namespace, or the network of several.
        mode: the mode.
        results: what was found; of several namespaces one after another.
    """

    namespace: str
    mode: str
    results: tuple[Result, ...]

    @property
    def differing(self) -> tuple[Result, ...]:
        """The promises that are not kept."""
        return tuple(result for result in self.results if result.differs)

    @property
    def ok(self) -> bool:
        """Whether no promise is known to be broken."""
        return not self.differing

    def __repr__(self) -> str:
        """The promises that are not kept, each with why."""
        broken = [f"{_way(one)}: {one.reason}" for one in self.differing]
        return f"<{self.mode} {self.namespace}: {'; '.join(broken) or 'as promised'}>"

    @property
    def untried(self) -> tuple[Result, ...]:
        """The promises about what the namespace reaches, where the result is unknown."""
        own = (result for result in self.results if result.promise.source == "namespace")
        return tuple(result for result in own if result.reached is None)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        results = [result.to_dict() for result in self.results]
        return {"namespace": self.namespace, "mode": self.mode, "results": results}

    def to_json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), indent=2)


class NotAsPromised(NetmodesError):
    """A network does not keep a promise of its mode."""

    def __init__(self, report: Report) -> None:
        self.report = report
        first, count = report.differing[0], len(report.differing)
        what = f"{report.namespace} is not as {report.mode} promises: {count} differ"
        super().__init__(f"{what}, the first {_way(first)}: {first.reason}")
