"""Putting a plan up, through the runner and with the journal."""

import shlex
from collections.abc import Callable

from netmodes.engine import confirm as watcher
from netmodes.engine import signals
from netmodes.engine.down import finish, running, take_back
from netmodes.engine.record import Outcome, Record
from netmodes.engine.runner import Runner, program
from netmodes.errors import CommandFailed, Interrupted, NetmodesError, Refused
from netmodes.journal import Journal
from netmodes.machine.facts import Facts
from netmodes.plan.plan import Plan
from netmodes.plan.report import NotAsPromised, Report
from netmodes.plan.step import Step
from netmodes.script.bash import down_script


def put_up(
    plan: Plan,
    runner: Runner,
    before: Facts,
    confirm: float | None = None,
    check: Callable[[], Report] | None = None,
) -> Record:
    """Run a plan; on the first failure or signal undo what was done, newest first.

    Args:
        plan: the commands.
        runner: says and runs them.
        before: the machine's facts, kept for comparison.
        confirm: seconds within which to confirm, or a watcher undoes everything.
        check: tries what the mode promises.

    Raises:
        Refused: a program is missing, or a requirement that asks the network does not hold;
            nothing was touched.
        CommandFailed: a command failed; ``left`` says what is left.
        NotAsPromised: a promise is not kept; the same.
        Interrupted: the same, after a signal.
    """
    _prepare(plan, runner)
    journal = Journal(plan.name)
    if confirm is not None:
        watcher.arm(plan.name, confirm)
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
            left = finish(journal, take_back(running(plan.name), runner))
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
    for one in plan.requirements:
        if one.asks and not one.holds(runner.quietly(one.argv).stdout):
            raise Refused(one.otherwise)


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
