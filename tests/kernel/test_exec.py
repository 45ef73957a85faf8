"""Running a command inside a network: its status, its streams, its user."""

import signal
from collections.abc import Callable, Iterator

import pytest
from labs import PATH, Done, Lab, RootLab
from session_keys import FOUND, GIVEN
from terminals import Terminal


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


def test_no_program(host_only: Lab) -> None:
    """What is no program exits with 127, as in a shell, and is one sentence."""
    done = host_only.netmodes("exec", "A", "--", "nosuch")

    assert done.returncode == 127
    assert done.stderr.splitlines()[-1].startswith("Error: there is no program 'nosuch': ")


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
    """Group and home are another user's too."""
    root_lab.ok("netmodes", "host-only")
    show = ("sh", "-c", "id -gn; echo $HOME $USER")
    done = root_lab.run("netmodes", "exec", "A", "--user", "nobody", "--", *show)

    assert done.stdout == "nogroup\n/nonexistent nobody\n"


OTHER = "netmodes exec A --user nobody -- "


@pytest.fixture
def terminal(root_lab: RootLab) -> Iterator[Terminal]:
    """Root's shell on a terminal, where A is up."""
    root_lab.ok("netmodes", "host-only")
    environment = root_lab.environment | {"PS1": "READY> ", "TERM": "dumb", "HISTFILE": ""}
    argv = root_lab.argv("bash", "--norc", "--noediting", "-i")
    with Terminal(argv, environment) as shell:
        shell.until("READY> ")
        yield shell


#: Types a command into the terminal that controls the process.
INJECT = """python3 -c 'import fcntl, termios
tty = open("/dev/tty", "wb", 0)
for key in b"touch /run/injected\\n": fcntl.ioctl(tty, termios.TIOCSTI, bytes([key]))'"""


@pytest.mark.parametrize("streams", ["", " </dev/null >/dev/null 2>&1", " | cat", " 3>&1 &"])
def test_types_into_no_other_terminal(root_lab: RootLab, terminal: Terminal, streams: str) -> None:
    """Another user's command cannot type into root's terminal, wherever its streams lead."""
    then = "" if streams.endswith("&") else ";"
    terminal.type(f"{OTHER}{INJECT}{streams}{then} wait; echo $((40 + 2))nd\n")
    terminal.until("42nd")
    terminal.type("echo $((40 + 3))rd\n")
    terminal.until("43rd")

    assert root_lab.sh("ls /run/injected").returncode != 0


def test_keys(terminal: Terminal) -> None:
    """Ctrl-Z stops another user's command, fg goes on, Ctrl-C ends it; its status is passed on."""
    terminal.type(f"{OTHER}sh -c 'echo $((40 + 2))nd; exec cat'\n")
    terminal.until("42nd")
    terminal.type("\x1a")
    terminal.until("Stopped")
    terminal.type("fg\n")
    terminal.until("exec cat")
    terminal.type("hello\n")
    terminal.until("hello\r\nhello")
    terminal.type("\x03")
    terminal.until("READY> ")
    terminal.type("echo sta''tus $?\n")
    terminal.until("status 130")
    terminal.type(f"{OTHER}sh -c 'exit 7'; echo sta''tus $?\n")
    terminal.until("status 7")


def test_jobs(terminal: Terminal) -> None:
    """Another user's shell has job control, and the size of root's terminal."""
    terminal.type(f"stty rows 33 cols 77; {OTHER}bash --norc --noediting -i\n")
    terminal.until("$ ")
    terminal.type("sh -c 'echo $((40 + 2))nd; exec sleep 60'\n")
    terminal.until("42nd")
    terminal.type("\x1a")
    terminal.until("Stopped")
    terminal.type("stty size; exit; exit\n")
    terminal.until("33 77")
    terminal.until("READY> ")


