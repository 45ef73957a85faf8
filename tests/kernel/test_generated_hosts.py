"""Hosts that nobody thought of (tests/support/generator.py): each goes up unharmed, or is refused.

On a failure the host is printed as a file of tests/hosts, without the commands it refused itself.
"""

import json
from collections.abc import Callable
from shlex import split

import pytest
from generator import Example, examples
from hosts import printed_fix, reachable, serve
from hypothesis import HealthCheck, Phase, given, note, settings
from labs import Done, Lab
from state import state

#: A host takes seconds, so that a failure is not made smaller; the same ones are drawn every time.
DRAWN = settings(
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=[*HealthCheck],
    print_blob=False,
)


@given(example=examples())
@settings(DRAWN, max_examples=12)
def test_few(labs: Callable[[], Lab], example: Example) -> None:
    """A dozen hosts at every commit."""
    with labs() as lab:
        unharmed(lab, example)


@pytest.mark.sweep
@pytest.mark.long
@given(example=examples())
@settings(DRAWN, max_examples=300)
def test_many(labs: Callable[[], Lab], example: Example) -> None:
    """Hundreds where the sweeps are tried as a whole."""
    with labs() as lab:
        unharmed(lab, example)


def unharmed(lab: Lab, example: Example) -> None:
    """The host loses nobody and no source while its promises are kept, and is as before after
    `down`; or it is refused, untouched, and the fix is another word's beginning."""
    if example.command.startswith("isolated"):
        lab.have_dummies()
    serve(lab)
    serve(lab, router=False)
    note(str(example.make(lab)))
    before, who = state(lab.ok), reachable(lab)
    reached = who.reached(lab)

    up = lab.netmodes(*split(example.command))
    assert "Traceback" not in up.stderr, up.stderr
    if up.returncode:
        refused(lab, example, up)
        assert state(lab.ok) == before
        leads_on(lab, example, up)
        return
    assert {*reached} - {*who.reached(lab)} == set(), up.stderr
    assert broken(lab, reached) == [], up.stderr
    down = lab.netmodes("down", "A")

    assert down.returncode == 0, down.stderr
    assert state(lab.ok) == before


def refused(lab: Lab, example: Example, up: Done) -> None:
    """It is a refusal: nothing was run and undone."""
    assert up.returncode == 1, up.stderr
    assert "[#]" not in up.stderr, up.stderr


def leads_on(lab: Lab, example: Example, refusal: Done) -> None:
    """The fix, typed as it is printed, is not refused by the same words again."""
    fix, again = printed_fix(lab, refusal), split(example.command)
    if fix.startswith("netmodes "):
        again = split(fix)[1:]
    elif fix:
        fixed = lab.sh(fix)
        assert fixed.returncode == 0, f"{refusal.stderr}{fix}\n{fixed.stderr}"
    if fix:
        assert lab.netmodes(*again).stderr != refusal.stderr, fix


def broken(lab: Lab, reached: list[str]) -> list[dict[str, object]]:
    """The promises that are not kept, but for what the host itself does not reach."""
    outside = ("--outside", "8.8.8.8") if "the host reaches 8.8.8.8" in reached else ()
    done = lab.netmodes("check", "A", "--json", *outside)
    assert "Traceback" not in done.stderr, done.stderr
    return [one for one in json.loads(done.stdout)["results"] if one["differs"]]
