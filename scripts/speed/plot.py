"""A plot of what each namespace takes against how many there are, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan, log10
from pathlib import Path

import many
from figures import Figures

#: The two panels' size in pixels, and the milliseconds that they show.
WIDTH, HEIGHT = 330, 300
LEAST, MOST = 0.5, 1000
TICKS = (1, 10, 100, 1000)

#: netmodes in the colours that stand out.
COLOURS = {
    many.NAT: "#c2410c",
    many.SCRIPT: "#ea8a5b",
    many.HOST_ONLY: "#d4a017",
    many.EACH: "#8b5a2b",
}
OTHER_COLOURS = ("#1d4ed8", "#0f766e", "#7e22ce", "#64748b", "#111827", "#be185d", "#4d7c0f")


@dataclass(frozen=True)
class Line:
    """Somebody's points of a panel, in pixels from its upper left corner."""

    who: str
    colour: str
    points: Sequence[tuple[float, float]]


def across(n: int, sizes: Sequence[int]) -> float:
    """Where a number of namespaces is, from the left."""
    most = log10(max(*sizes, 10))
    return round(WIDTH * log10(n) / most, 1)


def below(ms: float) -> float:
    """Where a number of milliseconds is, from the top."""
    share = (log10(MOST) - log10(ms)) / (log10(MOST) - log10(LEAST))
    return round(HEIGHT * min(max(share, 0), 1), 1)


def lines(figures: Figures, what: str) -> Iterator[Line]:
    """The lines of a panel."""
    sizes, others = figures.sizes(what), iter(OTHER_COLOURS)
    for who in figures.whos(what):
        found = ((n, figures.median(what, who, n)) for n in sizes)
        points = [(across(n, sizes), below(ms / n)) for n, ms in found if not isnan(ms)]
        yield Line(who, COLOURS.get(who) or next(others), points)


def render(figures: Figures) -> str:
    """The plot of what "up" and "down" take."""
    from jinja2 import Environment

    template = Path(__file__).with_name("speed.svg.j2").read_text()
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    sizes = figures.sizes("up")
    return environment.from_string(template).render(
        panels={what: [*lines(figures, what)] for what in ("up", "down")},
        xs=[(n, across(n, sizes)) for n in sizes],
        ys=[(ms, below(ms)) for ms in TICKS],
        width=WIDTH,
        height=HEIGHT,
    )
