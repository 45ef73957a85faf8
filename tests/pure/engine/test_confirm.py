"""The watcher of --confirm: when everything must come back, and who came by SSH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from console import machine
from processes import run

from netmodes import HostOnly, journal
from netmodes.engine.confirm import watch
from netmodes.journal import Journal

PEER = "import sys; from netmodes.machine.ssh import ssh_peer; print(ssh_peer())"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the test's own."""
    monkeypatch.setattr(journal, "ROOT", tmp_path / "netmodes")
    return tmp_path / "netmodes"


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def begun(*lines: str) -> None:
    """Write the journal of A, which is watched, and what became of it."""
    Journal("A").begin(HostOnly().plan(machine("article")), "", watched=True)
    for line in lines:
        Journal("A").write(line)


@pytest.mark.parametrize("lines", [[], ["up"]])
def test_deadline(lines: list[str]) -> None:
    """Once the time is over what nobody has confirmed must come back."""
    begun(*lines)

    assert watch("A", -1, os.getpid())


@pytest.mark.parametrize("lines", [[], ["up"]])
def test_abandoned(lines: list[str], gone: int) -> None:
    """There is no use in waiting once the command line is gone."""
    begun(*lines)

    assert watch("A", 3600, gone)


@pytest.mark.parametrize("seconds", [-1, 3600])
def test_confirmed(seconds: float, gone: int) -> None:
    """What is confirmed stays, whatever the time and whoever is gone."""
    begun("up", "confirmed")

    assert not watch("A", seconds, gone)
    assert not watch("A", seconds, os.getpid())


def test_never_begun(gone: int) -> None:
    """Where the command line ended before it began there is nothing to come back."""
    assert not watch("A", 3600, gone)


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
