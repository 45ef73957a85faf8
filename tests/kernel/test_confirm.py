"""--confirm: whatever becomes of the command line, an unconfirmed bridge is undone.

By netmodes and by its script alike: ``way`` is what puts it up.
"""

import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO

import pytest
from labs import Lab
from state import state

MODE = ("bridged", "--uplink", "enp0s1")

Way = tuple[str, ...]


@pytest.fixture
def script(lab: Lab) -> str:
    """The script of A."""
    return lab.export(*MODE)


@pytest.fixture(params=["netmodes", "script"])
def way(request: pytest.FixtureRequest, script: str) -> Way:
    """The command that puts A up, but for its seconds."""
    by_netmodes = ("netmodes", *MODE, "--confirm")
    return by_netmodes if request.param == "netmodes" else (script, "up", "--confirm")


#: Long enough that only what is tested can end the wait.
PATIENT = "300"

#: In the place of `ip`: kill -9 of the command line at one of its commands, which is then run.
KILLING = """
if [ "$*" = "{line}" ]; then kill -9 $PPID; fi
exec "$REAL" "$@"
"""

#: In the place of `ip`: the switch is the moment when the gateway stops to answer.
DEADLY = """
if [ "$*" = "link set enp0s1 master br0" ]; then
    nsenter --net=/run/lan/router "$REAL" link set lan0 arp off
fi
exec "$REAL" "$@"
"""


def wait_for(lab: Lab, state: str, seconds: float = 30) -> None:
    """Until A is in this state, as `list` says; "" for gone."""
    deadline = time.monotonic() + seconds
    while state not in (listed := lab.ok("netmodes", "list")) or (not state and listed):
        assert time.monotonic() < deadline, f"A did not come to be {state!r}: {listed}"
        time.sleep(0.1)


def start(lab: Lab, *argv: str) -> subprocess.Popen[str]:
    """The command line, leader of a process group of its own."""
    return subprocess.Popen(
        lab.argv(*argv),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=lab.environment,
        start_new_session=True,
    )


