"""The verbs: put a network up, confirm it, undo it, try its promises, enter its namespace.

They ask for root, and hold the lock while a network changes; the packages below do the work.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import NoReturn

from netmodes.commands import devices
from netmodes.engine import confirm as watcher
from netmodes.engine.down import network_of, running, take_down
from netmodes.engine.enter import become
from netmodes.engine.leftover import leftovers, remove_leftover
from netmodes.engine.record import Outcome, Record
from netmodes.engine.runner import Echo, Runner, silent
from netmodes.engine.up import put_up
from netmodes.errors import Refused
from netmodes.firewall import objections
from netmodes.journal import journal_of, locked, networks
from netmodes.machine.facts import Facts
from netmodes.machine.permissions import no_permission
from netmodes.machine.read import host_facts
from netmodes.place import (
    NAMESPACES,
    refuse_elsewhere,
    refuse_unreachable,
    refuse_unseen,
)
from netmodes.plan.answer import Answer
from netmodes.plan.log import Run
from netmodes.plan.network import name_of
from netmodes.plan.plan import Plan
from netmodes.plan.report import NotAsPromised, Report
from netmodes.plan.step import in_namespace
from netmodes.plan.verdict import Flow, Verdict


def judge(flow: Flow | None, facts: Facts) -> Verdict:
    """What the host's firewall does with the packets that a mode has it forward, if any."""
    if flow is None:
        return Verdict()
    return objections.judge(flow, facts)


def up(
    names: tuple[str, ...],
    render: Callable[[Facts], Plan | None],
    *,
    read: Callable[[], Facts] = host_facts,
    confirm: float | None = None,
    check: bool = False,
    echo: Echo | None = None,
) -> Record:
    """Run a mode's commands; on a failure or signal undo what was done.

    Args:
        names: the namespaces' names.
        render: returns the mode's plan for these facts; None if just these are up.
        read: reads the machine's facts.
        confirm: seconds within which ``confirm`` must be called once the network is up, 1 to
            86400; otherwise, or if this process ends first, a watcher undoes everything. None for
            no watcher.
        check: try every promise of the mode; if one is not kept, undo everything.
        echo: is given each line before it runs.

    Returns:
        The record; without outcomes if the same network was up already.

    Raises:
        Refused: the machine does not allow it; nothing was touched.
        CommandFailed: a command failed; what was done is undone.
        Interrupted: a signal came; what was done is undone.
        NotAsPromised: a promise is not kept; a network that was up before stays.
    """
    if confirm is not None:
        watcher.validate_seconds(confirm)
    name = name_of(names)
    with _acting(name, echo) as runner:
        facts = read()
        plan = render(facts)
        if plan is None:
            plan = running(names[0]).plan  # perhaps of more, that are down by now
            report = _check_all(names, plan.mode, echo) if check else None
            if report and report.differing:
                raise NotAsPromised(report)
            return Record(plan, (), report)
        refuse_unseen(name)
        promises = partial(_check_all, names, plan.mode, echo) if check else None
        record = put_up(plan, runner, facts, confirm, promises)
        return replace(record, run=running(name, plan).id)


def down(*names: str, kill: bool = False, run: str = "", echo: Echo | None = None) -> bool:
    """Undo the network of this namespace, newest command first.

    Args:
        names: the namespace's name, or those of some namespaces of one network; that of a network
            of several stands for all of them.
        kill: end the processes in the namespace, rather than refuse.
        run: only what the run of this id has put up; "" for whatever has this name.
        echo: is given each line before it runs.

    Returns:
        Whether there was such a network, or files of it from before a reboot.

    Raises:
        Refused: the namespace is not ours, processes run in it, or a program is missing.
        NetmodesError: something is left; the text says what.
    """
    for name in names:
        _validate_name(name)
    name = next((one for one in names if journal_of(one).folder.is_dir()), names[0])
    with _acting(journal_of(name).name, echo) as runner:
        journal = journal_of(name)
        found = journal.read()
        if run and (found is None or found.id != run):
            return False
        if found is None:
            if (NAMESPACES / name).exists():
                raise Refused(f"namespace {name} is not ours: `ip netns del {name}` deletes it")
            return remove_leftover(name, runner)
        here = {*found.namespaces}
        only = [one for one in names if one in here]  # some may be down already
        if journal.name in names or len({*only}) == len(here):
            only = []
        take_down(found, runner, kill=kill, only=only)
    return True


