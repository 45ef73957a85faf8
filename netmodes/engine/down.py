"""Undoing what a run did, by the journal's down.sh: the only engine of taking back.

Where a script runs there may be no Python, so the engine is in bash (templates/engine.sh).
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain

from netmodes.engine.runner import Runner
from netmodes.engine.unharmed import COMPARED, OURS, meanwhile
from netmodes.errors import NetmodesError, Refused
from netmodes.journal import BEFORE, Journal, journal_of, networks
from netmodes.machine.compare import entries_of
from netmodes.machine.read import again
from netmodes.machine.table import Table
from netmodes.plan.log import Run
from netmodes.plan.network import Network
from netmodes.plan.plan import Plan
from netmodes.script.bash import down_script


def running(name: str, plan: Plan | None = None) -> Run:
    """The run that made the network of this name, or this namespace, from its journal.

    Args:
        name: the name.
        plan: its plan, where that is known.

    Raises:
        Refused: there is none.
    """
    run = journal_of(name).read(plan)
    if run is None:
        raise Refused(f"{name} is not a network of ours: see `netmodes list`")
    return run


def network_of(namespace: str) -> Network:
    """The network of a namespace, from its journal.

    Raises:
        Refused: there is none.
    """
    every = {one.name: one for one in running(namespace).networks}
    if namespace not in every:
        raise Refused(f"{namespace} is a network of several: name one of {', '.join(every)}")
    return every[namespace]


def take_down(run: Run, runner: Runner, *, kill: bool = False, only: Sequence[str] = ()) -> None:
    """Take one network back.

    Args:
        run: what made it.
        runner: runs the commands.
        kill: end the processes inside, rather than refuse.
        only: those of several namespaces that are to go; none for all.

    Raises:
        Refused: processes run inside, the host would be cut off, or a program is missing.
        NetmodesError: something is left; the text says what.
    """
    name, before = run.plan.name, _before(run.plan.name)
    _run(run, runner, [*(["--kill"] if kill else []), *(["--only", *only] if only else [])])
    for line in _meanwhile(name, before) if before and not only else ():
        runner.say(line)


def roll_back(plan: Plan, runner: Runner) -> list[str]:
    """Take back what a plan's run has done so far; carry on past failures.

    Returns:
        What could not be taken back: nothing, or one text.
    """
    try:
        _run(running(plan.name, plan), runner, ["--rollback"])
    except NetmodesError as error:
        return [str(error)]
    return []


def _run(run: Run, runner: Runner, options: list[str]) -> None:
    """Run down.sh; one that an earlier netmodes wrote may not know all that this one asks of it."""
    journal = Journal(run.plan.name)
    if journal.is_earlier():
        journal.replace_down(down_script(run.plan))
    said = runner.script(("bash", "-p", f"{journal.folder}/down.sh", *options))
    if said:
        wrong = NetmodesError if "not wholly down" in said or "--rollback" in options else Refused
        raise wrong(said)


def _before(name: str) -> Table | None:
    """What the machine had before the run, where that is known."""
    with suppress(OSError, Refused):
        table = Table.from_json((Journal(name).folder / BEFORE).read_text(errors="replace"))
        return table if OURS in table else None
    return None


def _meanwhile(name: str, before: Table) -> Iterable[str]:
    """What others have changed since before the run, one line each."""
    nets = [one.topology.ours for one in networks() if one.journal != name]
    now = again(before, entries_of(COMPARED, before))
    return meanwhile(before, now, [*before.paths(OURS), *chain(*nets)])
