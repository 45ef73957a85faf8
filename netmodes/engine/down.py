"""Putting a plan up and taking it back, through the runner and with the journal.

Taking back is one loop over the journal's notes, newest first. A thing is taken back if it is as
its step left it, or if what was there before is missing; where the run ended in the middle of the
step, whatever is not as before is its work. The scripts have the same loop and the same conditions
(templates/engine.sh).
"""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from netmodes.commands import devices
from netmodes.engine import confirm as watcher
from netmodes.engine import signals
from netmodes.engine.runner import Runner, program
from netmodes.errors import CommandFailed, Interrupted, NetmodesError, Refused
from netmodes.journal import Journal, Network, Note, sharing, uptime
from netmodes.machine.facts import Facts
from netmodes.machine.query import text_of
from netmodes.plan.promise import NotAsPromised, Report
from netmodes.plan.step import Outcome, Plan, Record, Step
from netmodes.plan.undo import Sign, Undo
from netmodes.script.bash import down_script

__all__ = ["put_up", "running", "take_back", "take_down"]


def put_up(
    plan: Plan,
    runner: Runner,
    before: Facts,
    confirm: float | None = None,
    check: Callable[[], Report] | None = None,
) -> Record:
    """Run a plan; on the first failure or signal take back what was done, newest first.

    Args:
        plan: the commands.
        runner: says and runs them.
        before: the machine's facts, for who wants to compare.
        confirm: seconds within which to confirm, or a watcher takes everything back.
        check: tries what the mode promises.

    Raises:
        Refused: a program is missing, or a check that asks the network does not hold; nothing was
            touched.
        CommandFailed: a command failed; ``left`` says what is left.
        NotAsPromised: a promise is not kept; the same.
        Interrupted: the same, after a signal.
    """
    _prepare(plan, runner)
    journal = Journal(plan.namespace)
    if confirm is not None:
        watcher.arm(plan.namespace, confirm)
    with signals.noted() as caught:
        watched = confirm is not None
        journal.begin(plan, down_script(plan), before=before.to_json(), watched=watched)
        try:
            for notice in plan.notices:
                runner.say(f"# {notice}")
            steps = enumerate(plan.steps, start=len(plan.inherited))
            outcomes = [_perform(*item, journal, runner, caught) for item in steps]
            if confirm is not None and (trouble := watcher.unreachable(runner)):
                raise NetmodesError(trouble)
            report = check() if check else None
            _stop_if(caught)
            if report and report.differing:
                raise NotAsPromised(report)
        except BaseException as error:
            left = _finish(journal, take_back(running(plan.namespace), runner))
            if isinstance(error, NetmodesError):
                error.left = left
            raise
        journal.write("up")
    return Record(plan, tuple(outcomes), report)


def _prepare(plan: Plan, runner: Runner) -> None:
    """Make sure of every program, then ask the network what no snapshot tells."""
    undos = [step.undo for step in plan.steps if step.undo]
    commands = [step.command for step in plan.steps]
    commands += [argv for undo in undos for argv in (undo.probe, undo.argv)]
    for name in sorted({argv[0] for argv in commands}):
        program(name)
    for check in plan.checks:
        if check.asks and not check.holds(runner.quietly(check.argv).stdout):
            raise Refused(check.otherwise)


def _perform(
    index: int, step: Step, journal: Journal, runner: Runner, caught: list[int]
) -> Outcome:
    if step.undo:
        journal.write("start", index, runner.word(step.undo.probe) or "")
    _stop_if(caught)
    outcome = runner.run(step.command, step.stdin)
    _stop_if(caught)
    if outcome.status != 0:
        raise CommandFailed(outcome.line, outcome.status, outcome.stderr, _hint(outcome))
    if step.undo:
        journal.write("done", index, runner.word(step.undo.probe) or "")
    return outcome


def _stop_if(caught: list[int]) -> None:
    if caught:
        raise Interrupted(caught[0])


