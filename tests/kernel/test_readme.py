"""The README's sessions and its Python are run as they stand."""

import re

import pytest
from labs import Lab
from places import ROOT

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
