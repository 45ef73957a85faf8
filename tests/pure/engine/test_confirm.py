"""The watcher of --confirm: when everything must come back, how it starts, who came by SSH."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf, nan
from pathlib import Path

import pytest
from bash import BASH, moved
from console import machine
from processes import run

from netmodes import HostOnly, Refused, journal
from netmodes.engine import confirm
from netmodes.journal import Journal
from netmodes.script.bash import watch_script

PEER = "import sys; from netmodes.machine.ssh import ssh_peer; print(ssh_peer())"

PLAN = HostOnly().plan(machine("article"))

#: What the watcher does with these in the place of the lock and of the undo.
DRIVER = """
take_lock() {{ {meanwhile}; }}
down() {{ echo "down $1" >>"$JOURNAL/log"; }}
watch "$@"
"""

#: Longer than any test may take.
PATIENT = 360000


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a journal of the test's own."""
    monkeypatch.setattr(journal, "ROOT", tmp_path / "netmodes")
    (tmp_path / "uptime").symlink_to("/proc/uptime")
    return tmp_path


@contextmanager
def ended() -> Iterator[int]:
    """The number of a process that has ended, and that its parent has not asked for."""
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()


def begun(*lines: str) -> str:
    """Write the journal of A, and what became of it; the run's id."""
    Journal("A").begin(PLAN, "")
    for line in lines:
        Journal("A").write(line)
    return identity()


def identity() -> str:
    network = Journal("A").read()
    assert network is not None
    return network.id


def watch(here: Path, hundredths: int, pid: int, run_id: str, meanwhile: str = ":") -> list[str]:
    """The log once the watcher has ended, without what it began with."""
    text = moved(watch_script(PLAN).removesuffix('watch "$@"\n'), here)
    words = ("watch.sh", str(hundredths), str(pid), run_id)
    run(BASH, "-c", text + DRIVER.format(meanwhile=meanwhile), *words)
    return (here / "netmodes/A/log").read_text().splitlines()[2:]


def test_deadline(here: Path) -> None:
    """Once the time is over what nobody has confirmed comes back, whatever runs inside."""
    said, watching, did = watch(here, 0, os.getpid(), begun("up"))

    assert (said, watching[:9], did) == ("up", "watching ", "down --kill")


def test_tries_again(here: Path) -> None:
    """What cannot be undone at the deadline, as where looking fails, is undone once it can be."""
    fails_once = 'grep -q failed "$JOURNAL/log" || { echo failed >>"$JOURNAL/log"; exit 1; }'

    log = watch(here, 0, os.getpid(), begun("up"), fails_once)

    assert log[-2:] == ["failed", "down --kill"]


@pytest.mark.parametrize("lines", [[], ["up"]])
def test_abandoned(lines: list[str], here: Path) -> None:
    """There is no use in waiting once the command line is gone, even if nobody has noticed."""
    with ended() as pid:
        log = watch(here, PATIENT, pid, begun(*lines))

    assert log[-1] == "down --kill"


@pytest.mark.parametrize("hundredths", [0, PATIENT])
def test_confirmed(hundredths: int, here: Path) -> None:
    """What is confirmed stays, whatever the time and whoever is gone."""
    run_id = begun("up", "confirmed")
    with ended() as pid:
        watch(here, hundredths, pid, run_id)
        log = watch(here, hundredths, os.getpid(), run_id)

    assert [line for line in log if "watching" not in line] == ["up", "confirmed"]


CHANGES = {
    "confirmed": 'echo confirmed >>"$JOURNAL/log"',
    "another run": """sed -i 's/^run [^ ]*/run another/' "$JOURNAL/log" """,
    "not any more": 'rm "$JOURNAL/log"; touch "$JOURNAL/log"',
}


@pytest.mark.parametrize("change", CHANGES)
def test_looks_again(change: str, here: Path) -> None:
    """What was confirmed, or is another run, by the time it has the lock stays."""
    log = watch(here, 0, os.getpid(), begun("up"), CHANGES[change])

    assert "down --kill" not in log


def test_another_run(here: Path) -> None:
    """A watcher that comes too late leaves the next run of that name alone, and its log."""
    begun("up")

    assert watch(here, 0, os.getpid(), "another") == ["up"]


def test_time_runs_from_up(here: Path) -> None:
    """However long the run takes, its user has all of the time."""
    run_id = begun()
    text = moved(watch_script(PLAN).removesuffix('watch "$@"\n'), here)
    driver = text + DRIVER.format(meanwhile=":")
    argv = [BASH, "-c", driver, "watch.sh", "0", str(os.getpid()), run_id]
    watching = subprocess.Popen(argv)
    with pytest.raises(subprocess.TimeoutExpired):
        watching.wait(1)
    Journal("A").write("up")

    assert watching.wait(30) == 0
    assert (here / "netmodes/A/log").read_text().endswith("down --kill\n")


#: A run that keeps the lock while its command hangs; when it is told it undoes itself, or does not.
HANGS = """
exec 9>"$1"
flock 9
sleep 600 &
trap 'if [ "$2" = "undoes itself" ]; then kill $!; echo undone >>"$3"; exit 0; fi' TERM
while :; do wait; done
"""


