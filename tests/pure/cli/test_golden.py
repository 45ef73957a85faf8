"""What the command line prints, to the letter: each file of tests/golden is one session.

A new case is a new file that begins with its command; ``scripts/regenerate`` writes the rest.
"""

import os
from pathlib import Path

import pytest
from console import netmodes, session
from places import FACTS, GOLDEN, ROOT

SESSIONS = sorted(GOLDEN.glob("*.console"))
EXPORTED = ROOT / "scripts/exported"


@pytest.mark.parametrize("golden", SESSIONS, ids=lambda path: path.stem)
def test_session(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command prints, on the machine of its facts, what the file holds."""
    monkeypatch.chdir(FACTS)

    expected = golden.read_text()

    assert session(expected.partition("\n")[0]) == expected


@pytest.mark.parametrize("golden", SESSIONS, ids=lambda path: path.stem)
def test_width(golden: Path) -> None:
    """What is said fits 80 columns; a command stays on one line, also one in a note."""
    said = [line for line in golden.read_text().splitlines() if line.startswith(("#", "Error"))]

    assert [line for line in said if len(line) > 80 and not line.startswith("#   ")] == []


@pytest.mark.parametrize(
    "mode",
    [["isolated"], ["host-only"], ["bridged", "--uplink", "enp0s1"], ["nat"]],
    ids=lambda mode: mode[0],
)
def test_exported(mode: list[str]) -> None:
    """A script in scripts/exported is executable and what its mode exports today."""
    facts = str(FACTS / "article.json")
    exported = EXPORTED / f"{mode[0]}.sh"

    done = netmodes(*mode, "--facts", facts, "--export", "-")

    assert exported.read_text() == done.stdout
    assert os.access(exported, os.X_OK)
