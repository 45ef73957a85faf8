"""The namespace of a running process gets a network, and has none again after `down`."""

from collections.abc import Iterator

import pytest
from labs import Lab
from state import State, state

MODES = [["host-only"], ["nat"], ["bridged", "--uplink", "enp0s1"]]

#: All that a network namespace has; lo keeps the queue that it gets when it is first switched on.
INSIDE = """
ip -d addr | sed s/noqueue/noop/
ip route show table all; ip -6 route show table all; ip rule; sysctl -a -r ^net
"""


class Process:
    """A process in a network namespace of its own, as a container with `--network none` has it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.pid = lab.sh("unshare --net sleep 300 >/dev/null 2>&1 & echo $!").stdout.strip()
        lab.sh(f"while [ /proc/{self.pid}/ns/net -ef /proc/self/ns/net ]; do sleep 0.01; done")
        self.before = self.inside(INSIDE)

    def inside(self, script: str) -> str:
        """What a piece of shell prints in its network namespace."""
        return self.lab.run("nsenter", "-n", "-t", self.pid, "sh", "-c", script).stdout

    def kill(self) -> None:
        """End it, and wait until it has."""
        gone = f"while kill -0 {self.pid} 2>/dev/null; do sleep 0.01; done"
        self.lab.sh(f"kill -KILL {self.pid}; {gone}")

    def is_as_before(self) -> bool:
        """Whether it runs, and its namespace has what it had."""
        return bool(self.before) and self.inside(INSIDE) == self.before


@pytest.fixture
def process(lab: Lab) -> Iterator[Process]:
    """Such a process; no lab ends with one."""
    made = Process(lab)
    yield made
    made.kill()


def refused(lab: Lab, *attach: str) -> str:
    """Why a mode refuses to attach."""
    done = lab.netmodes("host-only", "--attach", *attach)
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize("way", ["netmodes", "script"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode[0])
def test_up_and_down(
    lab: Lab, process: Process, untouched: State, mode: list[str], way: str
) -> None:
    """It has what the mode promises, and then what it had; that it runs inside is no reason."""
    wanted = [*mode, "--attach", process.pid]
    up = ["bash", lab.export(*wanted)] if way == "script" else ["netmodes", *wanted]
    lab.ok(*up)

    assert '"a name"' not in lab.ok("netmodes", "check", "A", "--json")
    assert process.inside("ip -br addr show veth1")
    assert lab.ok("netmodes", *wanted) == ""
    lab.ok(*((*up, "down") if way == "script" else ("netmodes", "down", "A", "--kill")))
    assert process.is_as_before()
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", ["netmodes", "script"])
@pytest.mark.parametrize("mode", ["host-only", "nat"])
def test_loopback_that_was_up(lab: Lab, process: Process, mode: str, way: str) -> None:
    """What was up before stays up."""
    process.inside("ip link set lo up")
    before = process.inside("ip addr")
    wanted = (mode, "--attach", process.pid)
    lab.ok(*(("bash", lab.export(*wanted)) if way == "script" else ("netmodes", *wanted)))
    lab.ok("netmodes", "down", "A")

    assert process.inside("ip addr") == before


def test_ended_while_up(lab: Lab, process: Process, untouched: State) -> None:
    """Of a process that has ended all is taken back, the name too."""
    lab.ok("netmodes", "nat", "--attach", process.pid)
    process.kill()
    lab.ok("netmodes", "down", "A")

    assert state(lab.ok) == untouched


def test_name_taken_away(lab: Lab, process: Process, untouched: State) -> None:
    """Where somebody has taken the name away, the rest goes, and the namespace stays."""
    lab.ok("netmodes", "host-only", "--attach", process.pid)
    lab.ok("ip", "netns", "del", "A")
    lab.ok("netmodes", "down", "A")

    assert process.inside("ip -br link").split()[0] == "lo"
    assert state(lab.ok) == untouched


def test_name_of_another(lab: Lab, process: Process) -> None:
    """Where the name is another namespace's by now, that one stays as it is."""
    lab.ok("netmodes", "host-only", "--attach", process.pid)
    lab.ok("ip", "netns", "del", "A")
    lab.sh("ip netns add A && ip -n A link set lo up")
    lab.ok("netmodes", "down", "A")

    assert "LOOPBACK,UP" in lab.ok("ip", "-n", "A", "link", "show", "lo")


