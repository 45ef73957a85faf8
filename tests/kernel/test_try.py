"""What ``scripts/try`` shows of a mode."""

import sys

import pytest
from labs import Lab
from places import ROOT

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
