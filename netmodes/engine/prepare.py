"""What must be so before the first command: all that can be known is asked here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netmodes.engine.runner import Runner, program
from netmodes.errors import Refused, Unknown
from netmodes.machine import abilities
from netmodes.machine.permissions import MASKED, masked_sysfs
from netmodes.machine.progress import working
from netmodes.machine.query import asking
from netmodes.machine.resolv import NETNS
from netmodes.machine.writable import fixed, is_writable
from netmodes.place import NAMESPACES
from netmodes.plan.needs import programs
from netmodes.plan.plan import Plan
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.text import lines_of

#: Programs that tell anybody what they tell root, and have the kernel ask the network.
FOR_ALL = ("ip", "ss", "ping")

#: What goes on while requirements are looked for.
ASKS = "asks this machine and its LAN"


@contextmanager
def prepare(plan: Plan, runner: Runner) -> Iterator[None]:
    """Make sure of programs, permissions and the kernel, and of what the network itself knows.

    Who is on the LAN may take a moment to answer: what stands inside is done meanwhile.

    Raises:
        Refused: the plan cannot come to its end here.
    """
    asked = [one for one in plan.requirements if one.asks]
    answers = asking({one.look.argv: one.look.argv for one in asked})
    try:
        need(programs(plan))
        for trouble in _troubles(plan):
            raise Refused(trouble)
        yield
    finally:
        with working(ASKS):
            answered = answers()
    listed = {argv: done for argv, done in answered.items() if done and not done.returncode}
    runner.listings.update((argv, done.stdout) for argv, done in listed.items())
    for one in asked:
        if not _holds(one, runner):
            raise Refused(one.otherwise)


@working(ASKS)
def foresee(plan: Plan, runner: Runner) -> None:
    """Ask the network as ``prepare`` does, without root what tells anybody.

    Raises:
        Refused: ``prepare`` would refuse.
    """
    for one in plan.requirements:
        tells = os.geteuid() == 0 or one.look.argv[0] in FOR_ALL
        with suppress(Unknown):
            if one.asks and tells and not _holds(one, runner):
                raise Refused(one.otherwise)


def _holds(one: Requirement, runner: Runner) -> bool:
    """Whether a requirement is met; a program that is not installed finds nothing."""
    try:
        return (runner.word(one.look) is not None) == one.found
    except Refused:
        return not one.found


def need(names: list[str]) -> None:
    """Refuse to go on without one of these programs."""
    for name in names:
        program(name)


def _troubles(plan: Plan) -> Iterator[str]:
    """Why the plan cannot come to its end on this machine, one sentence each."""
    if not is_writable(NAMESPACES):
        yield f"{NAMESPACES} cannot be written, where namespaces are named: make /run writable"
    for step in plan.steps:
        yield from _settings(step)
        yield from _files(step)
        yield from _kinds(step)
    if any(step.namespace for step in plan.steps) and masked_sysfs():
        yield f"{MASKED}, so that `ip netns exec` fails: give that --privileged"


def _settings(step: Step) -> Iterator[str]:
    if setting := fixed(step.argv):
        without = ", or `--verbatim`" if step.guard else ""
        yield (
            f"/proc/sys is read-only, as a container's, and {setting} must be set: start that with "
            f"--privileged or `--sysctl {setting}`{without}"
        )


def _files(step: Step) -> Iterator[str]:
    """The folder of a namespace's own files."""
    if step.argv[:2] == ("mkdir", "-p") and not is_writable(Path(step.argv[2])):
        yield (
            f"{NETNS} cannot be written, where a namespace's own files are: make it writable, or "
            "do without (`--dns none` for bridged and nat, `--verbatim` for isolated and host-only)"
        )


def _kinds(step: Step) -> Iterator[str]:
    batch = lines_of(step.stdin or "") if "-batch" in step.argv else [" ".join(step.argv[1:])]
    added = (line.split() for line in batch if line.startswith("link add "))
    for kind in {words[words.index("type") + 1] for words in added}:
        if abilities.has_kind(kind, try_it=kind == "dummy") is False:
            yield str(abilities.no_kind(kind))