def _validate_name(name: str) -> None:
    """Refuse what is neither a namespace's name nor that of a network of several."""
    first, _, others = name.partition("+")
    devices.validate_namespace(first if others.isdecimal() else name)


def together(names: Iterable[str]) -> list[tuple[str, ...]]:
    """These names of namespaces or networks, those of one network in one group."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(journal_of(name).name, []).append(name)
    return [*map(tuple, groups.values())]


def every_name() -> list[str]:
    """The names of all networks, and of those of which a reboot has left files."""
    return [*dict.fromkeys(found.journal for found in networks()), *leftovers()]


def undo_unconfirmed(run: Run, *, echo: Echo | None = None) -> None:
    """Undo just this run, unless it was confirmed or undone before the lock could be taken.

    Raises:
        NetmodesError: something is left; the text says what.
    """
    with _acting(run.plan.name, echo) as runner:
        if watcher.waits(run):
            take_down(run, runner, kill=True)


def confirm(name: str, *, echo: Echo | None = None) -> None:
    """Keep the network of this namespace; its watcher ends.

    Raises:
        Refused: the network is not up, or not any more.
    """
    _validate_name(name)
    with _acting(journal_of(name).name, echo):
        watcher.confirm(journal_of(name).name)


def check(name: str, *, outside: str = "", echo: Echo | None = None) -> Report:
    """Try every promise of a network that is up.

    The neighbour entries and redirects that the packets would use are deleted first.

    Args:
        name: the namespace's name.
        outside: an IPv4 address or a host's name outside, to be tried. Without one, the gateway
            of the default route is tried instead, the way beyond it is judged without a packet,
            and the name server is asked, but for no host's name.
        echo: is given each line before it runs.

    Raises:
        Refused: there is no such network, or an earlier netmodes put it up; or ``outside`` has no
            address, or one that is not outside.
    """
    _validate_name(name)
    need_root()
    refuse_unreachable(name)
    return _check(name, outside, echo)


def _check(name: str, outside: str, echo: Echo | None, caught: list[int] | None = None) -> Report:
    from netmodes.diagnose.check import try_promises

    return try_promises(network_of(name), outside, Runner(echo or silent, caught=caught))


def _check_all(
    names: tuple[str, ...], mode: str, echo: Echo | None, caught: list[int] | None = None
) -> Report:
    """Try every promise of these namespaces."""
    each = [_check(name, "", echo, caught) for name in names]
    return Report(name_of(names), mode, tuple(one for report in each for one in report.results))


def why(name: str, target: str, *, echo: Echo | None = None) -> Answer:
    """Follow a packet from a namespace as the kernel would, to the first fault.

    The neighbour entries on its way are deleted first.

    Args:
        name: the namespace's name.
        target: ``ADDR`` or ``ADDR:PORT``; an IPv4 address or a host's name, and a TCP port.
        echo: is given each line before it runs.

    Returns:
        The stages that the packet passes, and the fault, if there is one.

    Raises:
        Refused: ``target`` is no target or no machine's address, or the network is not up.
    """
    from netmodes.diagnose import target as targets
    from netmodes.diagnose.why.why import follow_target

    _validate_name(name)
    host_name, port = targets.parse(target)
    need_root()
    refuse_unreachable(name)
    return follow_target(network_of(name), host_name, port, Runner(echo or silent))


def enter(name: str, command: tuple[str, ...], user: str | None, echo: Echo) -> NoReturn:
    """Replace this process by a command in a network's namespace; see ``engine.enter``."""
    _validate_name(name)
    refuse_unreachable(name)
    need_root()
    become(name, command, user, echo)


def run(name: str, *argv: str) -> Outcome:
    """Run a command in a network's namespace, to its end, as the current user."""
    refuse_unreachable(name)
    return Runner().quietly(in_namespace(name, *argv))


@contextmanager
def _acting(name: str, echo: Echo | None = None) -> Iterator[Runner]:
    """Hold the lock, as root and where networks are made; yields what runs the commands."""
    need_root()
    with locked(name, echo or silent) as lock:
        refuse_elsewhere()
        yield Runner(echo or silent, lock)


def need_root() -> None:
    """Refuse to go on if this process is not root, or may not do what root does."""
    if os.geteuid() != 0:
        raise Refused("this needs root: run it under sudo, or inside `netmodes lab`")
    if finding := no_permission():
        raise Refused(str(finding))
