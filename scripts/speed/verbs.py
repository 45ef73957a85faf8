"""How long each verb takes, and the most memory that one of its processes has."""

from __future__ import annotations

from collections.abc import Iterator

from figures import Figures, table, times
from machines import NETMODES, PYTHON, Machine
from race import Contender, race

TITLE = "Each verb"
BARE = "python3 -c pass"
WHAT = "a verb"
WORDS = """\
Whole processes on a small machine where one host-only network is up, and the memory of the largest
process of each, in MB, where it is more than the bench's own."""

VERBS = """\
--version
--help
host-only --help
host-only -n B --dry-run
nat -n B --dry-run
bridged -n B --uplink enp0s1 --dry-run
host-only -n B --export -
explain host-only
list
show
exec A -- true
facts
doctor
check A
why A 192.168.202.1
lab -- true
"""


def measure(figures: Figures, rounds: int) -> None:
    """Measure each verb, and an empty Python."""
    machine = Machine(f"'{NETMODES}' host-only")
    bare = Contender(BARE, machine, {WHAT: [PYTHON, "-c", "pass"]})
    lines = VERBS.strip().split("\n")
    verbs = [
        Contender(f"netmodes {line}", machine, {WHAT: [NETMODES, *line.split()]}, statuses=(0, 1))
        for line in lines
    ]
    race([bare, *verbs], rounds, figures)


def report(figures: Figures) -> Iterator[str]:
    """Every verb beside an empty Python."""
    yield table(
        [WHAT, "ms", f"against {BARE}", "MB"],
        [
            (
                who,
                figures.cell(WHAT, who),
                times(figures.ratio(WHAT, who, BARE)),
                figures.cell(f"{WHAT}, MB", who).partition(" ")[0],
            )
            for who in figures.whos(WHAT)
        ],
    )
