"""What scripts/bench makes of its figures: tables, goals and a plot. No test asserts a time."""

from importlib import import_module
from typing import Any
from xml.etree import ElementTree

import pytest
from places import ROOT

pytestmark = pytest.mark.once

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def speed(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Imports a module of scripts/speed."""
    monkeypatch.syspath_prepend(ROOT / "scripts/speed")
    return import_module


@pytest.fixture
def figures(speed: Any) -> Any:  # noqa: ANN401
    """Two who were measured, one of them also with a hundred namespaces."""
    many, found = speed("many"), speed("figures").Figures()
    for who, size, values in (
        (many.ARTICLE, 1, (30, 10, 20)),
        (many.NAT, 1, (40, 40, 40)),
        (many.ARTICLE, 100, (900,)),
        (many.NAT, 100, (100,)),
    ):
        for what in ("up", "down"):
            found.values[what, who, size] += values
    return found


def test_cell(speed: Any, figures: Any) -> None:  # noqa: ANN401
    """A figure is its median, its least and its most; where nothing was measured it is empty."""
    many = speed("many")

    assert figures.cell("up", many.ARTICLE) == "20 [10.0-30]"
    assert figures.cell("up", many.MININET) == ""
    assert many.against(figures, "up", many.NAT, 100) == "100 [100-100] 9.00x"
    assert many.each(figures, many.NAT, 100) == "1.0 + 1.0"


def test_goals(speed: Any, figures: Any) -> None:  # noqa: ANN401
    """A goal is reached or not; one whose figures were not measured is left out."""
    (text,) = speed("goals").report(figures)

    rows = [[cell.strip() for cell in row.split("|")[2:-1]] for row in text.split("\n")[2:]]
    assert rows == [["at least 8.00x", "9.00x", "yes"], ["at least 15.00x", "9.00x", "no"]]


def test_plot(speed: Any, figures: Any) -> None:  # noqa: ANN401
    """The plot has a line for each, up and down, through a point for each number."""
    root = ElementTree.fromstring(speed("plot").render(figures))  # noqa: S314

    lines = root.findall(f".//{SVG}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2, 2, 2]
    assert [text.text for text in root.findall(f"{SVG}g/{SVG}text")][-2:] == [
        "the article's script, as root",
        "netmodes nat",
    ]