def test_background(terminal: Terminal) -> None:
    """In the background another user's command runs on, and in a pipeline it may ask for input."""
    terminal.type(f"{OTHER}sh -c 'sleep 0.5; echo $((40 + 2))nd' &\n")
    terminal.until("42nd")
    terminal.type(f"{OTHER}cat | tr a-z A-Z\n")
    terminal.until("tr a-z A-Z")
    terminal.type("typed\n\x04")
    terminal.until("TYPED")


def test_other_keys(root_lab: RootLab) -> None:
    """Another user's command has no key of root's session; root's own has."""
    root_lab.ok("netmodes", "host-only")
    command = (*GIVEN, "netmodes", "exec", "A")

    if root_lab.run(*GIVEN, *FOUND).stdout != "True\n":
        pytest.skip("this kernel or container has no keyrings")
    assert root_lab.ok(*command, "--", *FOUND) == "True\n"
    assert root_lab.ok(*command, "--user", "nobody", "--", *FOUND) == "False\n"


def test_other_environment(root_lab: RootLab) -> None:
    """Another user's command has nothing of root's environment, nor root's open files."""
    root_lab.ok("netmodes", "host-only")
    run = "netmodes exec A --user nobody -- sh -c 'env; ls /proc/self/fd'"
    done = root_lab.sh(f"export SECRET=1 LANG=de_DE.UTF-8 TERM=vt100; {run} 9</dev/null")
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}

    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {
        *("HOME", "USER", "LOGNAME", "SHELL", "PATH", "TERM", "LANG", "LC_ALL"),
        *"0123",
    }


VENV = """
mkdir -p /run/venv/bin
printf '#!/bin/sh\necho "$VIRTUAL_ENV $WORDS $*"\n' >/run/venv/bin/pytest
chmod -R a+rx /run/venv
"""


@pytest.mark.parametrize(
    "run", ["netmodes {}", "sudo $NETMODES {}", "sudo bash -c 'netmodes {}; true'"]
)
def test_own_environment(root_lab: RootLab, run: str) -> None:
    """Under sudo a user's own command has the PATH and the variables that sudo was called with."""
    root_lab.ok("netmodes", "host-only")
    root_lab.sh(VENV)
    variables = "PATH=/run/venv/bin:$PATH VIRTUAL_ENV=/venv WORDS='a  b' LD_PRELOAD="
    script = (
        f"NETMODES=$(command -v netmodes); export {variables}; {run.format('exec A -- pytest x')}"
    )
    done = root_lab.anyone("bash", "-c", script)

    assert done.stdout == "/venv a  b x\n"
    assert ("as nobody, who called sudo" in done.stderr) == ("bash" in run)


def test_own_environment_alone(root_lab: RootLab) -> None:
    """On its way to it, no process of that user's has the environment of root's shell."""
    root_lab.ok("netmodes", "host-only")
    root_lab.replace("bash", 'env >&2\nexec "$REAL" "$@"')
    root_lab.ok("chmod", "-R", "a+rX", root_lab.programs.name)
    script = f"export SECRET=1 PATH={root_lab.programs.name}:{PATH}; netmodes exec A -- true; true"
    done = root_lab.anyone("sudo", "/bin/sh", "-c", script)

    assert "PATH=" in done.stderr
    assert "SECRET" not in done.stderr


#: A ping socket and one on a low port, as a user opens them.
USER_S = """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
socket.socket().bind(("", 80))
"""


def test_user_may_as_on_host(root_lab: RootLab) -> None:
    """A user may ping inside, and listen on low ports, only where he may on the host."""
    argv = ("netmodes", "exec", "--user", "nobody", "A", "--", "python3", "-c", USER_S)
    root_lab.ok("netmodes", "host-only")
    before = root_lab.run(*argv)
    root_lab.ok("netmodes", "down", "A")
    root_lab.ok("sysctl", "-w", "net.ipv4.ping_group_range=0 2147483647")
    root_lab.ok("sysctl", "-w", "net.ipv4.ip_unprivileged_port_start=80")
    root_lab.ok("netmodes", "host-only")
    after = root_lab.run(*argv)

    assert "PermissionError" in before.stderr
    assert (after.returncode, after.stdout) == (0, "")
