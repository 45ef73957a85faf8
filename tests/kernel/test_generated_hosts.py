"""Hosts that nobody thought of (tests/support/generator.py): each goes up unharmed, or is refused.

On a failure the host is printed as a file of tests/hosts, without the commands it refused itself.
"""

import json
import re
from collections.abc import Callable
from shlex import split

import hypothesis
import pytest
from generator import Example, examples
from hosts import Reachable, reachable, serve
from hypothesis import HealthCheck, Phase, given, note, settings
from labs import Done, Lab
from slices import SLICES, seed
from state import State, state

#: What leaves a host without names, as is said before the run.
NAMELESS = "rm /etc/resolv.conf"

#: A command that a refusal ends with.
COMMAND = re.compile(r"(?:^|`)((?:netmodes|ip|nft|iptables|sysctl|install) [^`]+)")

#: A host takes seconds, so that a failure is not made smaller.
FEW = settings(max_examples=5, phases=[Phase.generate], database=None, print_blob=False)


@pytest.mark.sweep
@pytest.mark.parametrize("number", range(2 * SLICES))
def test_few(labs: Callable[[], Lab], pytestconfig: pytest.Config, number: int) -> None:
    """A few hosts, the same ones in a slice, which has ten; new ones where all is tried."""
    drawn = seed(pytestconfig, number)
    print(f"to repeat: pytest {__file__} -k 'test_few[0]' --hypothesis-seed={drawn}")

    @hypothesis.seed(drawn)
    @given(examples())
    @settings(FEW, suppress_health_check=[*HealthCheck])
    def test(example: Example) -> None:
        with labs() as lab:
            unharmed(lab, example)

    test()


def unharmed(lab: Lab, example: Example) -> None:
    """The host loses nobody and no source while its promises are kept, and is as before after
    `down`; or it is refused, untouched, and the fix leads on."""
    if example.command.startswith("isolated"):
        lab.have_dummies()
    serve(lab)
    serve(lab, router=False)
    note(str(example.make(lab)))
    before, who = seen(lab), reachable(lab)
    reached = who.reached(lab)

    up = lab.netmodes(*split(example.command))
    assert "Traceback" not in up.stderr, up.stderr
    if up.returncode:
        refused(lab, example, up)
        assert seen(lab) == before
        leads_on(lab, example, up)
        return
    assert lost(lab, who, reached) == set(), up.stderr
    assert [one for one in broken(lab, reached) if not excused(one, reached, example)] == []
    down = lab.netmodes("down", "A")

    assert down.returncode == 0, down.stderr
    assert seen(lab) == before


def lost(lab: Lab, who: Reachable, reached: list[str]) -> set[str]:
    """What is not reached any more, twice: an answer by ARP may depend on who asks first."""
    gone = {*reached} - {*who.reached(lab)}
    return gone - {*who.reached(lab)} if gone else gone


def seen(lab: Lab) -> State:
    """The state; of equal addresses on two devices the kernel has the later one's route last."""
    found = state(lab.ok)
    return {key: sorted(found[key]) if " table local " in key else found[key] for key in found}


def refused(lab: Lab, example: Example, up: Done) -> None:
    """It is a refusal: nothing was run and undone."""
    assert up.returncode == 1, up.stderr
    assert "[#]" not in up.stderr, up.stderr


def leads_on(lab: Lab, example: Example, refusal: Done) -> None:
    """The fixes, typed as they are printed, are not refused by the same words again."""
    found = fixes(refusal.stderr.strip())
    others = [one for one in found if not one.startswith("netmodes ")]
    for fix in others:
        fixed = lab.sh(fix)
        assert fixed.returncode == 0, f"{refusal.stderr}{fix}\n{fixed.stderr}"
    if found:
        again = example.command if others else found[0].removeprefix("netmodes ")
        assert lab.netmodes(*split(again)).stderr != refusal.stderr


def fixes(refusal: str) -> list[str]:
    """The commands that end its sentences, in backticks or alone."""
    said = refusal.removesuffix(", or go on with --anyway").split("; ")
    ends = (one.rpartition(": ")[2] for one in said)
    return [match[1] for one in ends if (match := COMMAND.search(one))]


def broken(lab: Lab, reached: list[str]) -> list[dict[str, str]]:
    """The promises that are not kept."""
    outside = ("--outside", "8.8.8.8") if "the host reaches 8.8.8.8" in reached else ()
    done = lab.netmodes("check", "A", "--json", *outside)
    assert "Traceback" not in done.stderr, done.stderr
    return [one for one in json.loads(done.stdout)["results"] if one["differs"]]


def excused(promise: dict[str, str], reached: list[str], example: Example) -> bool:
    """Whether it cannot be kept: the host itself does not reach that, or finds no name."""
    if promise["to"] not in ("the gateway", "outside", "a name"):
        return False
    nameless = promise["to"] == "a name" and NAMELESS in "\n".join(example.lines)
    unreached = f"the host reaches {promise['tried']}" not in reached
    return (nameless or unreached) and bool(promise["expected"])