def said(running: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status of a command, and the last line that it has said."""
    _, stderr = running.communicate(timeout=60)
    return running.returncode, stderr.splitlines()[-1]


def watcher(lab: Lab) -> str:
    """The process that watches over A."""
    log = lab.ok("cat", "/run/netmodes/A/log")
    return str(re.findall(r"^watching (\d+)$", log, re.M)[-1])


def is_up(lab: Lab) -> bool:
    """Whether A is up, and waits for nothing."""
    return '"state": "up"' in lab.ok("netmodes", "list", "--json")


@contextmanager
def terminal(lab: Lab, *command: str) -> Iterator[tuple[subprocess.Popen[bytes], FileIO]]:
    """The command line, waiting for its confirmation on a terminal of its own; our end of that."""
    ours, theirs = pty.openpty()
    argv = ("setsid", "--ctty", *lab.hearing(*command))
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    running = subprocess.Popen(argv, **ends, env=lab.environment)
    os.close(theirs)
    with FileIO(ours, "w") as keyboard:
        wait_for(lab, "unconfirmed")
        yield running, keyboard


UNDONE = "Error: A was not confirmed within {} s, and is undone"


def test_unconfirmed(lab: Lab, way: Way) -> None:
    """Unless it is confirmed in time, everything comes back, whatever runs inside."""
    before = state(lab.ok)
    running = start(lab, *way, "3")
    wait_for(lab, "unconfirmed")
    inside = subprocess.Popen(lab.argv("ip", "netns", "exec", "A", "sleep", "300"))

    assert said(running) == (1, UNDONE.format(3))
    assert inside.wait(30) == -signal.SIGTERM
    assert state(lab.ok) == before


def test_exported_to_wait(lab: Lab) -> None:
    """A script that was exported with --confirm waits without being asked."""
    script, before = lab.export(*MODE, "--confirm", "2"), state(lab.ok)

    done = lab.run(script)

    assert done.returncode == 1
    assert f"Run `{script} confirm` or `netmodes confirm A` anywhere within 2 s" in done.stderr
    assert done.stderr.endswith(UNDONE.format(2) + "\n")
    assert state(lab.ok) == before


@pytest.mark.parametrize("by", ["netmodes", "script"])
def test_confirmed(lab: Lab, way: Way, script: str, by: str) -> None:
    """Confirmed from elsewhere, by either, and again, it stays."""
    confirm = {"netmodes": ("netmodes", "confirm", "A"), "script": (script, "confirm")}[by]
    running = start(lab, *way, PATIENT)
    wait_for(lab, "unconfirmed")
    confirmed = [lab.run(*confirm).stderr for _ in range(2)]

    assert said(running)[0] == 0
    assert confirmed == ["A stays.\n"] * 2
    assert is_up(lab)


def test_enter(lab: Lab, way: Way) -> None:
    """Enter at the terminal keeps it."""
    with terminal(lab, *way, PATIENT) as (running, keyboard):
        keyboard.write(b"\n")
        status = running.wait(30)

    assert status == 0
    assert is_up(lab)


def test_typed_otherwise(lab: Lab, way: Way) -> None:
    """What is no empty line confirms nothing, nor what was typed before the question."""
    ours, theirs = pty.openpty()
    argv = ("setsid", "--ctty", *lab.hearing(*way, "8"))
    with FileIO(ours, "r+") as terminal:
        terminal.write(b"\n\n")
        ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        running = subprocess.Popen(argv, **ends, env=lab.environment)
        os.close(theirs)
        wait_for(lab, "unconfirmed")
        terminal.write(b"no\n")
        status = running.wait(60)
        shown = terminal.read(65536).decode()

    assert status == 1
    assert "Enter alone keeps it" in shown
    assert lab.ok("netmodes", "list") == ""


def test_interrupted(lab: Lab, way: Way) -> None:
    """Ctrl-C at the terminal takes it back."""
    before = state(lab.ok)
    with terminal(lab, *way, PATIENT) as (running, keyboard):
        keyboard.write(b"\x03")
        status = running.wait(30)
    wait_for(lab, "")

    assert status == 128 + signal.SIGINT
    assert state(lab.ok) == before


def test_terminal_closed(lab: Lab, way: Way) -> None:
    """A terminal that is closed (HUP) takes it back, with nobody to tell."""
    before = state(lab.ok)
    with terminal(lab, *way, PATIENT) as (running, keyboard):
        keyboard.close()
        running.wait(30)
    wait_for(lab, "")

    assert state(lab.ok) == before


def test_killed(lab: Lab, way: Way) -> None:
    """After kill -9 of the whole process group the watcher takes everything back."""
    before = state(lab.ok)
    running = start(lab, *way, PATIENT)
    wait_for(lab, "unconfirmed")
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    wait_for(lab, "")

    assert state(lab.ok) == before


@pytest.mark.parametrize("line", ["netns add A", "link set enp0s1 master br0", "-batch -"])
def test_killed_early(lab: Lab, line: str) -> None:
    """Also after a kill -9 at the first command, at the switch and in the hand-over."""
    before = state(lab.ok)
    lab.replace("ip", KILLING.format(line=line))
    running = start(lab, "netmodes", *MODE, "--confirm", PATIENT)
    running.communicate(timeout=60)
    wait_for(lab, "")

    assert running.returncode == -signal.SIGKILL
    assert state(lab.ok) == before


def test_watcher_killed(lab: Lab, way: Way) -> None:
    """Where the watcher is killed, the command that waits takes everything back in its place."""
    before = state(lab.ok)
    running = start(lab, *way, "3")
    wait_for(lab, "unconfirmed")
    lab.ok("kill", "-KILL", watcher(lab))

    assert said(running) == (1, UNDONE.format(3))
    assert state(lab.ok) == before


def test_watcher_held_up(lab: Lab, way: Way) -> None:
    """A watcher that is held up is not waited for, and leaves the next network called A alone."""
    running = start(lab, *way, "2")
    wait_for(lab, "unconfirmed")
    held = watcher(lab)
    lab.ok("kill", "-STOP", held)
    undone = said(running)
    lab.ok("netmodes", "host-only")
    lab.ok("kill", "-CONT", held)
    lab.sh(f"while [ -e /proc/{held}/cwd ]; do sleep 0.1; done")

    assert undone == (1, UNDONE.format(2))
    assert is_up(lab)


def test_confirmed_while_the_watcher_queues(lab: Lab, way: Way) -> None:
    """What is confirmed while the watcher waits for the lock stays."""
    running = start(lab, *way, "2")
    wait_for(lab, "unconfirmed")
    hold = "exec 9>/run/netmodes/.lock; flock 9; sleep 5; echo confirmed >>/run/netmodes/A/log"
    lab.ok("bash", "-c", hold)

    assert said(running)[0] == 0
    assert is_up(lab)


def test_confirmed_too_late(lab: Lab, way: Way) -> None:
    """What was undone is not up, whoever confirms it."""
    lab.run(*way, "1")

    done = lab.netmodes("confirm", "A")

    assert done.returncode == 1
    assert done.stderr == "Error: A is not up: it was undone, or never put up\n"


def test_taken_down(lab: Lab, way: Way) -> None:
    """What somebody takes down while it waits is not said to be late."""
    before = state(lab.ok)
    running = start(lab, *way, PATIENT)
    wait_for(lab, "unconfirmed")
    lab.ok("netmodes", "down", "A")

    assert said(running) == (1, "Error: A was taken down before it was confirmed")
    assert state(lab.ok) == before


def test_join(lab: Lab, way: Way) -> None:
    """Nobody joins a bridge that may be about to go: not netmodes, nor a script."""
    lab.ok("netmodes", *MODE)
    joins = f"{lab.programs.name}/joins.sh"
    lab.ok("netmodes", *MODE, "-n", "B", "--export", joins)
    lab.ok("netmodes", "down", "A")
    running = start(lab, *way, PATIENT)
    wait_for(lab, "unconfirmed")

    refused = [lab.run("netmodes", *MODE, "-n", "B"), lab.run(joins)]
    lab.ok("netmodes", "down", "A")
    running.communicate(timeout=60)

    says = "Error: A waits for its confirmation: `netmodes confirm A`\n"
    assert [done.stderr for done in refused] == [says] * 2


def test_no_watcher(lab: Lab, way: Way) -> None:
    """Where no watcher starts, nothing is done."""
    before = state(lab.ok)
    lab.replace("setsid", "exit 0")

    done = lab.run(*way, PATIENT)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: no watcher starts for --confirm, so nothing was done")
    assert state(lab.ok) == before


def test_dead_gateway(lab: Lab) -> None:
    """A gateway that does not answer after the switch: everything comes back at once."""
    before = state(lab.ok)
    lab.replace("ip", DEADLY)

    done = lab.run("netmodes", *MODE, "--confirm", PATIENT)

    assert done.returncode == 1
    assert "Error: 192.168.64.1 does not answer through br0 any more\n" in done.stderr
    assert done.stderr.endswith("undone; nothing is left.\n")
    assert state(lab.ok) == before
