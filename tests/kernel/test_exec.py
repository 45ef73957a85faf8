"""Running a command inside a network: its status, its streams, its user."""

import signal
from collections.abc import Callable

import pytest
from labs import Done, Lab, RootLab


@pytest.fixture
def host_only(lab: Lab) -> Lab:
    """A lab where A is up, host-only."""
    lab.ok("netmodes", "host-only")
    return lab


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
