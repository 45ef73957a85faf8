"""What is up: one folder a network, written before the first command, gone with a reboot.

    /run/netmodes/.lock       one run at a time
    /run/netmodes/A/plan.json the whole intent: every line with its undo
    /run/netmodes/A/log       what has happened so far, a line each:
                                began SECONDS    the machine's uptime at the first command
                                run ID HOST      the run's id, the host's network namespace
                                start K BEFORE   step K is about to run; its probe said BEFORE
                                done K AFTER     it ran; its probe says AFTER ("-" for nothing)
                                back K           its taking-back is about to run
                                watched          it comes back unless it is confirmed
                                confirmed        it is
                                up               every step is done
                                down             the taking-back has begun
    /run/netmodes/A/down.sh   the taking-back as bash, for the day when Python is gone
    /run/netmodes/A/before.json
                              the machine's facts from before, for who wants to compare
    /run/netmodes/A/shares    the steps that other networks may share: K and a name each; their
                              start and done pass on to the log of a network that stays

The exported scripts write the same files, so `list` and `down` see what a script made.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from netmodes.errors import NetmodesError, Refused
from netmodes.plan.network import Network, unreadable
from netmodes.plan.plan import Plan

ROOT = Path("/run/netmodes")

OWN_NAMESPACE = Path("/proc/self/ns/net")


@dataclass(frozen=True)
class Note:
    """What the journal knows of one step that was started.

    Args:
        index: the step's place in the plan, from 0.
        before: its undo's probe before it ran; "" for nothing there.
        after: the same afterwards, or None if the run ended in the middle.
        back: its taking-back had begun, and may have ended in the middle.
    """

    index: int
    before: str
    after: str | None = None
    back: bool = False


@dataclass(frozen=True)
class Run:
    """One run as the journal has it: what was intended, and what was started.

    Args:
        plan: what was intended.
        notes: what was started.
        state: "up", "unconfirmed" (up, and the watcher waits) or "interrupted".
        began: the machine's uptime at the first command, in seconds.
        confirmed: somebody has said that the machine is reachable.
        id: tells this run from every other; "" in a journal of format 1.
        host: the network namespace that it ran in, as ``readlink /proc/self/ns/net`` prints it.
    """

    plan: Plan
    notes: tuple[Note, ...]
    state: str
    began: float
    confirmed: bool = False
    id: str = ""
    host: str = ""

    @property
    def network(self) -> Network:
        """What is up by this run."""
        plan = self.plan
        undos = [step.undo.argv for step in plan.all_steps if step.undo]
        return Network(
            plan.name,
            plan.mode,
            plan.parameters,
            plan.topology,
            self.state,
            tuple(step for step in plan.all_steps if step.share),
            plan.promises,
            self.id,
            tuple(str(Path(argv[-1]).parent) for argv in undos if "--parents" in argv),
        )


class Journal:
    """The folder of one network.

    Args:
        name: the namespace's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = ROOT / name

    def begin(self, plan: Plan, down: str, *, before: str = "{}", watched: bool = False) -> None:
        """Put the intent on disk, and the means to take it back; all at once or not at all.

        Args:
            plan: every command with its undo.
            down: the taking-back as bash.
            before: the machine's facts, as JSON.
            watched: it comes back unless it is confirmed.

        Raises:
            NetmodesError: it cannot be written.
        """
        log = f"began {uptime()}\nrun {_new_id()} {OWN_NAMESPACE.readlink()}\n"
        log += "watched\n" if watched else ""
        files = {"plan.json": plan.intent(), "before.json": before, "log": log}
        files |= {"shares": plan.shares_text, "down.sh": down}
        draft = ROOT / f".{self.name}.new"
        try:
            _fill(draft, files)
            draft.rename(self.folder)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise _unwritable(error) from error

    def write(self, *words: object) -> None:
        """Add one line to the log.

        Raises:
            NetmodesError: it cannot be written.
        """
        line = " ".join(str(word) or "-" for word in words) + "\n"
        try:
            descriptor = os.open(self.folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unwritable(error) from error

    def inherit(self, note: Note, began: float) -> None:
        """Take over a step that another network had run, and that outlives it."""
        self.write("began", began)
        self.write("start", note.index, note.before)
        if note.after is not None:
            self.write("done", note.index, note.after)

    def read(self) -> Run | None:
        """The run, or None where there is no such network.

        Raises:
            Refused: it is there and cannot be read.
        """
        try:
            plan = Plan.from_dict(json.loads((self.folder / "plan.json").read_text()))
            lines = (self.folder / "log").read_text().splitlines()
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            if self.folder.parent != ROOT or not self.folder.is_dir():
                return None
            raise Refused(
                f"the journal {self.folder} cannot be read ({error}): "
                f"`bash {self.folder}/down.sh` takes {self.name} back"
            ) from error
        try:
            notes, began, run = _notes(lines, len(plan.all_steps)), _began(lines), _run(lines)
        except (ValueError, LookupError) as error:
            raise Refused(
                f"{self.folder}/log is damaged ({error}): "
                f"take {self.name} back by hand, by the undos in {self.folder}/down.sh"
            ) from error
        return Run(plan, notes, _state(lines), began, "confirmed" in lines, *run)

    def remove(self) -> None:
        """Forget the network, at once or not at all."""
        old = ROOT / f".{self.name}.old"
        with suppress(FileNotFoundError):
            self.folder.rename(old)
        shutil.rmtree(old, ignore_errors=True)


def _fill(folder: Path, files: dict[str, str]) -> None:
    """A new folder with these files, which anyone may read, whatever root's umask."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)


def _unwritable(error: OSError) -> NetmodesError:
    """The error for the user, and what to do about it."""
    fixes = {errno.EACCES: "run as root", errno.ENOSPC: "make room there"}
    fix = fixes.get(error.errno or 0, "see that it can be")
    return NetmodesError(f"{ROOT} cannot be written ({error.strerror}): {fix}")


def _notes(lines: list[str], steps: int) -> tuple[Note, ...]:
    """What the log says of each of so many steps; it begins with when they did."""
    if not lines or not lines[0].startswith("began "):
        raise ValueError("its beginning is lost")
    notes: dict[int, Note] = {}
    for line in lines:
        match line.split():
            case ["start", index, before]:
                notes[int(index)] = Note(int(index), _word(before))
            case ["done", index, after]:
                notes[int(index)] = replace(notes[int(index)], after=_word(after))
            case ["back", index]:
                notes[int(index)] = replace(notes[int(index)], back=True)
    if any(index not in range(steps) for index in notes):
        raise ValueError("it is of another plan")
    return tuple(notes[index] for index in sorted(notes))


def _tidy() -> None:
    """Remove what a killed run was about to write or to forget; the lock is held."""
    for draft in (*ROOT.glob(".*.new"), *ROOT.glob(".*.old")):
        shutil.rmtree(draft, ignore_errors=True)


def sharing(share: str) -> Iterator[tuple[str, int]]:
    """The networks that may share this, each with the place of its step, whatever else they are."""
    for path in sorted(ROOT.glob("[!.]*/shares")):
        for line in path.read_text(errors="replace").splitlines():
            index, _, name = line.partition(" ")
            if name == share and index.isdecimal():
                yield path.parent.name, int(index)


def _state(lines: list[str]) -> str:
    marks = [line for line in lines if line in ("up", "down")]
    if marks[-1:] != ["up"]:
        return "interrupted"
    return "unconfirmed" if "watched" in lines and "confirmed" not in lines else "up"


def _began(lines: list[str]) -> float:
    """The first command's time, or an earlier one of a step that was passed on to this network."""
    began = [float(line.split()[1]) for line in lines if re.match(r"began \S", line)]
    return min(began, default=uptime())


def _run(lines: list[str]) -> tuple[str, str]:
    """The run's id and the host's network namespace; "" where the log does not say."""
    for line in lines:
        match line.split():
            case ["run", identity, host]:
                return identity, host
    return "", ""


def _new_id() -> str:
    return Path("/proc/sys/kernel/random/uuid").read_text().strip()


def uptime() -> float:
    """Seconds since the machine started, which no change of its clock disturbs (proc(5))."""
    return float(Path("/proc/uptime").read_text().split()[0])


def _word(written: str) -> str:
    return "" if written == "-" else written


def networks() -> list[Network]:
    """Every network of ours, by name."""
    if not ROOT.is_dir():
        return []
    names = [path.name for path in sorted(ROOT.iterdir()) if not path.name.startswith(".")]
    return [network for name in names if (network := _network(name))]


def _network(name: str) -> Network | None:
    """One network, or None where there is none; a journal that cannot be read stops no other."""
    try:
        run = Journal(name).read()
    except Refused:
        return unreadable(name)
    return run.network if run else None


@contextmanager
def locked() -> Iterator[int]:
    """One run at a time; gives the lock's descriptor, for the children to hold as well.

    Raises:
        NetmodesError: /run/netmodes cannot be written.
    """
    import fcntl

    try:
        ROOT.mkdir(parents=True, exist_ok=True)
        ROOT.chmod(0o755)
        descriptor = os.open(ROOT / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _tidy()
        yield descriptor
    finally:
        os.close(descriptor)
