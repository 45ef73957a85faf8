"""Undoing what a run did, through the runner and by the journal.

One loop over the journal's notes, newest first. A thing is taken back if it is as its step left it,
or if what was there before is missing; where the run ended in the middle of the step, whatever is
not as before is its work. The scripts have the same loop and the same conditions
(templates/engine.sh).
"""

import shlex
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from netmodes import mounts
from netmodes.engine import signals
from netmodes.engine.renamed import other_name, refuse_to_cut_off
from netmodes.engine.runner import Runner
from netmodes.engine.unharmed import COMPARED, OURS, meanwhile
from netmodes.errors import NetmodesError, Refused
from netmodes.journal import BEFORE, Journal, networks, sharing, uptime
from netmodes.machine.compare import entries_of
from netmodes.machine.query import text_of
from netmodes.machine.read import again
from netmodes.machine.table import Table
from netmodes.place import NAMESPACES, is_plain_file
from netmodes.plan.log import Note, Run
from netmodes.plan.look import Argv, Look, processes_in, socket_in
from netmodes.plan.text import lines_of, visible
from netmodes.plan.undo import Undo


def running(name: str) -> Run:
    """The run that made the network of this name, from its journal.

    Raises:
        Refused: there is none.
    """
    run = Journal(name).read()
    if run is None:
        raise Refused(f"{name} is not a network of ours: see `netmodes list`")
    return run


def take_down(name: str, runner: Runner, *, kill: bool = False) -> list[str]:
    """Take one network back from its journal; ``kill`` ends processes inside rather than refuse.

    Returns:
        What could not be taken back, one sentence each; the network is forgotten if nothing is.

    Raises:
        Refused: processes run inside; or the host would be cut off.
    """
    journal = Journal(name)
    run = journal.read()
    if run is None:
        return []
    with signals.noted():
        _empty(run, runner, kill)
        refuse_to_cut_off(run, runner)
        with suppress(NetmodesError):  # a full disk is no reason not to begin
            journal.write("down")
        left = _remove_plain_file(run, runner) + take_back(run, runner)
        for line in () if left else _meanwhile(name):
            runner.say(line)
        return finish(journal, left)


def _meanwhile(name: str) -> list[str]:
    """What others have changed since before the run, one line each; none where that is unknown."""
    with suppress(OSError, Refused):
        before = Table.from_json((Journal(name).folder / BEFORE).read_text(errors="replace"))
        if OURS in before:
            nets = [one.topology.ours for one in networks() if one.name != name]
            ours = [*before.paths(OURS), *chain.from_iterable(nets)]
            return meanwhile(before, again(before, entries_of(COMPARED, before)), ours)
    return []


def take_back(run: Run, runner: Runner) -> list[str]:
    """Take back every step that was started, newest first; carry on past failures.

    What another network goes on using is passed on to it instead.

    Returns:
        What could not be taken back, one sentence each.
    """
    with signals.noted():
        for note in run.notes:
            with suppress(NetmodesError):
                _name_again(run, note, runner)
        left = [_attempt(run, note, runner) for note in reversed(run.notes)]
    return [sentence for sentence in left if sentence] or _still_mounted(run, runner)


def _attempt(run: Run, note: Note, runner: Runner) -> str:
    try:
        return _take_back(run, note, runner)
    except NetmodesError as error:
        return str(error)


def _take_back(run: Run, note: Note, runner: Runner) -> str:
    undo = run.plan.all_steps[note.index].undo
    if undo is None:
        return ""
    if name := other_name(undo, note, runner):
        return _take_back_renamed(run, note, (*undo.argv[:-1], name), runner)
    now = runner.word(undo.look)
    if now is None or _is_as_before(note, now):
        return ""
    thing = shlex.join(undo.command(note.before))
    if why := _why_not(undo, note, now, runner):
        runner.say(f"# left alone: {thing} ({why})")
        return ""
    if _pass_on(run, note):
        return ""
    if user := _found(undo.users, runner):
        runner.say(f"# left alone: {thing} ({user} depends on it)")
        return ""
    with suppress(NetmodesError):
        Journal(run.plan.name).write("back", note.index)
    text = undo.text(uptime() - run.began, lambda look: _every(look, runner))
    outcome = runner.run(undo.command(note.before), text)
    if runner.word(undo.look) == now != note.before:
        return f"`{thing}` failed ({outcome.stderr.strip()})"
    if outcome.status != 0:
        runner.say(f"# not all of it: {'; '.join(lines_of(outcome.stderr.strip()))}")
    elif note.before:
        with suppress(NetmodesError):  # it is as before from now on
            Journal(run.plan.name).write("done", note.index, note.before)
    return ""


def _name_again(run: Run, note: Note, runner: Runner) -> None:
    """Give a device back its name, if somebody has renamed it and nobody has taken the name."""
    undo = run.plan.all_steps[note.index].undo
    name = undo and other_name(undo, note, runner)
    if undo and name and runner.word(undo.by_name()) is None:
        runner.run(("ip", "link", "set", name, "name", undo.device))


