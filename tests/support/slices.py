"""The slice of the sweeps that a commit tries: every SLICES-th case.

A sweep tries one promise in many cases, and is marked ``sweep``. ``--slice COMMIT`` leaves out all
cases but one slice, which the commit's hash chooses. Of each other test of the kernel it leaves one
case of every QUARTERS; all other tests are run. Each case is in one slice, so a number of commits
try them all. What a test draws at random is fixed in a slice, and new where everything is tried.
"""

from collections import defaultdict
from collections.abc import Iterable
from secrets import randbelow

import pytest

#: A prime that divides no number of modes, ways, verbs or faults: each slice mixes them all.
SLICES = 19

#: The same for sweeps whose cases take longest.
LONG = 107

#: The same for the cases of one test of the kernel, of which at least one is tried.
QUARTERS = 4


def number(commit: str, slices: int = SLICES) -> int:
    """Which slice this commit tries, from 0 on; its hash may be abbreviated."""
    return int(commit[:7], 16) % slices


def words(config: pytest.Config) -> str:
    """Which slice of how many this run tries, or "" where it tries everything."""
    commit = config.getoption("slice")
    return f"slice {number(commit) + 1} of {SLICES}" if commit else ""


def seed(config: pytest.Config, number: int) -> int:
    """What a test draws by: the caller's `--hypothesis-seed`, in a slice this number, else new."""
    given = config.getoption("--hypothesis-seed")
    new = number if config.getoption("slice") else randbelow(2**32)
    return new if given is None else int(given)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The caller says which commit it is."""
    parser.addoption("--slice", metavar="COMMIT", help="of the sweeps, try this commit's slice")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the cases of all other slices."""
    if not (commit := config.getoption("slice")):
        return
    sweeps = [item for item in items if item.get_closest_marker("sweep")]
    long = [item for item in sweeps if item.get_closest_marker("long")]
    short = [item for item in sweeps if item not in long]
    mine = {*short[number(commit) :: SLICES], *long[number(commit, LONG) :: LONG]}
    others = {*sweeps} - mine
    for cases in _by_test(item for item in items if item not in sweeps):
        parts = min(QUARTERS, len(cases))
        others |= {*cases} - {*cases[number(commit, parts) :: parts]}
    items[:] = [item for item in items if item not in others]
    config.hook.pytest_deselected(items=[*others])


def _by_test(items: Iterable[pytest.Item]) -> Iterable[list[pytest.Item]]:
    """The cases of each test of the kernel."""
    found = defaultdict(list)
    for item in items:
        if item.path.parent.name == "kernel":
            found[item.nodeid.partition("[")[0]].append(item)
    return found.values()


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that this is a slice, and how to try everything."""
    config = terminalreporter.config
    if said := words(config):
        commit = config.getoption("slice")
        line = f"sweeps: {said}, kernel's cases: a quarter, by commit {commit}"
        terminalreporter.write_line(f"{line}; `./scripts/test --all` tries all")
