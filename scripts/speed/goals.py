"""What netmodes is to reach, by medians of one run, and what it has reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

import many
import one
from figures import Figures, number, table, times

TITLE = "Goals"
WORDS = "By the medians below."

#: Of N namespaces: how many times as fast as whom, at least.
FASTER = (
    ("up", 100, many.ARTICLE, 8),
    ("up", 100, many.CNI, 4),
    ("up", 100, many.PYROUTE2, 6),
    ("up", 100, many.MININET, 6),
    ("down", 100, many.ARTICLE, 15),
    ("up", 400, many.ARTICLE, 8),
    ("down", 400, many.ARTICLE, 30),
)


@dataclass(frozen=True)
class Goal:
    """A figure and the most, or the least, that it is to be.

    Args:
        what: the figure in words.
        reached: its value; no number where it was not measured.
        limit: the goal.
        least: whether it is to be at least that, rather than at most.
        unit: what it is counted in; "" for a ratio.
    """

    what: str
    reached: float
    limit: float
    least: bool = False
    unit: str = ""

    def row(self) -> list[str]:
        """Its line of the table."""
        bound = f"at {'least' if self.least else 'most'} {self.words(self.limit)}"
        is_kept = self.reached >= self.limit if self.least else self.reached <= self.limit
        return [self.what, bound, self.words(self.reached), "yes" if is_kept else "no"]

    def words(self, value: float) -> str:
        """A value with its unit."""
        return f"{number(value)} {self.unit}" if self.unit else times(value)


def report(figures: Figures) -> Iterator[str]:
    """Every goal of what was measured, and whether it is reached."""
    goals = [*of_one(figures), *of_bridged(figures), *of_many(figures)]
    rows = [goal.row() for goal in goals if not isnan(goal.reached)]
    yield table(["", "goal", "median", "reached"], rows or [["none", "", "", ""]])


def of_one(figures: Figures) -> Iterator[Goal]:
    """What one namespace takes."""
    up = figures.ratio(one.UP, one.OURS, one.FLOOR)
    yield Goal(f"up, N=1, a process, to {one.FLOOR}", up, 1.15)
    for what, limit in ((one.PYTHON_UP, 1.25), (one.PYTHON_DOWN, 1.5)):
        ratio = figures.ratio(what, one.NETMODES_IN_PYTHON, one.LINES)
        yield Goal(f"{what}, N=1, to {one.LINES}", ratio, limit)
    script = figures.ratio(one.UP, one.SCRIPT, one.SUDO)
    yield Goal(f"exported script, N=1, to {one.SUDO}", script, 1.1)


def of_bridged(figures: Figures) -> Iterator[Goal]:
    """What the question who is on the LAN takes."""
    given = figures.median(one.BRIDGED, one.GIVEN)
    for who, limit in ((one.FREE, 1050), (one.TAKEN, 350)):
        more = figures.median(one.BRIDGED, who) - given
        yield Goal(f"bridged up, {who}, more than with {one.GIVEN}", more, limit, unit="ms")


def of_many(figures: Figures) -> Iterator[Goal]:
    """What many namespaces take."""
    for what, n, who, limit in FASTER:
        ratio = figures.ratio(what, who, many.NAT, n)
        yield Goal(f"{what}, N={n}, times as fast as {who}", ratio, limit, least=True)
    for n, most in ((100, 1.5), (400, 1.3), (1000, 1.3)):
        ratio = figures.ratio("up", many.NAT, many.BY_HAND, n)
        yield Goal(f"up, N={n}, to {many.BY_HAND}", ratio, most)
    yield Goal("peak memory, N=1000", figures.median("up, MB", many.NAT, 1000), 100, unit="MB")
