"""README's pictures, table and counts are those of the modes."""

import re

import pytest
from places import ROOT

from netmodes import MODES, Mode

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text()
RELIABILITY = (ROOT / "docs/reliability.md").read_text()


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_picture(mode: type[Mode]) -> None:
    """The README shows each mode's picture with the article's values."""
    assert f"```text\n{mode.draw('A', mode.article)}\n```" in README


def test_faults() -> None:
    """The counts that the docs quote are of every mode, both ways, and all restored."""
    quoted = re.search(r"```text\nfault sweep: (.*?)```", RELIABILITY, re.S)
    assert quoted is not None
    total, _, _, *rows = quoted[1].splitlines()

    named = {tuple(row.split()[:3]) for row in rows}
    counts = sum(int(cell) for row in rows for cell in row.split()[3:])
    assert total == f"{counts} faults tried, {counts} machines as before"
    assert named == {
        (mode, way, verb)
        for mode in MODES
        for way in ("netmodes", "script")
        for verb in ("up", "down")
    }


#: The row of README's table for each promise.
ROWS = {
    ("namespace", "itself"): "| namespace | itself |",
    ("host", "namespace"): "| host | namespace |",
    ("namespace", "the host's end of the cable"): "| namespace | the host's end of the cable, or",
    ("namespace", "the bridge"): "| namespace | the host's end of the cable, or",
    ("namespace", "the host's other addresses"): "| namespace | the host's other addresses |",
    ("namespace", "the gateway"): "| namespace | the LAN and the internet |",
    ("namespace", "outside"): "| namespace | the LAN and the internet |",
    ("outside", "namespace"): "| the LAN | namespace |",
}


@pytest.mark.parametrize("mode", MODES)
def test_readme(mode: str) -> None:
    """README's table is what the modes promise."""
    (heading,) = (line for line in README.splitlines() if line.startswith("| from | to |"))
    column = [name.strip() for name in heading.split("|")].index(mode)

    for cell in MODES[mode].promises:
        if begin := ROWS.get((cell.source, cell.target)):
            (row,) = (line for line in README.splitlines() if line.startswith(begin))
            assert (row.split("|")[column].strip() == "yes") is cell.reachable
