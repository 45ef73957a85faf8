"""Putting a plan up, through the runner and with the journal."""

import re
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from netmodes.engine import confirm as watcher
from netmodes.engine import signals
from netmodes.engine.attached import holding
from netmodes.engine.down import roll_back, running
from netmodes.engine.prepare import prepare
from netmodes.engine.record import Outcome, Record
from netmodes.engine.runner import Runner
from netmodes.engine.unharmed import MOMENT, OURS, Host, harm, look_at, meanwhile, unreachable
from netmodes.errors import CommandFailed, Interrupted, NetmodesError
from netmodes.journal import ROOT, Journal
from netmodes.machine.abilities import no_kind
from netmodes.machine.facts import Facts
from netmodes.machine.table import Table
from netmodes.machine.writable import is_settled
from netmodes.place import NAMESPACES
from netmodes.plan.log import Run
from netmodes.plan.look import Look, socket_in
from netmodes.plan.plan import Plan
from netmodes.plan.report import NotAsPromised, Report
from netmodes.plan.step import Step
from netmodes.plan.text import lines_of
from netmodes.script.bash import down_script, watch_script


def put_up(
    plan: Plan,
    runner: Runner,
    before: Facts,
    confirm: float | None = None,
    check: Callable[[list[int]], Report] | None = None,
) -> Record:
    """Run a plan; on the first failure or signal undo what was done, newest first.

    A watcher undoes everything unless it is confirmed within these seconds. The check is given the
    signals that come meanwhile, and breaks off.

    Raises:
        Refused: a program or its process is missing, or a requirement that asks the network does
            not hold; nothing was touched.
        CommandFailed: a command failed; ``left`` says what is left.
        NotAsPromised: a promise is not kept; the same.
        Interrupted: the same, after a signal.
    """
    with holding(plan) as same_process:
        return _put_up(plan, runner, before, confirm, check, same_process)


def _put_up(
    plan: Plan,
    runner: Runner,
    before: Facts,
    confirm: float | None,
    check: Callable[[list[int]], Report] | None,
    same_process: Callable[[], None],
) -> Record:
    with prepare(plan, runner):
        host = look_at(before, plan.topology.uplink)
        down, facts = down_script(plan), _to_compare(before)
        watch = watch_script(plan) if confirm is not None else ""
    journal = Journal(plan.name)
    with signals.noted() as caught:
        journal.begin(plan, down, before=facts, watch=watch)
        if confirm is not None:
            watcher.start(journal, confirm)
        try:
            for notice in plan.notices:
                runner.say(f"# {notice}")
            outcomes = _perform(plan, journal, runner, caught)
            try:
                now = _unharmed(plan, host, runner, confirm is not None)
                if confirm is not None and (trouble := unreachable(now, runner)):
                    raise NetmodesError(trouble)
                report = check(caught) if check else None
                same_process()
            finally:
                _stop_if(caught)  # what a signal has cut short tells nothing
            if report and report.differing:
                raise NotAsPromised(report)
        except BaseException as error:
            left = roll_back(plan, runner)
            if isinstance(error, NetmodesError):
                error.left = left
            raise
        journal.write("up")
    return Record(plan, tuple(outcomes), report)


def _to_compare(before: Facts) -> str:
    """The facts as JSON, with the devices of other networks of ours, which `down` does not name."""
    ours = [name for net in before.networks or () for name in net.topology.ours]
    entries = before.table.entries if before.table else {}
    return Table({**entries, OURS: {"paths": [f"{ROOT}/*"], "output": ours}}).to_json()


def _unharmed(plan: Plan, before: Host, runner: Runner, parsed: bool) -> Host:
    """Name what others have changed meanwhile; the host as it is now.

    Raises:
        NetmodesError: the run has cost the host something, or its own result is gone; the second
            look tells that from what is gone for a moment.
    """
    for patience in (MOMENT, 0.0):
        now = before.now(parsed or plan.hands_over)
        runner.listings.update(now.listings)
        if not (lost := [*harm(before, now, plan), *_gone(running(plan.name, plan), runner)]):
            break
        time.sleep(patience)
        runner.listings.clear()
    for line in meanwhile(before.table, now.table, plan.ours):
        runner.say(line)
    if lost:
        raise NetmodesError("; ".join(lost))
    return now


