"""A lab at a terminal has another one: it types into ours, and signals our processes, no more."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import as_anyone
from terminals import Terminal

#: The shell that the lab is started from, and its prompt.
SHELL = ("bash", "--norc", "--noediting", "-i")
READY = "READY> "


@pytest.fixture(params=["own", "anyone"])
def lab(request: pytest.FixtureRequest) -> Callable[..., str]:
    """What starts a lab with a command, as the user who tests or as any other."""
    start = (sys.executable,) if request.param == "own" else as_anyone()
    return lambda *command: shlex.join([*start, "-m", "netmodes", "lab", "--", *command])


@pytest.fixture
def shell() -> Iterator[Terminal]:
    """A shell on a terminal."""
    environment = os.environ | {"PS1": READY, "TERM": "dumb", "HISTFILE": ""}
    with Terminal([*SHELL], environment) as made:
        made.until(READY)
        yield made


def test_holds_no_terminal_of_ours(shell: Terminal, lab: Callable[..., str]) -> None:
    """No process of a lab has our terminal open, whatever we have open on it."""
    opened = lab("sh", "-c", "readlink /proc/[0-9]*/fd/*; echo $((40 + 2))nd")
    shell.type(f"exec 7<>/dev/tty; {opened}\n")
    found = shell.until("\r\n42nd").split()

    assert any(path.startswith("/dev/pts/") for path in found)
    assert str(Path(f"/proc/{shell.pid}/fd/0").readlink()) not in found


def test_signals_no_process_of_ours(shell: Terminal) -> None:
    """The command that signals its process group reaches nobody outside, of the same user's."""
    *user, python = as_anyone()
    kill = '"$0" -m netmodes lab -- sh -c "kill -USR1 0"'
    argv = (*user, "sh", "-c", f"trap 'echo hea''rd' USR1; {kill}; echo sta''tus $?", python)
    shell.type(f"{shlex.join(argv)}\n")

    assert "heard" not in shell.until("status 138")


def test_keys(shell: Terminal, lab: Callable[..., str]) -> None:
    """Ctrl-Z stops the command, fg goes on, Ctrl-C ends it; its status is passed on."""
    shell.type(lab("sh", "-c", "echo $((40 + 2))nd; exec cat") + "\n")
    shell.until("42nd")
    shell.type("\x1a")
    shell.until("Stopped")
    shell.type("fg\n")
    shell.until("exec cat")
    shell.type("hello\n")
    shell.until("hello\r\nhello")
    shell.type("\x03")
    shell.until(READY)
    shell.type("echo sta''tus $?\n")
    shell.until("status 130")


def test_jobs(shell: Terminal, lab: Callable[..., str]) -> None:
    """A shell in a lab has job control, and the size of our terminal."""
    shell.type(f"stty rows 33 cols 77; {lab(*SHELL)}\n")
    shell.until("[lab] # ")
    shell.type("sh -c 'echo $((40 + 2))nd; exec sleep 60'\n")
    shell.until("42nd")
    shell.type("\x1a")
    shell.until("Stopped")
    shell.type("stty size; exit; exit\n")
    shell.until("33 77")
    shell.until(READY)


def test_background(shell: Terminal, lab: Callable[..., str]) -> None:
    """In the background a lab runs on, and in a pipeline it may ask for input."""
    shell.type(lab("sh", "-c", "sleep 0.5; echo $((40 + 2))nd") + " &\n")
    shell.until("42nd")
    shell.type(lab("cat") + " | tr a-z A-Z\n")
    shell.until("tr a-z A-Z")
    shell.type("typed\n\x04")
    shell.until("TYPED")
