"""--confirm: whatever becomes of the command line, an unconfirmed bridge is undone."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO

import pytest
from labs import Lab
from state import state

#: Long enough that only what is tested can end the wait.
PATIENT = ("netmodes", "bridged", "--uplink", "enp0s1", "--confirm", "300")

#: In the place of `ip`: kill -9 of the command line at one of its commands, which is then run.
KILLING = """
if [ "$*" = "{line}" ]; then kill -9 $PPID; fi
exec "$REAL" "$@"
"""

#: In the place of `ip`: the switch is the moment when the gateway stops to answer.
DEADLY = """
if [ "$*" = "link set enp0s1 master br0" ]; then
    nsenter -t {router} --net -- "$REAL" link set lan0 arp off
fi
exec "$REAL" "$@"
"""


def wait_for(lab: Lab, state: str, seconds: float = 30) -> None:
    """Until A is in this state, as `list` says; "" for gone."""
    deadline = time.monotonic() + seconds
    while state not in (listed := lab.ok("netmodes", "list")) or (not state and listed):
        assert time.monotonic() < deadline, f"A did not come to be {state!r}: {listed}"
        time.sleep(0.1)


def start(lab: Lab) -> subprocess.Popen[bytes]:
    """The command line, leader of a process group of its own."""
    null = subprocess.DEVNULL
    return subprocess.Popen(
        lab.argv(*PATIENT), stdin=null, stderr=null, env=lab.environment, start_new_session=True
    )


@contextmanager
def terminal(lab: Lab) -> Iterator[tuple[subprocess.Popen[bytes], FileIO]]:
    """The command line, waiting for its confirmation on a terminal of its own; our end of that."""
    ours, theirs = pty.openpty()
    argv = ("setsid", "--ctty", *lab.argv(*PATIENT))
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    running = subprocess.Popen(argv, **ends, env=lab.environment)
    os.close(theirs)
    with FileIO(ours, "w") as keyboard:
        wait_for(lab, "unconfirmed")
        yield running, keyboard


def test_unconfirmed(lab: Lab) -> None:
    """Unless it is confirmed in time, everything comes back."""
    before = state(lab.ok)

    done = lab.netmodes("bridged", "--uplink", "enp0s1", "--confirm", "2")

    assert done.returncode == 1
    assert done.stderr.endswith("Error: A was not confirmed within 2 s, and is undone\n")
    assert state(lab.ok) == before


def test_confirmed(lab: Lab) -> None:
    """Confirmed from elsewhere, it stays."""
    running = start(lab)
    wait_for(lab, "unconfirmed")
    lab.ok("netmodes", "confirm", "A")

    assert running.wait(30) == 0
    assert '"up"' in lab.ok("netmodes", "list", "--json")


def test_enter(lab: Lab) -> None:
    """Enter at the terminal keeps it."""
    with terminal(lab) as (running, keyboard):
        keyboard.write(b"\n")
        status = running.wait(30)

    assert status == 0
    assert '"up"' in lab.ok("netmodes", "list", "--json")


def test_interrupted(lab: Lab) -> None:
    """Ctrl-C at the terminal takes it back."""
    before = state(lab.ok)
    with terminal(lab) as (running, keyboard):
        keyboard.write(b"\x03")
        status = running.wait(30)
    wait_for(lab, "")

    assert status == 128 + signal.SIGINT
    assert state(lab.ok) == before


def test_terminal_closed(lab: Lab) -> None:
    """A terminal that is closed (HUP) takes it back, with nobody to tell."""
    before = state(lab.ok)
    with terminal(lab) as (running, keyboard):
        keyboard.close()
        running.wait(30)
    wait_for(lab, "")

    assert state(lab.ok) == before


def test_killed(lab: Lab) -> None:
    """After kill -9 of the whole process group the watcher takes everything back."""
    before = state(lab.ok)
    running = start(lab)
    wait_for(lab, "unconfirmed")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    wait_for(lab, "")

    assert state(lab.ok) == before


@pytest.mark.parametrize("line", ["netns add A", "link set enp0s1 master br0", "-batch -"])
def test_killed_early(lab: Lab, line: str) -> None:
    """Also after a kill -9 at the first command, at the switch and in the hand-over."""
    before = state(lab.ok)
    lab.replace("ip", KILLING.format(line=line))
    running = start(lab)
    status = running.wait(30)
    wait_for(lab, "")

    assert status == -signal.SIGKILL
    assert state(lab.ok) == before


def test_dead_gateway(lab: Lab) -> None:
    """A gateway that does not answer after the switch: everything comes back at once."""
    before = state(lab.ok)
    lab.replace("ip", DEADLY.format(router=lab.process.pid))

    done = lab.run(*PATIENT)

    assert done.returncode == 1
    assert "Error: 192.168.64.1 does not answer through br0 any more\n" in done.stderr
    assert done.stderr.endswith("undone; nothing is left.\n")
    assert state(lab.ok) == before
