"""What a run has tried, at its end: the fault sweep as a table, else a line of each kind."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TypedDict

import pytest
from slices import words

#: The property of a test's report, which also comes from the workers of pytest-xdist.
PROPERTY = "faults"

#: The property of one that counts for itself, with what it counts.
TALLY = "tally"


class Count(TypedDict):
    """What one test of the sweep has tried, and after how many the machine was as before."""

    mode: str
    way: str
    verb: str
    fault: str
    tried: int
    restored: int


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the fault sweep has tried, and what other tests have counted."""
    passed = terminalreporter.stats.get("passed", [])
    failed = terminalreporter.stats.get("failed", [])
    counts, counted = _recorded([*passed, *failed], PROPERTY), _recorded(passed, TALLY)
    swept = table(counts, words(terminalreporter.config)) if counts else ()
    for line in [*swept, *tallies(counted)]:
        terminalreporter.write_line(line)


def _recorded(reports: list[pytest.TestReport], name: str) -> list[Any]:
    """What tests have recorded by this name."""
    called = [report for report in reports if report.when == "call"]
    return [value for report in called for key, value in report.user_properties if key == name]


def table(counts: Iterable[Count], of: str = "") -> Iterator[str]:
    """The sum, then a line for each mode, way and verb with a column for each kind of fault.

    Args:
        of: which slice of the sweep this is, or "" for all of it.
    """
    found = sorted(counts, key=lambda count: count["fault"])
    tried, restored = (sum(count[key] for count in found) for key in ("tried", "restored"))
    yield f"fault sweep{of and f', {of}'}: {tried} faults tried, {restored} machines as before"
    faults = list(dict.fromkeys(count["fault"] for count in found))
    yield _line("", *(fault.partition(" ")[0] for fault in faults))
    yield _line("", *(fault.partition(" ")[2] for fault in faults))
    rows: dict[str, dict[str, int]] = {}
    for count in found:
        row = f"{count['mode']:<9} {count['way']:<8} {count['verb']}"
        rows.setdefault(row, {})[count["fault"]] = count["tried"]
    for row, cells in sorted(rows.items()):
        yield _line(row, *(str(cells.get(fault, "")) for fault in faults))


def tallies(counted: Iterable[str]) -> Iterator[str]:
    """A line for each kind of thing that was counted, with how often."""
    for what, count in sorted(Counter(counted).items()):
        kind, _, words = what.partition(": ")
        yield f"{kind}: {count} {words}"


def _line(row: str, *cells: str) -> str:
    return f"{row:<23}{''.join(f'{cell:>9}' for cell in cells)}".rstrip()
