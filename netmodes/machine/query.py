"""Questions to the machine: one command that only reads, one file, one route."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, Popen

from netmodes.machine.entries import Json


def ask(*argv: str) -> CompletedProcess[str] | None:
    """Run a command that changes nothing; None if the program does not exist."""
    return end(start(*argv))


def start(*argv: str) -> Popen[str] | None:
    """Start such a command without waiting for it."""
    try:
        return Popen(argv, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, text=True)
    except FileNotFoundError:
        return None


def end(child: Popen[str] | None) -> CompletedProcess[str] | None:
    """Wait for a started command and take its output."""
    if child is None:
        return None
    stdout, stderr = child.communicate()
    return CompletedProcess(child.args, child.returncode, stdout, stderr)


def lines(done: CompletedProcess[str] | None) -> list[str] | None:
    """The lines a command printed; None (unknown) if it failed or does not exist."""
    return done.stdout.splitlines() if done and done.returncode == 0 else None


def text_of(path: Path) -> str | None:
    """The text of a file without its last newlines; None if nobody can read it.

    A pipe is not read: its reader would wait for a writer.
    """
    try:
        return path.read_text(errors="replace").rstrip("\n") if path.is_file() else None
    except OSError:
        return None


def route_to(address: str) -> Json | None:
    """The route that packets to this address take, as ``ip -j route get`` prints it."""
    done = ask("ip", "-j", "route", "get", address)
    found = json.loads(done.stdout or "[]") if done and done.returncode == 0 else []
    return dict(found[0]) if found else None
