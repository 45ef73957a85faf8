"""Running a command inside a network, and running netmodes as anyone: sudo, users, statuses."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from labs import NETMODES, Done, Lab, RootLab
from state import state


@pytest.fixture
def host_only(lab: Lab) -> Lab:
    """A lab where A is up, host-only."""
    lab.ok("netmodes", "host-only")
    return lab


@pytest.fixture
def root_lab() -> Iterator[RootLab]:
    """A lab with real users and sudo."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a lab with other users")
    with RootLab() as made:
        yield made


@pytest.mark.parametrize("status", [0, 1, 255])
def test_exit_status(host_only: Lab, status: int) -> None:
    """The exit status is the command's own."""
    done = host_only.netmodes("exec", "A", "--", "sh", "-c", f"exit {status}")

    assert done.returncode == status


def test_streams(host_only: Lab) -> None:
    """The command has the streams to itself, but for the line that shows it."""
    done = host_only.sh("echo in | netmodes exec A -- sh -c 'cat; echo out; echo err >&2'")

    assert done.stdout == "in\nout\n"
    assert done.stderr == "[#] ip netns exec A sh -c 'cat; echo out; echo err >&2'\nerr\n"


def test_nobody_reads(host_only: Lab) -> None:
    """A command that nobody reads any more is ended by the signal for it, as outside."""
    done = host_only.sh("netmodes exec A -- yes | head -n 1; exit ${PIPESTATUS[0]}")

    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == "[#] ip netns exec A yes\n"


def test_runs_inside(host_only: Lab) -> None:
    """The command sees the namespace's devices."""
    done = host_only.netmodes("exec", "A", "--", "ip", "-brief", "link", "show", "type", "veth")

    assert done.stdout.startswith("veth1@")


def test_options_are_the_commands(host_only: Lab) -> None:
    """What looks like an option after `--` is the command's."""
    done = host_only.netmodes("exec", "A", "--", "ip", "--help")

    assert "Usage: ip [ OPTIONS ]" in done.stderr


def test_unknown_network(lab: Lab) -> None:
    """There is no running inside what netmodes did not make."""
    lab.ok("ip", "netns", "add", "A")
    done = lab.netmodes("exec", "A", "--", "true")

    assert done.returncode == 1
    assert done.stderr == "Error: A is not a network of ours: see `netmodes list`\n"


def test_unknown_user(host_only: Lab) -> None:
    """A user that the machine does not know is one sentence."""
    done = host_only.netmodes("exec", "A", "--user", "no-such-user", "--", "true")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: there is no user 'no-such-user' on this machine")


def test_becomes_root(root_lab: RootLab) -> None:
    """An ordinary user's run shows its one sudo, and does what root's does."""
    up = root_lab.anyone("netmodes", "host-only", "-n", "B")
    ping = root_lab.run("ping", "-c", "1", "192.168.202.11")
    down = root_lab.anyone("netmodes", "down", "B")

    assert up.returncode == 0, up.stderr
    assert up.stderr.startswith("[#] sudo netmodes host-only -n B\n[#] ip netns add B\n")
    assert up.stderr.count("sudo") == 1
    assert ping.returncode == 0
    assert down.stderr.startswith("[#] sudo netmodes down B\n")
    assert down.returncode == 0


def test_looks_alike(root_lab: RootLab) -> None:
    """What an ordinary user has said of width and colour holds for root's part as well."""
    done = root_lab.anyone("env", "COLUMNS=40", "netmodes", "why", "nobody", "192.168.202.1")

    assert done.returncode == 1
    assert "Error: nobody is not a network of ours" in done.stderr.replace("\n", " ")
    assert max(map(len, done.stderr.splitlines()[1:])) <= 40


def test_journal_has_no_sudo(root_lab: RootLab) -> None:
    """What is recorded is the command, however root was come by."""
    root_lab.anyone("netmodes", "host-only")

    assert "sudo" not in root_lab.ok("cat", "/run/netmodes/A/plan.json")


def test_script_becomes_root(root_lab: RootLab) -> None:
    """The script does for itself what netmodes does."""
    script = root_lab.export("host-only")
    up = root_lab.anyone(script)
    listed = root_lab.anyone("netmodes", "list")

    assert up.returncode == 0, up.stderr
    assert "sudo -- bash" in up.stderr.splitlines()[0]
    assert "host-only  up" in listed.stdout


