"""The only door to the system: says a line, runs it through plumbum, notes it, takes it back.

Taking back is one loop over the journal's notes, newest first, with one condition (``_is_ours``);
the exported script has the same loop and the same condition (templates/script.sh.j2).
"""

from __future__ import annotations

import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from netmodes.errors import CommandFailed, Interrupted, NetmodesError, Refused
from netmodes.iproute import PACKAGES
from netmodes.journal import Journal, Network, Note
from netmodes.step import Argv, Outcome, Plan, Record, Step

if TYPE_CHECKING:
    from plumbum.commands.base import BaseCommand

__all__ = ["Echo", "execute", "put_up", "running", "silent", "take_back", "take_down"]

Echo = Callable[[str], None]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def silent(line: str) -> None:
    """An echo that says nothing: the library's default."""


def program(name: str) -> BaseCommand:
    """The program of that name on PATH.

    Raises:
        Refused: it is not installed.
    """
    from plumbum import CommandNotFound, local

    try:
        return local[name]
    except CommandNotFound:
        package = PACKAGES.get(name, name)
        raise Refused(f"there is no `{name}` on PATH: install {package}") from None


def execute(argv: Argv, stdin: str | None = None, lock: int | None = None) -> Outcome:
    """Run one command to its end; a failure is an outcome, not an exception.

    Args:
        argv: the command, as run from the host.
        stdin: what it reads.
        lock: a descriptor the child holds too, so that the lock outlives a killed parent.

    Raises:
        Refused: the program is not installed.
    """
    command = program(argv[0])[argv[1:]]
    hold = () if lock is None else (lock,)
    began = time.monotonic()
    status, stdout, stderr = (command << (stdin or "")).run(retcode=None, pass_fds=hold)
    return Outcome(shlex.join(argv), status, stdout, stderr, time.monotonic() - began)


def put_up(plan: Plan, lock: int, echo: Echo = silent) -> Record:
    """Run a plan; on the first failure or signal take back what was done, newest first.

    Raises:
        Refused: a check that asks the network does not hold; nothing was touched.
        CommandFailed: a command failed; ``left`` says what is left.
        Interrupted: the same, after a signal.
    """
    for name in sorted({word for step in plan.steps for word in (step.command[0], "stat")}):
        program(name)
    _ask(plan)
    journal = Journal(plan.namespace)
    journal.begin(plan)
    with _signals() as caught:
        try:
            outcomes = [
                _perform(index, step, journal, lock, echo, caught)
                for index, step in enumerate(plan.steps)
            ]
        except BaseException as error:
            left = _give_up(journal, lock, echo)
            if isinstance(error, NetmodesError):
                error.left = left
            raise
        journal.write("up")
    return Record(plan, tuple(outcomes))


def _ask(plan: Plan) -> None:
    for check in plan.checks:
        if check.asks and not check.holds(execute(check.argv).stdout):
            raise Refused(check.otherwise)


def _perform(
    index: int, step: Step, journal: Journal, lock: int, echo: Echo, caught: list[int]
) -> Outcome:
    probe = step.undo and step.undo.probe
    if probe:
        journal.write("start", index, _word(probe))
    echo(str(step))
    outcome = execute(step.command, step.stdin, lock)
    if caught:
        raise Interrupted(caught[0])
    if outcome.status != 0:
        raise CommandFailed(outcome.line, outcome.status, outcome.stderr, _hint(outcome))
    if probe:
        journal.write("done", index, _word(probe))
    return outcome


def _word(probe: Argv) -> str:
    """The first word that a probe prints; "" when the thing is not there."""
    outcome = execute(probe)
    return next(iter(outcome.stdout.split()), "") if outcome.status == 0 else ""


def _give_up(journal: Journal, lock: int, echo: Echo) -> list[str]:
    network = journal.read()
    assert network is not None  # noqa: S101 - it was begun above
    left = take_back(network, lock, echo)
    if not left:
        journal.remove()
    return left


