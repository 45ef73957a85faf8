"""What goes on for long, on a terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from terminals import Terminal

pytestmark = pytest.mark.once

ENVIRONMENT = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}

WORKS = """
from netmodes.machine import progress
from netmodes.cli import output, progress as terminal
terminal.PATIENCE = 0.05
terminal.show()
with progress.working("reads " + "this machine " * 20):
    with progress.working("asks somebody"):
        input()
    input()
    output.say("A line.")
    input()
print("Done.")
"""

CLEAR = "\r\033[K"


def test_line() -> None:
    """What goes on takes one line, which other lines replace, and which is gone at the end."""
    with Terminal([sys.executable, "-c", WORKS], ENVIRONMENT) as terminal:
        assert terminal.until(" s: asks somebody") == f"{CLEAR}[#] # 0"
        terminal.type("\n")
        terminal.until(" s: reads this machine")
        terminal.type("\n")
        drawn = terminal.until("A line.")
        terminal.until(" s: reads this machine")
        terminal.type("\n")
        assert terminal.until("Done.").endswith(CLEAR)
    assert drawn.endswith(CLEAR)
    texts = drawn.replace("\r\n", "").replace("\033[K", "").split("\r")
    assert max(map(len, texts)) < 80


@pytest.mark.parametrize(
    ("term", "errors"), [("dumb", ""), ("", ""), ("xterm", "2>/dev/null"), ("xterm", "")]
)
def test_where(term: str, errors: str) -> None:
    """Nothing is shown where no terminal is, or one that cannot replace a line."""
    asks = (
        "from netmodes.machine import progress; from netmodes.cli import progress as terminal; "
        "was = progress.shown; terminal.show(); print('shown' if progress.shown != was else 'not')"
    )
    shell = ["sh", "-c", f'"$0" -c "$1" {errors}', sys.executable, asks]

    with Terminal(shell, {**ENVIRONMENT, "TERM": term}) as terminal:
        told = terminal.until("\r\n")

    assert told == ("shown" if term == "xterm" and not errors else "not")


def test_slow_machine(tmp_path: Path) -> None:
    """A dry run tells that it reads the machine, if that takes long; not in what it prints."""
    slow = 'while [ ! -e "${0%/*}/go" ]; do sleep 0.1; done; PATH=${PATH#*:} exec ip "$@"'
    (tmp_path / "ip").write_text(f"#!/bin/sh\n{slow}\n")
    (tmp_path / "ip").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}:/usr/sbin"
    plan = ["-m", "netmodes", "isolated", "-n", "a-name-of-its-own", "--dry-run"]
    shell = ["sh", "-c", f'"$0" "$@" >{tmp_path}/plan && echo Done.', sys.executable, *plan]

    with Terminal(shell, {**ENVIRONMENT, "PATH": path}) as terminal:
        terminal.until("[#] # 1 s: reads this machine")
        (tmp_path / "go").touch()
        assert terminal.until("Done.").endswith(CLEAR)

    quick = subprocess.check_output([sys.executable, *plan], env=ENVIRONMENT, text=True)
    assert (tmp_path / "plan").read_text() == quick
