"""How the runner lists."""

import subprocess
from pathlib import Path

import pytest
from bash import BASH, driven, machine
from console import machine as facts_of

from netmodes import HostOnly
from netmodes.engine import runner
from netmodes.engine.runner import Runner
from netmodes.errors import Unknown
from netmodes.plan.look import Look
from netmodes.script.bash import render

PLAN = HostOnly().plan(facts_of("article"))


def test_hanging_listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that hangs is made once more for all that it would tell, and then is unknown."""
    monkeypatch.setattr(runner, "PATIENCE", 0.2)
    asked = tmp_path / "asked"
    look = Look(("sh", "-c", f"echo yes >>{asked}; exec sleep 60"), ("(x)",))
    listing = Runner()

    for _ in range(4):
        with pytest.raises(Unknown, match="takes over"):
            listing.word(look)

    assert asked.read_text() == "yes\n" * 2


def test_hanging_listing_of_a_script() -> None:
    """A script does the same."""
    driver = """
        prepare
        PATIENCE=0.2
        listing() { echo yes >>asked; sleep 2; }
        for _ in 1 2 3 4; do find_in 0 x || echo "$? $WRONG"; done
        """
    with machine("A") as folder:
        command = (BASH, "-c", driven(render(PLAN), folder, driver))
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
        asked = (folder / "asked").read_text()

    assert (asked, done.stdout) == ("yes\n" * 2, "2 takes over 0.2 s\n" * 4)
