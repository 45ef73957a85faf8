"""A rehearsal inside the copy: up, every promise, the host, down, and the comparison."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from netmodes import network
from netmodes.engine.runner import Runner
from netmodes.errors import NetmodesError, Refused
from netmodes.lab.kinds import ROUTER
from netmodes.lab.left import LeftOut
from netmodes.machine.compare import Difference, Snapshot, differences, snapshot
from netmodes.machine.facts import Facts
from netmodes.machine.read import whole_table
from netmodes.plan.plan import Plan
from netmodes.plan.promise import Promise
from netmodes.plan.rehearsal import Rehearsal
from netmodes.plan.report import Result
from netmodes.rehearse.exchange import serving
from netmodes.rehearse.reach import Reach

#: What a run tells that it did not do itself; in a copy nobody else does anything.
MEANWHILE = "# meanwhile: "

#: The order of the routes that the kernel makes of addresses, which no copy can set.
OF_ADDRESSES = re.compile(r"routes: (broadcast|local) .* table local proto kernel .* is moved")

#: What this kernel or machine has not, and another may have.
LACKS = re.compile(r"this kernel has no device type|there is no `\S+` on PATH")

#: What is said of a part of a snapshot that there is no program for.
NO_PROGRAM = "is not installed"

#: Targets of which it matters that they could not be tried; a host may have no gateway.
BEYOND = ("outside", "a name")

#: How often is tried what is not reached any more.
TRIES = 2

#: Seconds within which the kernel finishes what a run began.
PATIENCE = 2.0


@dataclass
class Stage:
    """A rehearsal on the way.

    Args:
        plan: what is rehearsed.
        elsewhere: it is for another machine, whose kernel may have what this one has not.
        unknown: what the copy has not as the machine has it, then what else is unknown.
    """

    plan: Plan
    elsewhere: bool
    unknown: list[str]
    promises: tuple[Result, ...] = ()
    differences: list[str] = field(default_factory=list)
    refused: str = ""

    def play(self, reach: Reach) -> None:
        """Put the plan up, try everything, take it down, and compare."""
        reach.hide()
        before, reached = _look(), reach.reached()
        if self._up():
            self._check(reach)
            self._compare_reach(reached, reach)
            self._down()
        if not self.refused:
            self._compare(before)

    def hear(self, line: str) -> None:
        """Note what a run says that it did not do."""
        if line.startswith(MEANWHILE) and not OF_ADDRESSES.search(line):
            self.differences.append(line.removeprefix(MEANWHILE))

    def found(self) -> Rehearsal:
        """What was found; each line once."""
        differences, unknown = map(dict.fromkeys, (self.differences, self.unknown))
        return Rehearsal(
            self.plan.mode,
            self.plan.name,
            self.promises,
            tuple(differences),
            tuple(unknown),
            self.refused,
        )

    def _up(self) -> bool:
        try:
            network.up(self.plan.namespaces, lambda _: self.plan, echo=self.hear)
        except NetmodesError as error:
            if self.elsewhere and LACKS.search(str(error)):
                self.unknown.append(str(error))
            elif isinstance(error, Refused):
                self.refused = str(error)
            else:
                self.differences += [str(error), *(error.left or ())]
        else:
            return True
        return False

    def _check(self, reach: Reach) -> None:
        first, *others = self.plan.namespaces
        report = network.check(first, outside=reach.outside)
        with serving(str(ROUTER)):
            tried = [reach.tried(each) for each in report.results]
        for name in others:
            tried += network.check(name, outside=reach.outside).results
        self.promises = tuple(tried)
        for each in self.promises:
            if each.differs:
                self.differences.append(_broken(each))
            elif each.reached is None and self._matters(each.promise):
                self.unknown.append(_untried(each))

    def _matters(self, promise: Promise) -> bool:
        """Whether something is there that is to be reached; a copy has no namespaces of ours."""
        if promise.source == "neighbour":
            return bool(self.plan.topology.joins or self.plan.more)
        return promise.source == "namespace" and promise.reachable and promise.target in BEYOND

    def _compare_reach(self, before: dict[str, str], reach: Reach) -> None:
        """Compare who is reached; what is lost once, of equal routes as well, is tried again."""
        lost = before
        for _ in range(TRIES):
            after = reach.reached()
            there = {what: after.get(what, "none") for what in lost}
            lost = {what: there[what] for what in lost if there[what] != before[what]}
            if not lost:
                return
        for what, now in lost.items():
            line = f"{what}: {before[what]} before, {now} while {self.plan.name} is up"
            self.differences.append(line)

    def _down(self) -> None:
        try:
            network.down(self.plan.name, echo=self.hear)
        except NetmodesError as error:
            self.differences.append(str(error))

    def _compare(self, before: Snapshot) -> None:
        """Compare once the kernel has finished."""
        deadline = time.monotonic() + PATIENCE
        while found := [one for one in differences(before, _look()) if _counts(one)]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        for one in found:
            where = self.unknown if one.what == "unknown" else self.differences
            where.append(f"after down {one}")


def rehearse(
    plan: Plan, facts: Facts, left: Iterable[LeftOut], *, elsewhere: bool = False
) -> Rehearsal:
    """Rehearse a plan in the copy that this process is in.

    Args:
        plan: the plan.
        facts: the machine that the copy is of.
        left: what the copy has not as the machine has it.
        elsewhere: it is another machine than this one.
    """
    stage = Stage(plan, elsewhere, [*map(str, left)])
    stage.play(Reach(plan, facts, Runner()))
    return stage.found()


def _look() -> Snapshot:
    return snapshot(whole_table())


def _counts(one: Difference) -> bool:
    no_program = one.what == "unknown" and one.line.endswith(NO_PROGRAM)
    return not (no_program or OF_ADDRESSES.fullmatch(str(one)))


def _way(result: Result) -> str:
    target = " ".join(filter(None, (result.promise.target, result.tried)))
    return f"from {result.promise.source} to {target}"


def _broken(result: Result) -> str:
    what = "there is a way" if result.reached else "there is no way"
    return f"{what} {_way(result)}" + f": {result.reason}" * bool(result.reason)


def _untried(result: Result) -> str:
    is_joined = result.promise.source == "neighbour"
    reason = "a copy has no namespace of another network" if is_joined else result.reason
    return f"the way {_way(result)} could not be tried: {reason}"
