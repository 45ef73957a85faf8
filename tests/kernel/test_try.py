"""What ``scripts/try`` shows of a mode."""

import sys

import pytest
from labs import Lab
from places import ROOT
from processes import run

#: A command as it is shown, and the lines that `ip -batch` reads.
COMMANDS = ("[#] ", "addr ", "link ", "route ")

OBSERVE = str(ROOT / "scripts/observe.py")


@pytest.mark.parametrize(("mode", "total"), [("host-only", 6), ("bridged", 1)])
def test_as_in_the_article(lab: Lab, mode: str, total: int) -> None:
    """Every observation of the article's comes again, on 80 columns; a command stays one line."""
    done = lab.run(sys.executable, OBSERVE, "--within", mode)

    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(f"\n{total} of {total} observations are as in the article.\n\n")
    own = [line for line in done.stdout.splitlines() if not line.startswith(COMMANDS)]
    assert [line for line in own if len(line) > 80] == []


def test_otherwise(lab: Lab) -> None:
    """Where something else comes, it is shown as not ok and is the exit status."""
    lab.ok("sysctl", "-w", "net.ipv4.icmp_echo_ignore_all=1")

    done = lab.run(sys.executable, OBSERVE, "--within", "host-only")

    assert done.returncode == 1
    assert (done.stdout.count("  NOT OK\n"), done.stdout.count("  ok\n")) == (1, 5)
    assert "\n5 of 6 observations are as in the article.\n" in done.stdout


def setup(commands: str) -> list[str]:
    """What these commands print that have the functions of scripts/setup."""
    argv = ("sh", "-euc", f'. "$(dirname "$0")/setup"\n{commands}', str(ROOT / "scripts/try"))
    return run(*argv, timeout=60).stdout.splitlines()


def test_how_to_go_on() -> None:
    """It ends with what to type next, by its whole path."""
    _, lab, *_ = setup("how_to_go_on")

    program, *arguments = lab.split()
    assert program == f"{ROOT}/.venv/bin/netmodes"
    assert arguments[0] == "lab"


def test_one_round() -> None:
    """The package lists are read once, however often something turns out to be missing."""
    ran = setup("""
        as_root() { echo "$*" >&3; }
        exec 3>&1
        lack one "a program"; install_missing
        lack two "another"; install_missing
        """)

    assert [line for line in ran if line.endswith(" update")] == ["apt-get --quiet=2 update"]
    assert [line.split()[-1] for line in ran if " install " in line] == ["one", "two"]