USERS: dict[str, tuple[Callable[[RootLab, str], Done], list[str], str]] = {
    "anyone": (RootLab.anyone, [], "nobody\n"),
    "anyone, as root": (RootLab.anyone, ["--user", "root"], "root\n"),
    "sudo": (lambda lab, *argv: lab.anyone("sudo", *argv), [], "nobody\n"),
    "root": (RootLab.run, [], "root\n"),
    "root, as nobody": (RootLab.run, ["--user", "nobody"], "nobody\n"),
}


@pytest.mark.parametrize("who", USERS)
def test_user(root_lab: RootLab, who: str) -> None:
    """A command runs as the user who asked, with or without a sudo of their own, or as --user."""
    run, option, name = USERS[who]
    root_lab.ok("netmodes", "host-only")
    done = run(root_lab, "netmodes", "exec", "A", *option, "--", "id", "-un")

    assert (done.returncode, done.stdout) == (0, name)


def test_user_is_whole(root_lab: RootLab) -> None:
    """Group and home are the user's too."""
    root_lab.ok("netmodes", "host-only")
    show = ("sh", "-c", "id -gn; echo $HOME $USER")
    done = root_lab.anyone("netmodes", "exec", "A", "--", *show)

    assert done.stdout == "nogroup\n/nonexistent nobody\n"


READERS = (
    ["list"],
    ["list", "--json"],
    ["facts"],
    ["host-only", "--dry-run"],
    ["host-only", "-n", "B", "--export", "-"],
)


#: Facts about firewalls, and about who looks.
FOR_ROOT = ("nft", "iptables", "tc", "privileges")


#: Waits until the kernel has tested the IPv6 address of veth0, with which its routes change.
SETTLED = (
    "timeout 10 sh -c 'until ip -6 -o addr show dev veth0 -tentative | grep .; do sleep 0.1; done'"
)


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_reading_needs_no_root(root_lab: RootLab, arguments: list[str]) -> None:
    """What only reads works for an ordinary user, as it does for root."""
    if arguments[0] in ("list", "facts"):
        root_lab.ok("netmodes", "host-only")
        root_lab.sh(SETTLED)
    done = root_lab.anyone("netmodes", *arguments)

    assert done.returncode == 0, done.stderr
    assert "sudo" not in done.stderr
    assert readable(done.stdout) == readable(root_lab.ok("netmodes", *arguments))


def readable(printed: str) -> object:
    """What was printed, without what only root sees, and is."""
    if not printed.startswith("{"):
        return printed
    return {key: value for key, value in json.loads(printed).items() if key not in FOR_ROOT}


@pytest.mark.parametrize("arguments", [["host-only"], ["down", "A"], ["exec", "A", "--", "true"]])
def test_no_sudo(root_lab: RootLab, arguments: list[str], tmp_path: Path) -> None:
    """Neither root nor sudo is one sentence, and nothing is touched."""
    before = state(root_lab.ok)
    done = root_lab.anyone("env", f"PATH={tmp_path}", NETMODES, *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: this needs root, and there is no sudo: ")
    assert done.stderr.count("\n") == 1
    assert state(root_lab.ok) == before


def test_sudo_refuses(root_lab: RootLab) -> None:
    """A sudo that says no has the last word, and nothing is touched."""
    before = state(root_lab.ok)
    root_lab.replace("sudo", "echo 'sudo: a password is required' >&2; exit 1")
    done = root_lab.anyone("netmodes", "host-only")

    assert done.returncode == 1
    assert done.stderr == "[#] sudo netmodes host-only\nsudo: a password is required\n"
    assert state(root_lab.ok) == before


def test_python_does_not_become_root(root_lab: RootLab) -> None:
    """In Python, not being root is an error that names sudo and the lab."""
    code = "from netmodes import HostOnly; HostOnly().up()"
    done = root_lab.anyone(sys.executable, "-c", code)
    last = done.stderr.splitlines()[-1]

    assert last.startswith("netmodes.errors.Refused: this needs root: ")
    assert "sudo" in last
    assert "netmodes lab" in last
