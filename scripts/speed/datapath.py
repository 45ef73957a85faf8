"""The data path: what TCP carries and what a ping takes, in each mode and on a plain veth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from shutil import which

from figures import Figures, table, times
from machines import NETMODES, Machine, here
from race import progress

TITLE = "The data path"
TCP, PING = "TCP, Gbit/s", "flood ping, µs"
WORDS = """\
iperf3 for a second, and the mean of 2,000 pings, each sent as soon as the one before is answered.
isolated reaches nobody. TCP is bound by iperf3's own copying: differences below 15 % are noise."""

VETH = """
ip netns add A
ip link add veth0 type veth peer name veth1 netns A
ip addr add 192.168.202.1/24 dev veth0
ip link set veth0 up
ip -n A addr add 192.168.202.11/24 dev veth1
ip -n A link set veth1 up
"""
INSIDE, LAN = ("ip", "netns", "exec", "A"), "192.168.64.1"
PLAIN, UPLINK = "host to namespace: a plain veth", "host to the LAN: a plain veth and a bridge"


@dataclass(frozen=True)
class Path:
    """A way that packets take.

    Args:
        who: its name.
        base: the plain way that it is compared with.
        machine: where it begins.
        begin: enters the namespace where it begins, if it does in one.
        to: the address where it ends.
    """

    who: str
    base: str
    machine: Machine
    begin: tuple[str, ...]
    to: str

    def run(self, figures: Figures) -> None:
        """Measure it once."""
        text = self.machine.run(*self.begin, "iperf3", "--json", "--time", "1", "--client", self.to)
        figures.add(TCP, self.who, json.loads(text)["end"]["sum_received"]["bits_per_second"] / 1e9)
        text = self.machine.run(*self.begin, "ping", "-q", "-f", "-c", "2000", self.to)
        mean = re.search(r"rtt min/avg/max/mdev = [\d.]+/([\d.]+)/", text)
        figures.add(PING, self.who, 1000 * float(mean[1] if mean else "nan"))


def measure(figures: Figures, rounds: int) -> None:
    """Measure every way once a round."""
    if not which("iperf3"):
        figures.left_out.append(f"{TITLE}: not installed (`apt-get install iperf3`)")
        return
    here("iperf3", "--server", "--daemon")
    paths = [*ways()]
    for number in range(1, rounds // 2 + 1):
        for path in paths[:: 1 if number % 2 else -1]:
            progress(f"round {number} of {rounds // 2}: {path.who}")
            path.run(figures)


def ways() -> Iterator[Path]:
    """From each host to its namespace, from each namespace to the LAN, and the plain ones."""
    plain = Machine(VETH)
    yield Path(PLAIN, PLAIN, plain, (), served(plain))
    yield Path(UPLINK, UPLINK, plain, (), LAN)
    for mode in ("host-only", "bridged --uplink enp0s1", "nat"):
        machine, name = Machine(f"'{NETMODES}' {mode}"), mode.split()[0]
        yield Path(f"host to namespace: {name}", PLAIN, machine, (), served(machine))
        if name != "host-only":
            yield Path(f"namespace to the LAN: {name}", UPLINK, machine, INSIDE, LAN)


def served(machine: Machine) -> str:
    """The address of a machine's namespace, where iperf3 serves from now on."""
    machine.run(*INSIDE, "iperf3", "--server", "--daemon")
    text = machine.run("ip", "-n", "A", "-json", "-4", "addr", "show", "dev", "veth1")
    return str(json.loads(text)[0]["addr_info"][0]["local"])


def report(figures: Figures) -> Iterator[str]:
    """Every way beside the plain one."""
    yield table(
        ["way", TCP, PING],
        [(who, cell(figures, TCP, who), cell(figures, PING, who)) for who in figures.whos(TCP)],
    )


def cell(figures: Figures, what: str, who: str) -> str:
    """A way's figure beside the plain one's."""
    base = UPLINK if "LAN" in who else PLAIN
    return f"{figures.cell(what, who)} {times(figures.ratio(what, who, base))}"
