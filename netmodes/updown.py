"""Putting a plan up and taking it back, through the runner and with the journal.

Taking back is one loop over the journal's notes, newest first, with one condition (``stands``);
the exported script has the same loop and the same condition (templates/script.sh.j2).
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path

from netmodes import names, signals
from netmodes.errors import CommandFailed, Interrupted, NetmodesError, Refused
from netmodes.journal import Journal, Network, Note
from netmodes.runner import Runner, program
from netmodes.step import Outcome, Plan, Record, Step, Undo

__all__ = ["put_up", "running", "take_back", "take_down"]


def put_up(plan: Plan, runner: Runner) -> Record:
    """Run a plan; on the first failure or signal take back what was done, newest first.

    Raises:
        Refused: a program is missing, or a check that asks the network does not hold; nothing was
            touched.
        CommandFailed: a command failed; ``left`` says what is left.
        Interrupted: the same, after a signal.
    """
    _prepare(plan, runner)
    journal = Journal(plan.namespace)
    journal.begin(plan)
    with signals.noted() as caught:
        try:
            outcomes = [_perform(*item, journal, runner, caught) for item in enumerate(plan.steps)]
        except BaseException as error:
            left = _finish(journal, take_back(running(plan.namespace), runner))
            if isinstance(error, NetmodesError):
                error.left = left
            raise
        journal.write("up")
    return Record(plan, tuple(outcomes))


def _prepare(plan: Plan, runner: Runner) -> None:
    """Make sure of every program, then ask the network what no snapshot tells."""
    undos = [step.undo for step in plan.steps if step.undo]
    commands = [*(step.command for step in plan.steps), *(undo.probe for undo in undos)]
    for name in sorted({argv[0] for argv in commands}):
        program(name)
    for check in plan.checks:
        if check.asks and not check.holds(runner.quietly(check.argv).stdout):
            raise Refused(check.otherwise)


def _perform(
    index: int, step: Step, journal: Journal, runner: Runner, caught: list[int]
) -> Outcome:
    if step.undo:
        journal.write("start", index, runner.word(step.undo.probe))
    outcome = runner.run(step.command, step.stdin)
    if caught:
        raise Interrupted(caught[0])
    if outcome.status != 0:
        raise CommandFailed(outcome.line, outcome.status, outcome.stderr, _hint(outcome))
    if step.undo:
        journal.write("done", index, runner.word(step.undo.probe))
    return outcome


def _hint(outcome: Outcome) -> str:
    """What to do where ``ip`` says only that a device's kind is unknown."""
    unknown = "Unknown device type" in outcome.stderr or "not supported" in outcome.stderr
    words = shlex.split(outcome.line)
    if not unknown or "type" not in words:
        return ""
    kind = words[words.index("type") + 1]
    return (
        f"This kernel has no device type {kind!r}: load its module (`modprobe {kind}`), "
        "or install the package that holds it (Ubuntu: linux-modules-extra)."
    )


def running(name: str) -> Network:
    """The network of this name, from its journal.

    Raises:
        Refused: there is none.
    """
    names.check_namespace(name)
    network = Journal(name).read()
    if network is None:
        raise Refused(f"{name} is not a network of ours: see `netmodes list`")
    return network


def take_down(name: str, runner: Runner, *, kill: bool = False) -> list[str]:
    """Take one network back from its journal.

    Args:
        name: the namespace's name.
        runner: says and runs the commands.
        kill: end the processes inside rather than refuse.

    Returns:
        What could not be taken back, one sentence each; the network is forgotten if nothing is.

    Raises:
        Refused: there is no network of that name, or processes run inside.
    """
    network, journal = running(name), Journal(name)
    with signals.ignored():
        _empty(network, runner, kill)
        journal.write("down")
        return _finish(journal, take_back(network, runner))


def take_back(network: Network, runner: Runner) -> list[str]:
    """Take back every step that was started, newest first; carry on past failures.

    Returns:
        What could not be taken back, one sentence each.
    """
    steps = network.plan.steps
    with signals.ignored():
        left = [
            _take_back(steps[note.index].undo, note, runner) for note in reversed(network.notes)
        ]
    return [sentence for sentence in left if sentence]


def _take_back(undo: Undo | None, note: Note, runner: Runner) -> str:
    if undo is None or not stands(undo, note, runner):
        return ""
    outcome = runner.run(undo.command(note.before))
    if not stands(undo, note, runner):
        return ""
    return f"`{outcome.line}` failed ({outcome.stderr.strip()})"


def stands(undo: Undo, note: Note, runner: Runner) -> bool:
    """Whether what the step changed is still as the step left it.

    Where the run ended in the middle of the step, whatever is not as before is the step's work.
    """
    now = runner.word(undo.probe)
    return now != note.before and note.after in (None, now)


def _finish(journal: Journal, left: list[str]) -> list[str]:
    if not left:
        journal.remove()
    return left


def _empty(network: Network, runner: Runner, kill: bool) -> None:
    """See to it that no process keeps the namespace alive once its name is gone."""
    inside = _inside(network, runner)
    if inside and not kill:
        named = ", ".join(f"{pid} {_program_of(pid)}" for pid in inside)
        name = network.plan.namespace
        raise Refused(f"processes run inside {name} ({named}): end them, or use --kill")
    for sign in ("TERM", "KILL"):
        if inside := _inside(network, runner):
            runner.run(("kill", "-s", sign, *inside))
            _wait_until_empty(network, runner)


def _inside(network: Network, runner: Runner) -> list[str]:
    """The processes inside the namespace, if it is there and ours; its making is the first step."""
    undo = network.plan.steps[0].undo
    if undo is None or not network.notes or not stands(undo, network.notes[0], runner):
        return []
    return runner.quietly(("ip", "netns", "pids", network.plan.namespace)).stdout.split()


def _program_of(pid: str) -> str:
    try:
        return Path("/proc", pid, "comm").read_text().strip()
    except OSError:
        return "gone"


def _wait_until_empty(network: Network, runner: Runner, seconds: float = 2.0) -> None:
    deadline = time.monotonic() + seconds
    while _inside(network, runner) and time.monotonic() < deadline:
        time.sleep(0.02)
