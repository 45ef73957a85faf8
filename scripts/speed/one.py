"""One namespace: netmodes beside the article's commands, and beside the floor of its own stack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from figures import Figures, compared
from machines import HELD, NETMODES, PEERS, PYTHON, WORK, Machine, here
from race import Contender, race

TITLE = "One namespace"
WORDS = """\
host-only's network, by whole processes from start to exit; in a Python that has netmodes imported,
beside one bash that runs the same lines; and bridged, which asks the LAN whether its addresses are
free."""

ROOT, SUDO = "the article's commands, as root", "the article's commands, with sudo"
FLOOR = "the article's commands, by click and plumbum"
OURS, SCRIPT = "netmodes host-only", "its exported script"
UP, DOWN = "host-only, up", "host-only, down"

PYTHON_UP, PYTHON_DOWN = "in a running Python, up", "in a running Python, down"
NETMODES_IN_PYTHON, LINES = "netmodes", "its lines, by `bash -c`"

BRIDGED, BRIDGED_DOWN = "bridged, up", "bridged, down"
FREE, GIVEN = "addresses of its choice", "addresses given, which nobody has"
TAKEN = "addresses given, which machines have: refused"


def measure(figures: Figures, rounds: int) -> None:
    """Measure it as processes, in a running Python, and with a LAN to ask."""
    race([*by_process()], rounds, figures)
    argv = Machine().argv(PYTHON, f"{PEERS}/in_python.py", str(rounds))
    for what, who, values in json.loads(here(*argv)):
        figures.values[what, who, 1] += values
    race([*on_lan()], rounds, figures)


def by_process() -> Iterator[Contender]:
    """Each who puts up what host-only does."""
    lines = Machine().run(NETMODES, "host-only", "--dry-run", "--verbatim")
    commands = [line for line in lines.split("\n") if line and not line.startswith("#")]
    undo = ["ip link del veth0", "ip netns del A"]
    yield Contender(ROOT, Machine(), {UP: bash(commands), DOWN: bash(undo)})
    sudo = [[f"sudo {line}" for line in lines] for lines in (commands, undo)]
    yield Contender(SUDO, Machine(), {UP: bash(sudo[0]), DOWN: bash(sudo[1])})
    file = Path(WORK, "article")
    file.write_text("\n".join(commands))
    floor = [PYTHON, f"{PEERS}/floor.py", str(file)]
    yield Contender(FLOOR, Machine(), {UP: floor, DOWN: bash(undo)})
    yield Contender(OURS, Machine(), {UP: [NETMODES, "host-only"], DOWN: [NETMODES, "down", "A"]})
    machine, script = Machine(), ["bash", "/run/host-only.sh"]
    machine.run(NETMODES, "host-only", "--export", script[1])
    yield Contender(SCRIPT, machine, {UP: script, DOWN: [*script, "down"]})


def on_lan() -> Iterator[Contender]:
    """bridged, whose addresses nobody has, and where machines of the LAN have those given."""
    bridged, down = [NETMODES, "bridged", "--uplink", "enp0s1"], [NETMODES, "down", "A"]
    for who, given in ((FREE, []), (GIVEN, addresses(51, 101)), (TAKEN, addresses(*HELD))):
        commands = {BRIDGED: [*bridged, *given]} | ({} if who == TAKEN else {BRIDGED_DOWN: down})
        yield Contender(who, Machine(), commands, statuses=[int(who == TAKEN)])


def addresses(own: int, bridge: int) -> list[str]:
    """Options that give these hosts of the LAN's subnet."""
    lan = "192.168.64"
    return ["--address", f"{lan}.{own}/24", "--bridge-address", f"{lan}.{bridge}/24"]


def bash(lines: Iterable[str]) -> list[str]:
    """One bash that runs these lines."""
    return ["bash", "-ec", "\n".join(lines)]


def report(figures: Figures) -> Iterator[str]:
    """Each beside what it is to be compared with."""
    yield compared(figures, UP, FLOOR)
    yield compared(figures, DOWN, ROOT)
    yield compared(figures, PYTHON_UP, LINES)
    yield compared(figures, PYTHON_DOWN, LINES)
    yield compared(figures, BRIDGED, GIVEN)
    yield compared(figures, BRIDGED_DOWN, GIVEN)