def _hint(outcome: Outcome) -> str:
    """What to do where ``ip`` says only that a device's kind is unknown, or /etc is read-only."""
    if "/etc/netns/" in outcome.line and "Read-only file system" in outcome.stderr:
        return (
            "Without these files: `--dns none` (bridged, nat), `--verbatim` (isolated, host-only)."
        )
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
    devices.check_namespace(name)
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
        Refused: processes run inside.
    """
    journal = Journal(name)
    network = journal.read()
    if network is None:
        return []
    with signals.ignored():
        _empty(network, runner, kill)
        with suppress(NetmodesError):  # a full disk is no reason not to begin
            journal.write("down")
        return _finish(journal, take_back(network, runner))


def take_back(network: Network, runner: Runner) -> list[str]:
    """Take back every step that was started, newest first; carry on past failures.

    What another network goes on using is passed on to it instead.

    Returns:
        What could not be taken back, one sentence each.
    """
    with signals.ignored():
        left = [_attempt(network, note, runner) for note in reversed(network.notes)]
    return [sentence for sentence in left if sentence]


def _attempt(network: Network, note: Note, runner: Runner) -> str:
    try:
        return _take_back(network, note, runner)
    except NetmodesError as error:
        return str(error)


def _take_back(network: Network, note: Note, runner: Runner) -> str:
    undo = network.plan.all_steps[note.index].undo
    now = runner.word(undo.probe) if undo else None
    if undo is None or now is None or _is_as_before(note, now):
        return ""
    thing = shlex.join(undo.command(note.before))
    if why := _why_not(undo, note, now, runner):
        runner.say(f"# left alone: {thing} ({why})")
        return ""
    if _pass_on(network, note):
        return ""
    if user := _found(undo.users, runner):
        runner.say(f"# left alone: {thing} ({user} depends on it)")
        return ""
    with suppress(NetmodesError):
        Journal(network.plan.namespace).write("back", note.index)
    text = undo.text(uptime() - network.began, lambda sign: _found([sign], runner))
    outcome = runner.run(undo.command(note.before), text)
    failed = runner.word(undo.probe) == now != note.before
    if not failed and outcome.status != 0:
        runner.say(f"# not all of it: {'; '.join(outcome.stderr.strip().splitlines())}")
    return f"`{thing}` failed ({outcome.stderr.strip()})" if failed else ""


def _why_not(undo: Undo, note: Note, now: str, runner: Runner) -> str:
    """Why the thing is not this run's, or ""."""
    if note.after is None:
        return "somebody else has made it" if _found(undo.others, runner) else ""
    changed = now and now not in (note.after, note.before)
    return "it is not as this run left it" if changed else ""


def _is_as_before(note: Note, now: str) -> bool:
    """Whether there is nothing to take back; a taking-back of several parts may have been cut."""
    return note.before == note.after or (now == note.before and not (now and note.back))


def _found(signs: Iterable[Sign], runner: Runner) -> str:
    """What is found of these signs first, or ""."""
    found = (re.search(pattern, runner.look(argv)) for argv, pattern in signs)
    return next((match[0] for match in found if match), "")


def _pass_on(network: Network, note: Note) -> bool:
    """Whether a network that stays shares the step; then its undo is that network's from now on."""
    share = network.plan.all_steps[note.index].share
    for name, index in sharing(share) if share else ():
        if name != network.plan.namespace:
            Journal(name).inherit(replace(note, index=index), network.began)
            return True
    return False


def _finish(journal: Journal, left: list[str]) -> list[str]:
    if not left:
        journal.remove()
    return left


def _empty(network: Network, runner: Runner, kill: bool) -> None:
    """See to it that no process keeps the namespace alive once its name is gone."""
    inside, name = _inside(network, runner), network.plan.namespace
    if inside and not kill:
        named = ", ".join(f"{pid} {_program_of(pid)}" for pid in inside)
        raise Refused(f"processes run inside {name} ({named}): end them, or use --kill")
    for sign in ("TERM", "KILL"):
        if not inside:
            return
        runner.run(("kill", "-s", sign, *inside))
        inside = _left_inside(network, runner)
    if inside:
        raise Refused(
            f"processes run inside {name}, and others come while these end: stop what starts them"
        )


def _inside(network: Network, runner: Runner) -> list[str]:
    """The processes inside the namespace, if it is there and ours; its making is its first step."""
    first = len(network.plan.inherited)
    undo = network.plan.all_steps[first].undo
    made = [note for note in network.notes if note.index == first]
    if undo is None or not made or runner.word(undo.probe) != made[0].after:
        return []
    return runner.to_its_end(("ip", "netns", "pids", network.plan.namespace)).stdout.split()


def _program_of(pid: str) -> str:
    return text_of(Path("/proc", pid, "comm")) or "gone"


def _left_inside(network: Network, runner: Runner, seconds: float = 2.0) -> list[str]:
    """The processes that are still inside once they have had this time to end."""
    deadline = time.monotonic() + seconds
    while (inside := _inside(network, runner)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return inside
