"""A run: a plan, and what the log of its journal says of it.

The log has a line for each event:

    began SECONDS    the machine's uptime at the first command
    run ID HOST      the run's id, and the host's network namespace
    watching PID     process PID undoes the run unless somebody confirms it
    watched          the same in a journal of an earlier netmodes, which knew no PID
    confirmed        somebody has confirmed it
    socket INODE     rtnetlink's socket in the namespace, which tells it from all others
    start K BEFORE   step K is about to run; its probe printed BEFORE ("-" for nothing)
    done K AFTER     step K has run; its probe prints AFTER
    up               all steps are done
    down             the undo of the network has begun
    leave A          the undo of what is of namespace A alone, one of several, has begun
    back K           the undo of step K is about to run

A step that a network inherits brings its ``began``, ``start`` and ``done`` along.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from netmodes.plan.network import Network, Topology
from netmodes.plan.plan import Plan

#: The file beside the log that names the namespaces of several by now, a line each.
MEMBERS = "namespaces"


@dataclass(frozen=True)
class Note:
    """What the log says of one step that was started.

    Args:
        index: the step's index in the plan's ``all_steps``.
        before: the word of its undo's probe before it ran; "" for none.
        after: the same afterwards; None if the run ended during the step.
    """

    index: int
    before: str
    after: str | None = None


@dataclass(frozen=True)
class Run:
    """One run: what was intended, and what was started.

    Args:
        plan: what was intended.
        notes: the steps that were started, in the plan's order.
        state: "up", "unconfirmed" (up, while the watcher waits) or "interrupted"; the journal
            makes that "at work" where another process is.
        confirmed: somebody has confirmed that the host is reachable.
        id: tells this run from every other; "" in a journal of format 1.
        host: the network namespace that it ran in, as ``readlink /proc/self/ns/net`` prints it.
        watcher: the process that undoes it unless it is confirmed; 0 for none, or unknown.
        namespaces: its namespaces by now; some of several may have been undone alone.
        leaving: those of which the undo has begun, alone.
    """

    plan: Plan
    notes: tuple[Note, ...]
    state: str
    confirmed: bool = False
    id: str = ""
    host: str = ""
    watcher: int = 0
    namespaces: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()

    @property
    def networks(self) -> list[Network]:
        """The networks that this run made, one for each of its namespaces."""
        plan = self.plan
        parents = tuple(dict.fromkeys(_parents(plan)))
        shares = tuple(step for step in plan.all_steps if step.share)
        return [
            Network(
                name,
                plan.mode,
                _parameters(plan, name, net),
                net,
                "interrupted" if name in self.leaving else self.state,
                shares,
                plan.promises,
                self.id,
                parents,
                plan.namespaces if plan.more else (),
            )
            for name, net in plan.topologies.items()
            if name in (self.namespaces or plan.namespaces)
        ]


def _parameters(plan: Plan, name: str, net: Topology) -> dict[str, str]:
    """The options with which a namespace's network would be as it is, alone."""
    if not plan.more:
        return plan.parameters
    own = {key: getattr(net, key) for key in plan.parameters if hasattr(net, key)}
    return {**plan.parameters, **own, "namespace": name}


def _parents(plan: Plan) -> Iterator[str]:
    """The folders above those that its undos remove, with ``--parents``."""
    for step in plan.all_steps:
        if step.undo and "--parents" in step.undo.argv:
            for folder in step.undo.items or step.undo.argv[-1:]:
                yield str(Path(folder).parent)


def run_from(plan: Plan, log: list[str], namespaces: tuple[str, ...] = ()) -> Run:
    """The run of a plan, from the lines of its log, and the names of its namespaces by now.

    A last line that was cut short counts for nothing.

    Raises:
        ValueError, LookupError: the lines are no log, or the log of another plan.
    """
    if not log or not log[0].startswith("began "):
        raise ValueError("its beginning is lost")
    notes = _notes(log)
    if any(note.index not in range(len(plan.all_steps)) for note in notes):
        raise ValueError("it is of another plan")
    confirmed, identity = "confirmed" in log, identity_of(log)
    leaving = tuple(line.removeprefix("leave ") for line in log if line.startswith("leave "))
    found = namespaces or plan.namespaces
    return Run(plan, notes, _state(log), confirmed, *identity, _watcher(log), found, leaving)


def _notes(log: list[str]) -> tuple[Note, ...]:
    notes: dict[int, Note] = {}
    for line in log:
        match line.split():
            case ["start", index, _, *_]:
                notes[int(index)] = Note(int(index), _word(line))
            case ["done", index, _, *_]:
                notes[int(index)] = replace(notes[int(index)], after=_word(line))
    return tuple(notes[index] for index in sorted(notes))


def _word(line: str) -> str:
    """What a look has found, which may be several words."""
    written = line.split(maxsplit=2)[2]
    return "" if written == "-" else written


def _state(log: list[str]) -> str:
    marks = [line for line in log if line in ("up", "down")]
    if marks[-1:] != ["up"]:
        return "interrupted"
    watched = "watched" in log or _watcher(log)
    return "unconfirmed" if watched and "confirmed" not in log else "up"


def _watcher(log: list[str]) -> int:
    """The process that watches, by the last word that one has written; 0 for none."""
    return int(_last("watching", log) or 0)


def _last(verb: str, log: list[str]) -> str:
    """The number of the last such line; "" for none."""
    found = [match[1] for line in log if (match := re.fullmatch(rf"{verb} (\d+)", line))]
    return found[-1] if found else ""


def identity_of(log: list[str]) -> tuple[str, str]:
    """The run's id and the host's network namespace; both "" in a journal of format 1."""
    for line in log:
        match line.split():
            case ["run", identity, host]:
                return identity, host
    return "", ""