@pytest.mark.parametrize("how", ["undoes itself", "hangs too"])
def test_hangs(how: str, here: Path) -> None:
    """A command that hangs before the run is up is ended, and the run with it if need be."""
    run_id = begun()
    lock, log = here / "netmodes/.lock", here / "netmodes/A/log"
    running = subprocess.Popen([BASH, "-c", HANGS, BASH, str(lock), how, str(log)])
    while subprocess.run(["flock", "-n", str(lock), "true"], check=False).returncode == 0:
        time.sleep(0.05)
    text = moved(watch_script(PLAN).removesuffix('watch "$@"\n'), here)
    hurry = 'clock() { NOW=$((${NOW:-0} + 6000)); }; flock() { command flock -w 0.5 "${@:3}"; }\n'
    driver = text + hurry + DRIVER.format(meanwhile=":")

    run(BASH, "-c", driver, "watch.sh", "100", str(running.pid), run_id)

    assert running.wait(30) == {"undoes itself": 0, "hangs too": -9}[how]
    assert ("undone" in log.read_text()) is (how == "undoes itself")
    assert log.read_text().endswith("down --kill\n")


@pytest.mark.parametrize("cut", ["", "conf"])
def test_confirm_after_a_cut(cut: str, here: Path) -> None:
    """A confirmation that a full disk has cut does not spoil the next one."""
    begun("watching 1", "up")
    with (here / "netmodes/A/log").open("a") as log:
        log.write(cut)

    confirm.confirm("A")

    network = Journal("A").read()
    assert network is not None
    assert network.confirmed


STARTERS = {
    "works": 'while [ "$1" != -- ]; do shift; done; shift; setsid --fork "$@"',
    "fails": "exit 1",
    "hangs": "sleep 60",
    "starts nothing": "exit 0",
}


@pytest.fixture
def starters(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on PATH, on a machine with systemd, where the patience is short."""
    (here / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{here / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(confirm, "SYSTEMD", here)
    monkeypatch.setattr(confirm, "PATIENCE", 0.5)
    return here / "bin"


def write(path: Path, script: str) -> None:
    """Write a program."""
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def begin(here: Path) -> Journal:
    """The journal of A with its watcher."""
    Journal("A").begin(PLAN, "", watch=moved(watch_script(PLAN), here))
    return Journal("A")


@pytest.mark.parametrize("how", STARTERS)
def test_start(how: str, here: Path, starters: Path) -> None:
    """Where systemd-run fails, hangs or does nothing, the watcher starts without it."""
    write(starters / "systemd-run", STARTERS[how])
    begun = begin(here)

    confirm.start(begun, 60)

    network = begun.read()
    assert network is not None
    assert confirm.is_watched(network)
    begun.remove()
    deadline = time.monotonic() + 30
    while confirm.is_watched(network) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not confirm.is_watched(network)


def test_no_start(here: Path, starters: Path) -> None:
    """Where none says that it watches, the run is refused, and nothing is left."""
    for starter in ("systemd-run", "setsid"):
        write(starters / starter, "exit 0")
    begun = begin(here)

    with pytest.raises(Refused, match="no watcher starts for --confirm"):
        confirm.start(begun, 60)

    assert not begun.folder.exists()


def test_waits_for_this_run(here: Path) -> None:
    """The waiting command undoes its own run alone: no later one of this name, none confirmed."""
    begun("up")
    run = Journal("A").read()
    assert run is not None
    before = confirm.waits(run)
    Journal("A").remove()
    begun("up")

    assert (before, confirm.waits(run)) == (True, False)


@pytest.mark.parametrize("seconds", [0, -1, 0.9, 86401, nan, inf, 1e308, True, "60"])
def test_seconds(seconds: object) -> None:
    """What is no time to wait for somebody is refused, before anything else."""
    with pytest.raises(Refused, match="a confirmation takes 1 to 86400 seconds, not "):
        HostOnly().up(confirm=seconds)  # type: ignore[arg-type]


def ssh_peer(*command: str, **environment: str) -> str:
    """What a Python below this command, in this environment, says of its SSH peer."""
    inherited = {name: value for name, value in os.environ.items() if name != "SSH_CONNECTION"}
    done = run(*command, sys.executable, "-c", PEER, env={**inherited, **environment})
    return done.stdout.strip()


@pytest.mark.parametrize("peer", ["192.168.64.9", "fe80::9%enp0s1"])
def test_ssh_peer(peer: str) -> None:
    """The peer is the first word of what sshd says of its connection."""
    assert ssh_peer(SSH_CONNECTION=f"{peer} 51000 192.168.64.3 22") == peer


def test_ssh_peer_behind_sudo() -> None:
    """A program that clears the environment does not hide it."""
    hiding = ("sh", "-c", 'env -i "$@"; true', "sh")

    assert ssh_peer(*hiding, SSH_CONNECTION="192.168.64.9 51000 192.168.64.3 22") == "192.168.64.9"


def test_ssh_peer_unsaid() -> None:
    """A connection that says nothing is none."""
    assert ssh_peer(SSH_CONNECTION="") == "None"
