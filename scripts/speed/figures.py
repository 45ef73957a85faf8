"""What was measured, and tables of it: medians, with least and most, and ratios."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from statistics import median

#: What was measured, of whom, for how many namespaces.
Key = tuple[str, str, int]


@dataclass
class Figures:
    """The values of every round, and what was left out, with why."""

    values: defaultdict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    left_out: list[str] = field(default_factory=list)

    def add(self, what: str, who: str, value: float, size: int = 1) -> None:
        """Note one round's value."""
        self.values[what, who, size].append(value)

    def drop(self, what: str, who: str, size: int = 1) -> None:
        """Forget what could not be measured to the end."""
        self.values.pop((what, who, size), None)

    def median(self, what: str, who: str, size: int = 1) -> float:
        """The median; no number where nothing was measured."""
        return median(self.values.get((what, who, size), [nan]))

    def ratio(self, what: str, over: str, under: str, size: int = 1) -> float:
        """How many times one median is another's."""
        return self.median(what, over, size) / self.median(what, under, size)

    def whos(self, what: str) -> list[str]:
        """Everybody of whom this was measured, in order."""
        return list(dict.fromkeys(who for kind, who, _ in self.values if kind == what))

    def sizes(self, what: str) -> list[int]:
        """Every number of namespaces for which this was measured."""
        return sorted({size for kind, _, size in self.values if kind == what})

    def runs(self, what: str, size: int = 1) -> int:
        """How often this was measured."""
        found = (self.values.get((what, who, size), ()) for who in self.whos(what))
        return max(map(len, found), default=0)

    def cell(self, what: str, who: str, size: int = 1) -> str:
        """The median, the least and the most; "" where nothing was measured."""
        if (what, who, size) not in self.values:
            return ""
        found = self.values[what, who, size]
        return f"{number(median(found))} [{number(min(found))}-{number(max(found))}]"


def number(value: float) -> str:
    """A number as it is read: no more digits than mean anything; "" for no number."""
    if isnan(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 20 else f"{value:.1f}"


def times(ratio: float) -> str:
    """A ratio; "" where there is none."""
    return "" if isnan(ratio) else f"{ratio:.2f}x"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, whose columns align as text as well."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_row(line, widths) for line in (lines[0], rule, *lines[1:]))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def compared(figures: Figures, what: str, base: str) -> str:
    """A table of everybody of whom this was measured, beside one of them."""
    return table(
        [f"{what}, ms, runs: {figures.runs(what)}", "median [least-most]", f"to {base}"],
        [
            (who, figures.cell(what, who), times(figures.ratio(what, who, base)))
            for who in figures.whos(what)
        ],
    )
