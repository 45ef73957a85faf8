"""The fault sweep: a fault at every k, and after `down` the machine is as before.

Every mode, up and down, by netmodes and by the exported script; tests/support/faults.py has the
faults. Where the kernel has no `dummy`, isolated's card is an `ifb`, which leads nowhere just as
well (tests/kernel/test_isolated.py runs it with the real one).
"""

import json
import sys
from collections.abc import Callable

import pytest
from console import machine
from counts import PROPERTY, Count
from faults import ATTACHED, FAULTS, MANY, SEVERAL
from labs import Lab
from places import SUPPORT

from netmodes import MODES

SWEEP = SUPPORT / "faults.py"

ARTICLE = machine("article")

#: After so many machines that are not as before no more is tried.
ENOUGH = 5


def commands(mode: str, verb: str) -> int:
    """How many commands a run of this mode has at the least; down, two things go by themselves."""
    parameters = {"uplink": "enp0s1"} if mode == "bridged" else {}
    parameters |= {"attach": "4242:4026532444"} if mode == ATTACHED else {}
    kind, names = MODES[mode.partition(" ")[0]], (SEVERAL | MANY).get(mode, ("A",))
    steps = kind(namespace=names, **parameters).plan(ARTICLE).steps
    return len(steps) if verb == "up" else len([step for step in steps if step.undo]) - 2


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", ["up", "down"])
@pytest.mark.parametrize("way", ["netmodes", "script"])
@pytest.mark.parametrize("mode", [*MODES, "nat of 3", ATTACHED])
def test_sweep(
    labs: Callable[[], Lab],
    mode: str,
    way: str,
    verb: str,
    fault: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Whichever command of a run meets the fault, the machine comes back; all in one lab."""
    sweep(labs, mode, way, verb, fault, record_property)


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.parametrize("fault", ["fails", "killed with it", "Ctrl-C"])
@pytest.mark.parametrize("verb", ["up", "down"])
def test_beside(
    labs: Callable[[], Lab], verb: str, fault: str, record_property: Callable[[str, object], None]
) -> None:
    """So it does beside another network of several, which stays."""
    sweep(labs, "host-only of 2", "netmodes", verb, fault, record_property)


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", ["netmodes", "script"])
def test_leaving(
    labs: Callable[[], Lab], way: str, fault: str, record_property: Callable[[str, object], None]
) -> None:
    """So it does where one of several leaves."""
    sweep(labs, "nat of 3", way, "leave", fault, record_property)


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.parametrize("verb", ["up", "leave", "down"])
def test_many(
    labs: Callable[[], Lab], verb: str, record_property: Callable[[str, object], None]
) -> None:
    """So it does of a hundred that come up, of which one leaves, or that go."""
    sweep(labs, "nat of 100", "netmodes", verb, "killed with it", record_property)


def sweep(
    labs: Callable[[], Lab],
    mode: str,
    way: str,
    verb: str,
    fault: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Try each k, and count."""
    last, troubles = 0, []
    while len(troubles) < ENOUGH:
        with labs() as lab:
            argv = (sys.executable, str(SWEEP), mode, way, verb, fault, str(last + 1))
            went = json.loads(lab.ok(*argv, timeout=600))
        last = went["last"]
        if not went["trouble"]:
            break
        troubles.append(went["trouble"])
    count = Count(
        mode=mode, way=way, verb=verb, fault=fault, tried=last, restored=last - len(troubles)
    )
    record_property(PROPERTY, count)

    assert not troubles, "\n".join(troubles)
    least = 4 if verb == "leave" else commands(mode, verb)
    assert last >= least, "the sweep ended before the run did"
