"""The words by which a user types netmodes."""

import shlex
import sys
from pathlib import Path

import pytest

from netmodes.machine.path import command_line
from netmodes.plan.programs import ITSELF


@pytest.mark.parametrize("on_path", [True, False])
def test_command_line(on_path: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called by its name where PATH finds this one, and else by its path."""
    program = tmp_path / "netmodes"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", str(tmp_path if on_path else tmp_path.parent))

    line = command_line("confirm", "A")

    assert line == f"{'netmodes' if on_path else program} confirm A"


@pytest.mark.parametrize("kind", ["folder", "no program", "nothing"])
def test_no_program(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that Python runs, or a file that cannot be run, is no program."""
    program = tmp_path / "netmodes"
    if kind == "folder":
        program.symlink_to(Path(ITSELF).parent)
    elif kind == "no program":
        program.touch(0o644)
    monkeypatch.setattr(sys, "argv", [str(program)])

    assert command_line("list") == shlex.join([sys.executable, ITSELF, "list"])