def test_down_that_fails(lab: Lab, process: Process, untouched: State) -> None:
    """The name stays while something inside is not taken back, so that `down` finds it again."""
    lab.ok("netmodes", "nat", "--attach", process.pid)
    lab.replace("ip", 'case "$*" in "-n A -batch -") exit 2; esac; exec "$REAL" "$@"')
    assert "is not wholly down" in lab.netmodes("down", "A").stderr
    lab.replace("ip", 'exec "$REAL" "$@"')
    lab.ok("netmodes", "down", "A")

    assert process.is_as_before()
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("at", ["netns attach", "link add", "addr add 192.168.202.11"])
@pytest.mark.parametrize("way", ["netmodes", "script"])
def test_ended_meanwhile(lab: Lab, process: Process, untouched: State, at: str, way: str) -> None:
    """A process that ends during the run takes the run with it, and nothing is left."""
    wanted = ("host-only", "--attach", process.pid)
    up = ("bash", lab.export(*wanted)) if way == "script" else ("netmodes", *wanted)
    lab.replace("ip", f'case "$*" in *"{at}"*) kill -KILL {process.pid}; esac; exec "$REAL" "$@"')
    done = lab.run(*up)

    assert done.returncode == 1
    assert "has ended" in done.stderr or "netns attach" in done.stderr
    assert "Traceback" not in done.stderr
    assert state(lab.ok) == untouched


def test_another_namespace(lab: Lab, untouched: State) -> None:
    """The same process in another namespace is another one: for what is up, and for a script."""
    move = "kill -STOP $$; exec unshare --net sleep 300"
    pid = lab.sh(f"unshare --net sh -c '{move}' >/dev/null 2>&1 & echo $!").stdout.strip()
    lab.sh(f"until grep -q '^State:.T' /proc/{pid}/status; do sleep 0.01; done")
    script = lab.export("host-only", "-n", "B", "--attach", pid)
    lab.ok("netmodes", "host-only", "--attach", pid)
    lab.sh(f"kill -CONT {pid}; until grep -q ^sleep /proc/{pid}/comm; do sleep 0.01; done")

    assert f"A is up with attach {pid}:" in refused(lab, pid)
    assert "has ended, or left its namespace" in lab.run("bash", script).stderr
    lab.ok("netmodes", "down", "A")
    lab.ok("kill", str(pid))
    assert state(lab.ok) == untouched


def test_refused(lab: Lab, process: Process, untouched: State) -> None:
    """The host's own, one with a name or a device, and what runs no more are refused."""
    own = lab.sh("sleep 300 >/dev/null 2>&1 & echo $!").stdout.strip()
    assert "in the host's own namespace" in refused(lab, own)
    assert f"there is no process {own}" in (lab.ok("kill", own) or refused(lab, own))
    process.inside("ip link add d0 type veth peer name d1")
    assert "has a network already" in refused(lab, process.pid)
    process.inside("ip link del d0")
    lab.ok("ip", "netns", "attach", "B", process.pid)
    assert f"`ip netns identify {process.pid}`" in refused(lab, process.pid)
    lab.ok("ip", "netns", "del", "B")
    assert state(lab.ok) == untouched


def test_in_python(lab: Lab, process: Process, untouched: State) -> None:
    """A `with` leaves the process, and runs more inside."""
    program = f"""
from netmodes import Nat
with Nat(attach={process.pid}) as net:
    print(net.run(["ping", "-c1", "-W1", "8.8.8.8"]).returncode, net.check().ok)
"""

    assert lab.ok("python", "-c", program) == "0 True\n"
    assert process.is_as_before()
    assert state(lab.ok) == untouched


def test_rehearsal(lab: Lab, process: Process) -> None:
    """In a copy a new namespace stands for the process's."""
    assert lab.ok("netmodes", "nat", "--attach", process.pid, "--rehearse") == "as promised\n"
    assert process.is_as_before()
