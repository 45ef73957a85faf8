"""The README's sessions and its Python are run as they stand."""

from __future__ import annotations

import re

import pytest
from labs import Lab
from places import ROOT

from netmodes import MODES, Mode

README = (ROOT / "README.md").read_text()

SESSIONS = re.findall(r"```console\n(.*?)```", README, re.S)
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.S)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.splitlines()[0])
def test_session(lab: Lab, session: str) -> None:
    """Typed on the lab's machine, the session prints to the letter what the README shows."""
    lines = [line.removeprefix("$ ") for line in session.splitlines() if line.startswith("$ ")]

    shown = lab.sh("cd $(mktemp -d)\nexec 2>&1\n" + _typed(lines)).stdout

    assert shown == session


def _typed(lines: list[str]) -> str:
    """Each line behind its prompt, then run."""
    return "".join(f"printf '%s\\n' '$ {line}'\n{line}\n" for line in lines)


@pytest.mark.parametrize("program", PROGRAMS, ids=["in-python"])
def test_program(lab: Lab, program: str) -> None:
    """The README's Python prints the commands, and the page that the host serves."""
    shown = lab.ok("python3", "-c", program)

    assert "ip link add veth0 type veth peer name veth1" in shown
    assert "Welcome to the lab!" in shown
    assert lab.ok("ip", "netns", "list") == ""


@pytest.mark.pure
@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_picture(mode: type[Mode]) -> None:
    """The README shows each mode's picture as its docstring does."""
    _, _, picture = (mode.__doc__ or "").partition("\n\n")

    drawn = "\n".join(line.removeprefix("    ") for line in picture.rstrip().splitlines())

    assert f"```text\n{drawn}\n```" in README


@pytest.mark.pure
def test_faults() -> None:
    """The counts that the README quotes are of every mode, both ways, and all restored."""
    quoted = re.search(r"```text\nfault sweep: (.*?)```", README, re.S)
    assert quoted is not None
    total, _, _, *rows = quoted[1].splitlines()

    named = {tuple(row.split()[:3]) for row in rows}
    counts = sum(int(cell) for row in rows for cell in row.split()[3:])
    assert total == f"{counts} faults tried, {counts} machines as before"
    assert named == {
        (mode, way, verb)
        for mode in MODES
        for way in ("netmodes", "script")
        for verb in ("up", "down")
    }