def _gone(run: Run, runner: Runner) -> Iterator[str]:
    """The steps whose result is gone, by what their looks find; a device may be inside by now."""
    for note in run.notes:
        step = run.plan.all_steps[note.index]
        if not step.undo or step.undo.device == run.plan.topology.device:
            continue
        if runner.word(step.undo.look) != note.after:
            yield f"the result of `{shlex.join(step.command)}` is gone"


def _perform(plan: Plan, journal: Journal, runner: Runner, caught: list[int]) -> list[Outcome]:
    """Run all steps; the neighbours that have an undo share what is listed before and after."""
    outcomes: list[Outcome] = []
    for noted, group in plan.groups:
        if noted:
            outcomes += _with_notes(group, journal, runner, caught)
        elif group[0][1].inside:
            outcomes += _two_at_a_time((step for _, step in group), runner, caught)
        else:
            outcomes += [_run(step, runner, caught) for _, step in group]
        if group[0][0] == len(plan.inherited) and not plan.more:  # it has made the namespace
            journal.write("socket", runner.word(socket_in(str(NAMESPACES / plan.name))))
    return outcomes


def _with_notes(
    group: list[tuple[int, Step]], journal: Journal, runner: Runner, caught: list[int]
) -> list[Outcome]:
    """Run steps, and note what their looks find before and after."""
    looks = {index: step.undo.look for index, step in group if step.undo}
    before = {index: runner.word(look) for index, look in looks.items()}
    outcomes: list[Outcome] = []
    try:
        for index, step in group:
            journal.write("start", index, before[index] or "")
            outcomes.append(_run(step, runner, caught))
    except BaseException:
        with suppress(NetmodesError):
            _note_results([*looks.items()][: len(outcomes)], journal, runner)
        raise
    _note_results(looks.items(), journal, runner)
    return outcomes


def _note_results(looks: Iterable[tuple[int, Look]], journal: Journal, runner: Runner) -> None:
    after = [(index, runner.word(look)) for index, look in looks]
    for index, word in after:
        journal.write("done", index, word or "")


def _two_at_a_time(steps: Iterable[Step], runner: Runner, caught: list[int]) -> Iterator[Outcome]:
    """Run batches, each in a namespace of its own: one is started before the last has ended."""
    waits: list[Callable[[], Outcome]] = []
    try:
        for step in steps:
            waits.append(_start(step, runner, caught))
            if waits[1:]:
                yield waits.pop(0)()
        yield waits.pop()()
    finally:
        for wait in waits:  # what is undone is to stand still
            with suppress(NetmodesError):
                wait()


def _run(step: Step, runner: Runner, caught: list[int]) -> Outcome:
    return _start(step, runner, caught)()


def _start(step: Step, runner: Runner, caught: list[int]) -> Callable[[], Outcome]:
    """Start a step; what it returns waits for it, and raises if it fails."""
    _stop_if(caught)
    settled = _settled(step, runner)
    wait = runner.start(step.command, step.stdin) if settled is None else lambda: settled

    def ended() -> Outcome:
        outcome = wait()
        _stop_if(caught)
        if outcome.status != 0:
            raise CommandFailed(outcome.line, outcome.status, outcome.stderr, _hint(step, outcome))
        return outcome

    return ended


def _settled(step: Step, runner: Runner) -> Outcome | None:
    """The outcome of a setting that cannot be written, and is as it is to be; None of others."""
    if not is_settled(step.argv):
        return None
    runner.say(f"# {' '.join(step.argv[2:])} is so already")
    return Outcome(str(step), 0, "", "", 0.0)


def _stop_if(caught: list[int]) -> None:
    if caught:
        raise Interrupted(caught[0])


def _hint(step: Step, outcome: Outcome) -> str:
    """Which line of a batch failed; what to do where ``ip`` says only that a kind is unknown."""
    if step.stdin and (found := re.search(r"^Command failed -:(\d+)$", outcome.stderr, re.M)):
        return f"Line {found[1]} is `{lines_of(step.stdin)[int(found[1]) - 1]}`."
    words = shlex.split(outcome.line)
    unknown = "Unknown device type" in outcome.stderr or "not supported" in outcome.stderr
    if not unknown or words[:3] != ["ip", "link", "add"] or "type" not in words:
        return ""
    return str(no_kind(words[words.index("type") + 1]))
