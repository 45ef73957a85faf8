"""What is up: one folder a network, written before the first command, gone with a reboot.

    /run/netmodes/.lock       one run at a time
    /run/netmodes/A/plan.json the whole intent: every line with its undo
    /run/netmodes/A/log       what has happened so far, a line each:
                                start K BEFORE   step K is about to run; its probe said BEFORE
                                done K AFTER     it ran; its probe says AFTER ("-" for nothing)
                                up               every step is done
                                down             the taking-back has begun

The exported scripts write the same two files, so `list` and `down` see what a script made.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netmodes.errors import NetmodesError, Refused
from netmodes.step import Plan

__all__ = ["ROOT", "Journal", "Network", "Note", "locked", "networks"]

ROOT = Path("/run/netmodes")


@dataclass(frozen=True)
class Note:
    """What the journal knows of one step that was started.

    Args:
        index: the step's place in the plan, from 0.
        before: its undo's probe before it ran; "" for nothing there.
        after: the same afterwards, or None if the run ended in the middle.
    """

    index: int
    before: str
    after: str | None = None


@dataclass(frozen=True)
class Network:
    """A network of ours as the journal has it; ``state`` is "up" or "interrupted"."""

    plan: Plan
    notes: tuple[Note, ...]
    state: str

    def summary(self) -> dict[str, Any]:
        """Name, mode, parameters and state, for facts and ``list``."""
        return {
            "name": self.plan.namespace,
            "mode": self.plan.mode,
            "parameters": self.plan.parameters,
            "state": self.state,
        }


class Journal:
    """The folder of one network.

    Args:
        name: the namespace's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = ROOT / name

    def begin(self, plan: Plan) -> None:
        """Put the intent on disk; it is there whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / "plan.json.new"
        draft.write_text(json.dumps(plan.to_dict()))
        draft.replace(self.folder / "plan.json")

    def write(self, *words: object) -> None:
        """Add one line to the log."""
        line = " ".join(str(word) or "-" for word in words) + "\n"
        descriptor = os.open(self.folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def read(self) -> Network | None:
        """The network, or None where there is no such one.

        Raises:
            Refused: it is there and cannot be read.
        """
        try:
            plan = Plan.from_dict(json.loads((self.folder / "plan.json").read_text()))
            log = self.folder / "log"
            lines = log.read_text().splitlines() if log.exists() else []
            notes = _notes(lines)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused(f"the journal {self.folder} cannot be read: {error}") from error
        return Network(plan, notes, "up" if lines[-1:] == ["up"] else "interrupted")

    def remove(self) -> None:
        """Forget the network."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _notes(lines: list[str]) -> tuple[Note, ...]:
    notes: dict[int, Note] = {}
    for line in lines:
        match line.split():
            case ["start", index, before]:
                notes[int(index)] = Note(int(index), _word(before))
            case ["done", index, after]:
                notes[int(index)] = Note(int(index), notes[int(index)].before, _word(after))
    return tuple(notes.values())


def _word(written: str) -> str:
    return "" if written == "-" else written


def networks() -> list[Network]:
    """Every network of ours, by name."""
    if not ROOT.is_dir():
        return []
    found = (Journal(path.name).read() for path in sorted(ROOT.iterdir()) if path.is_dir())
    return [network for network in found if network is not None]


@contextmanager
def locked() -> Iterator[int]:
    """One run at a time; gives the lock's descriptor, for the children to hold as well.

    Raises:
        NetmodesError: /run/netmodes cannot be written.
    """
    import fcntl

    try:
        ROOT.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(ROOT / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NetmodesError(f"{ROOT} cannot be written ({error.strerror}): run as root") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
