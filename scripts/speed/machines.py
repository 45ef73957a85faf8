"""Machines made of namespaces to measure on, each with a NIC on the LAN, which is this process's.

A machine has a network, a /run and an /etc of its own, and goes with this process. Unlike
`netmodes lab` it is root's, for sudo, which the article uses, does not work in a user namespace.
"""

from __future__ import annotations

import atexit
import os
import resource
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from subprocess import DEVNULL

PYTHON, NETMODES = sys.executable, str(Path(sys.executable).with_name("netmodes"))
PEERS = Path(__file__).parent / "peers"

#: Files of this run, which every machine sees, and every lab, whose root is nobody here.
WORK = Path(tempfile.mkdtemp(prefix="netmodes-bench-", dir="/tmp"))
WORK.chmod(0o755)
atexit.register(shutil.rmtree, WORK)

#: Python finds its modules compiled, as in every run but the first, outside the checkout.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": str(WORK / "pycache"),
}

#: Hosts of the LAN that somebody is.
HELD = (60, 61)

#: The LAN's router, which is everybody else there as well, and an address outside.
LAN = f"""
ip link set lo up
ip link add lan0 type bridge
for host in 1 {HELD[0]} {HELD[1]}; do ip addr add 192.168.64.$host/24 dev lan0; done
ip addr add 8.8.8.8/32 dev lo
ip link set lan0 up
sysctl -qw net.ipv4.ip_forward=1
"""

#: What a machine has of its own; it lasts until its standard input ends.
MACHINE = """
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
ip link set lo up
echo made
read -r || true
"""

#: Its cable to the LAN, laid from there.
CABLE = """
ip link add port$0 up master lan0 type veth peer name enp0s1 netns $1
nsenter --target $1 --net ip -batch - <<STDIN
addr add 192.168.64.$0/24 metric 100 brd + dev enp0s1
link set enp0s1 up
route add default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.$0 metric 100
STDIN
"""

#: The kernel takes namespaces apart in turn, and in its own time: this one after all before it.
SETTLE = """
ip netns add settle
ip link add settle type veth peer name settled netns settle
ip netns del settle
while ip link show settle >/dev/null 2>&1; do sleep 0.02; done
"""


class FailedError(Exception):
    """A command that was to succeed."""

    @classmethod
    def of(cls, command: Sequence[str], said: str) -> FailedError:
        """A command failed, and said this at last."""
        line = shlex.join(command).replace(NETMODES, "netmodes")[:200]
        return cls(f"`{line}`: {said.strip().rpartition(chr(10))[2] or 'it said nothing'}")


@dataclass(frozen=True)
class Taken:
    """What a process took.

    Args:
        ms: how many milliseconds.
        memory: the memory of its largest process, in MB; None where that was less than this
            process has, which the kernel counts as the child's until it is another program.
    """

    ms: float
    memory: float | None


class Machine:
    """A machine whose one NIC, enp0s1, has the LAN's next address; it goes with this process."""

    numbers = count(3)

    def __init__(self, script: str = "") -> None:
        """Make it, and run a script there."""
        namespaces = ("unshare", "--net", "--mount", "--propagation", "private")
        self._holder = subprocess.Popen(
            (*namespaces, "bash", "-ec", MACHINE), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if not (self._holder.stdout and self._holder.stdout.readline()):
            sys.exit("root may make no machine of namespaces here")
        here("bash", "-ec", CABLE, str(next(self.numbers)), str(self._holder.pid))
        self.run("bash", "-ec", script)

    def argv(self, *command: str) -> list[str]:
        """What runs a command there."""
        return ["nsenter", "--target", str(self._holder.pid), "--net", "--mount", "--", *command]

    def run(self, *command: str) -> str:
        """What a command prints there, which must succeed."""
        return here(*self.argv(*command))

    def take(self, command: Sequence[str], statuses: Sequence[int] = (0,)) -> Taken:
        """Run a command there, and measure it."""
        with tempfile.TemporaryFile() as said:
            began = time.perf_counter()
            process = subprocess.Popen(
                self.argv(*command), env=ENVIRONMENT, stdin=DEVNULL, stdout=DEVNULL, stderr=said
            )
            _, result, usage = os.wait4(process.pid, 0)
            ms = 1000 * (time.perf_counter() - began)
            process.returncode = os.waitstatus_to_exitcode(result)
            if process.returncode not in statuses:
                said.seek(0)
                raise FailedError.of(command, said.read().decode())
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Taken(ms, usage.ru_maxrss * 1024 / 1e6 if usage.ru_maxrss > own else None)


def here(*command: str) -> str:
    """What a command prints, which must succeed."""
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FailedError.of(command, done.stderr)
    return done.stdout


def make_lan() -> None:
    """Make this process's network the LAN; refuse where it is a real machine's."""
    devices = [name for _, name in socket.if_nameindex()]
    if devices != ["lo"] or os.getppid() != 1:
        sys.exit("this is no empty machine: run scripts/bench, which makes one")
    here("bash", "-ec", LAN)