def _take_back_renamed(run: Run, note: Note, argv: Argv, runner: Runner) -> str:
    if _pass_on(run, note):
        return ""
    outcome = runner.run(argv)
    return f"`{outcome.line}` failed ({outcome.stderr.strip()})" if outcome.status != 0 else ""


def _why_not(undo: Undo, note: Note, now: str, runner: Runner) -> str:
    """Why the thing is not this run's, or ""."""
    if note.after is None:
        return "somebody else has made it" if _found(undo.others, runner) else ""
    changed = now and now not in (note.after, note.before)
    return "it is not as this run left it" if changed else ""


def _is_as_before(note: Note, now: str) -> bool:
    """Whether there is nothing to take back; a taking-back of several parts may have been cut."""
    return note.before == note.after or (now == note.before and not (now and note.back))


def _every(look: Look, runner: Runner) -> list[str]:
    """Every word of a look; a program that is not installed lists nothing."""
    with suppress(Refused):
        return runner.words(look)
    return []


def _found(looks: Iterable[Look], runner: Runner) -> str:
    """What these looks find first, or ""."""
    words = (word for look in looks for word in _every(look, runner)[:1])
    return next(filter(None, words), "")


def _pass_on(run: Run, note: Note) -> bool:
    """Whether a network that stays shares the step; then its undo is that network's from now on."""
    share = run.plan.all_steps[note.index].share
    for name, index in sharing(share) if share else ():
        if name != run.plan.name:
            Journal(name).inherit(replace(note, index=index), share, run.began)
            return True
    return False


def _remove_plain_file(run: Run, runner: Runner) -> list[str]:
    """Remove the name of a namespace that was mounted in a mount namespace that is not seen here.

    Returns:
        What could not be removed: nothing, or one sentence.
    """
    name = run.plan.name
    made = any(note.index == len(run.plan.inherited) for note in run.notes)
    if not made or not is_plain_file(name):
        return []
    outcome = runner.run(("rm", str(NAMESPACES / name)))
    return [f"`{outcome.line}` failed ({outcome.stderr.strip()})"] if outcome.status else []


def finish(journal: Journal, left: list[str]) -> list[str]:
    if not left:
        journal.remove()
    return left


def _empty(run: Run, runner: Runner, kill: bool) -> None:
    """See to it that no process keeps the namespace alive once its name is gone."""
    inside, name = _inside(run, runner), run.plan.name
    if inside and not kill:
        named = ", ".join(f"{pid} {_program_of(pid)}" for pid in inside)
        raise Refused(f"processes run inside {name} ({named}): end them, or use --kill")
    for sign in ("TERM", "KILL"):
        if not inside:
            return
        runner.run(("kill", "-s", sign, *inside))
        inside = _left_inside(run, runner)
    if inside:
        raise Refused(
            f"processes run inside {name}, and others come while these end: stop what starts them"
        )


def _inside(run: Run, runner: Runner) -> list[str]:
    """The processes inside the namespace, if it is ours.

    Raises:
        Refused: it was made by an earlier netmodes, and its name is gone, so that is unknown.
    """
    undo, made = run.plan.all_steps[len(run.plan.inherited)].undo, _made(run)
    if undo is None or not made:
        return []
    runner.listings.clear()
    inside = runner.words(processes_in(made))
    if not inside or runner.word(undo.look) == made:
        return inside
    if not run.socket:
        what = f"processes run in what may have been {run.plan.name} ({', '.join(inside)})"
        raise Refused(f"{what}: end them first")
    return inside if _is_ours([Path("/proc", pid, "ns/net") for pid in inside], run, runner) else []


def _made(run: Run) -> str:
    """The word of the namespace, which the first step makes; "" for none."""
    first = len(run.plan.inherited)
    return next((note.after or "" for note in run.notes if note.index == first), "")


def _is_ours(paths: list[Path], run: Run, runner: Runner) -> bool:
    """Whether the namespace of our number, which these paths lead to, is ours.

    Once ours is gone its number may be another's; its socket's is not.
    """
    for path in paths:
        try:
            return runner.word(socket_in(str(path))) == run.socket
        except NetmodesError:
            if path.exists():
                raise
    return False  # all have ended


def _still_mounted(run: Run, runner: Runner) -> list[str]:
    """Where somebody else has mounted our namespace, which so lives on; one sentence each."""
    points = mounts.points(_made(run).partition(".")[0])
    try:
        ours = _is_ours(points, run, runner)
    except NetmodesError as error:
        return [str(error)]
    named = [shlex.quote(str(point)) for point in points if ours]
    return [f"its namespace lives on at {it}: `umount {it} && rm {it}`" for it in named]


def _program_of(pid: str) -> str:
    return visible(text_of(Path("/proc", pid, "comm")) or "gone", keep="")


def _left_inside(run: Run, runner: Runner, seconds: float = 2.0) -> list[str]:
    """The processes that are still inside once they have had this time to end."""
    deadline = time.monotonic() + seconds
    while (inside := _inside(run, runner)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return inside
