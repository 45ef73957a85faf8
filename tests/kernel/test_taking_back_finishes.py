"""The terminal goes, nobody reads, or it is told to end: an undo comes to its end."""

import sys

import pytest
from labs import Lab
from state import State, state

pytestmark = pytest.mark.sweep

WAYS = ("netmodes", "script")

#: Runs a command on a terminal of its own, which is closed at the first line that has the word.
TERMINAL = """
import os, pty, sys

word, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen = b""
while word.encode() not in seen:
    seen += os.read(terminal, 1024)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""

#: In the place of `ip`: at the command $AT what is said so far reaches the terminal before it goes.
WAITING = """
if [ "$*" = "$AT" ]; then
    for _ in {1..500}; do
        if ! { : >/dev/tty; } 2>/dev/null; then break; fi
        sleep 0.02
    done
fi
exec "$REAL" "$@"
"""

#: In the place of `ip`: the command $FAIL fails, and at $AT the signal comes to all around it.
FAILING = """
if [ "$*" = "$AT" ]; then kill -s "$SIGNAL" 0; fi
if [ "$*" = "$FAIL" ]; then exit 2; fi
exec "$REAL" "$@"
"""

#: In the place of `ping`: the signal comes, and the ping would go on for long.
PINGING = 'kill -s INT "$PPID"; exec sleep 50'


#: Ends a command's whole group by Ctrl-C after so many seconds.
PRESSING = """
import os, signal, subprocess, sys, time

seconds, *command = sys.argv[1:]
running = subprocess.Popen(command, start_new_session=True)
time.sleep(float(seconds))
if running.poll() is None:
    os.killpg(running.pid, signal.SIGINT)
sys.exit(running.wait())
"""


def command(lab: Lab, way: str, verb: str) -> list[str]:
    """What puts A up or takes it down."""
    live = {"up": ["netmodes", "host-only"], "down": ["netmodes", "down", "A"]}
    script = f"{lab.programs.name}/exported.sh"
    return live[verb] if way == "netmodes" else [script, verb]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("verb", "at", "expected"), [("up", "link set veth0 up", 129), ("down", "link del veth0", 0)]
)
def test_terminal_closed(
    lab: Lab, untouched: State, way: str, verb: str, at: str, expected: int
) -> None:
    """A terminal that is closed in the middle ends up, once it is undone; down finishes."""
    lab.export("host-only")
    if verb == "down":
        lab.ok(*command(lab, way, "up"))
    lab.replace("ip", WAITING)
    on_terminal = (sys.executable, "-c", TERMINAL, at, *command(lab, way, verb))
    done = lab.run("env", f"AT={at}", *on_terminal)

    assert done.returncode == expected, done.stderr
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("end", ["| true", ">&-", ">/dev/full"])
def test_nobody_reads_of_a_failure(lab: Lab, untouched: State, way: str, end: str) -> None:
    """A run that fails is undone whether or not anybody can read it."""
    lab.export("host-only")
    lab.replace("ip", FAILING)
    words = " ".join(command(lab, way, "up"))
    settings = "export AT= FAIL='link set veth0 up'"
    done = lab.sh(f"{settings}; {{ {words}; echo $? >/run/status; }} 2>&1 {end}")

    assert lab.ok("cat", "/run/status") == "1\n", done.stderr
    lab.ok("rm", "/run/status")
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("signal", ["INT", "TERM", "HUP"])
def test_signal_in_down(lab: Lab, untouched: State, way: str, signal: str) -> None:
    """Whoever tells down to end waits until it has finished."""
    lab.export("host-only")
    lab.ok(*command(lab, way, "up"))
    lab.replace("ip", FAILING)
    done = lab.run(
        "env", "AT=link del veth0", "FAIL=", f"SIGNAL={signal}", *command(lab, way, "down")
    )

    assert done.returncode == 0, done.stderr
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("signal", ["INT", "TERM", "HUP"])
def test_signal_while_a_failure_is_taken_back(
    lab: Lab, untouched: State, way: str, signal: str
) -> None:
    """A signal in the middle of the undo after a failure changes nothing of it."""
    lab.export("host-only")
    lab.replace("ip", FAILING)
    settings = ("FAIL=link set veth0 up", "AT=link del veth0", f"SIGNAL={signal}")
    done = lab.run("env", *settings, *command(lab, way, "up"))

    assert done.returncode == 1, done.stderr
    assert "nothing is left" in done.stderr
    assert state(lab.ok) == untouched


def test_check_interrupted(lab: Lab, untouched: State) -> None:
    """Ctrl-C ends a check, however long its tries would take, and the network is undone."""
    lab.replace("ping", PINGING)

    done = lab.run("netmodes", "host-only", "--check")

    assert done.returncode == 130, done.stderr
    assert "nothing is left" in done.stderr
    assert state(lab.ok) == untouched


def test_ctrl_c_at_any_moment(lab: Lab, untouched: State) -> None:
    """Ctrl-C, which every program of an undo hears, cuts none of it short, whenever it comes."""
    for moment in range(10):
        lab.ok("netmodes", "host-only")
        heard = (sys.executable, "-c", PRESSING, f"{0.03 + moment / 100}")
        done = lab.run(*heard, "bash", "/run/netmodes/A/down.sh")

        assert done.returncode == 0, done.stderr
        assert state(lab.ok) == untouched
