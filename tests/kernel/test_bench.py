"""What ``scripts/bench`` measures. No test asserts a time."""

import sys

import pytest
from labs import Lab
from places import ROOT

#: What scripts/bench gives it.
PLACE = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c")
SPEED = ('"$@"; exit', "sh", sys.executable, str(ROOT / "scripts/speed"))


@pytest.mark.once
@pytest.mark.long
def test_many(lab: Lab) -> None:
    """Whoever is installed puts two namespaces up and down; but sudo, which a lab has not."""
    done = lab.run(*PLACE, *SPEED, "--part", "many", "--sizes", "2", "--rounds", "1", timeout=300)

    assert done.returncode == 0, done.stderr
    page, _, left_out = done.stdout.partition("## Left out\n")
    assert [line for line in left_out.split("\n") if line and not _is_expected(line)] == []
    assert page.count("| netmodes nat ") >= 3  # up, down, and for each namespace


def _is_expected(line: str) -> bool:
    return "not installed" in line or line.startswith("- the article's script, with sudo")