def _hint(outcome: Outcome) -> str:
    words = shlex.split(outcome.line)
    if "type" in words and (
        "Unknown device type" in outcome.stderr or "not supported" in outcome.stderr
    ):
        kind = words[words.index("type") + 1]
        return (
            f"This kernel has no device type {kind!r}: load its module (`modprobe {kind}`), "
            "or install the package that holds it (Ubuntu: linux-modules-extra)."
        )
    return ""


def running(name: str) -> Network:
    """The network of this name, from its journal.

    Raises:
        Refused: there is none.
    """
    network = Journal(name).read()
    if network is None:
        raise Refused(f"{name} is not a network of ours: see `netmodes list`")
    return network


def take_down(name: str, lock: int, *, kill: bool = False, echo: Echo = silent) -> list[str]:
    """Take one network back from its journal.

    Args:
        name: the namespace's name.
        lock: the lock's descriptor.
        kill: end the processes inside rather than refuse.
        echo: is given each line before it runs.

    Returns:
        What could not be taken back, one sentence each; the network is forgotten if nothing is.

    Raises:
        Refused: there is no network of that name, or processes run inside.
    """
    journal, network = Journal(name), running(name)
    with _signals(ignored=True):
        _empty(network, kill, echo)
        journal.write("down")
        left = take_back(network, lock, echo)
    if not left:
        journal.remove()
    return left


def _empty(network: Network, kill: bool, echo: Echo) -> None:
    """See to it that no process keeps the namespace alive once its name is gone."""
    if not (inside := _inside(network)):
        return
    if not kill:
        named = ", ".join(f"{pid} {_program_of(pid)}" for pid in inside)
        raise Refused(
            f"processes run inside {network.plan.namespace} ({named}): end them, or use --kill"
        )
    for sign in ("TERM", "KILL"):
        if inside := _inside(network):
            command = ("kill", "-s", sign, *inside)
            echo(shlex.join(command))
            execute(command)
            _wait_until_empty(network)


def _inside(network: Network) -> list[str]:
    """The processes inside the namespace, if it is there and ours; its making is the first step."""
    if not network.notes or not _stands(network, network.notes[0]):
        return []
    return execute(("ip", "netns", "pids", network.plan.namespace)).stdout.split()


def _program_of(pid: str) -> str:
    try:
        return Path("/proc", pid, "comm").read_text().strip()
    except OSError:
        return "gone"


def _wait_until_empty(network: Network, seconds: float = 2.0) -> None:
    deadline = time.monotonic() + seconds
    while _inside(network) and time.monotonic() < deadline:
        time.sleep(0.02)


def take_back(network: Network, lock: int, echo: Echo = silent) -> list[str]:
    """Take back every step that was started, newest first; carry on past failures.

    Returns:
        What could not be taken back, one sentence each.
    """
    with _signals(ignored=True):
        left = [_take_back(network, note, lock, echo) for note in reversed(network.notes)]
    return [sentence for sentence in left if sentence]


def _take_back(network: Network, note: Note, lock: int, echo: Echo) -> str:
    undo = network.plan.steps[note.index].undo
    if undo is None or not _stands(network, note):
        return ""
    command = undo.command(note.before)
    echo(shlex.join(command))
    outcome = execute(command, lock=lock)
    return f"`{outcome.line}` failed ({outcome.stderr.strip()})" if outcome.status else ""


def _stands(network: Network, note: Note) -> bool:
    """Whether what the step changed is still as the step left it.

    Where the run ended in the middle of the step, anything that was not there before is its work.
    """
    undo = network.plan.steps[note.index].undo
    now = _word(undo.probe) if undo else ""
    return now not in ("", note.before) and note.after in (None, now)


@contextmanager
def _signals(*, ignored: bool = False) -> Iterator[list[int]]:
    """Note INT, TERM and HUP instead of dying of them; ``ignored``: children ignore them as well.

    Only the main thread of a program may say what signals do; elsewhere this does nothing.
    """
    caught: list[int] = []

    def note(signum: int, frame: FrameType | None) -> None:
        caught.append(signum)

    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = {
        number: signal.signal(number, signal.SIG_IGN if ignored else note) for number in SIGNALS
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
