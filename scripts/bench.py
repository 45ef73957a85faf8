"""How long whole processes take: each once a round, medians, differences and ratios.

Run by ``scripts/bench``, which gives it a network and mounts of its own.
"""

import os
import platform
import re
import shlex
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

NETMODES = shlex.quote(str(Path(sys.executable).with_name("netmodes")))
WORK = Path("/run/bench")
ARTICLE, EXPORTED = WORK / "article.sh", WORK / "host-only.sh"

#: Python finds its modules compiled, as in every run but the first, outside the checkout.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": str(WORK / "pycache"),
}


@dataclass(frozen=True)
class Process:
    """A command to time, what undoes it ("": nothing), and how long each run took, in ms."""

    name: str
    command: str
    after: str = ""
    times: list[float] = field(default_factory=list)

    def time(self) -> None:
        """Time it once, and undo it."""
        argv = shlex.split(self.command)
        began = time.perf_counter()
        done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, check=False)
        self.times.append(1000 * (time.perf_counter() - began))
        if done.returncode != 0:
            sys.exit(f"{self.name} failed:\n{done.stderr.decode()}")
        if self.after:
            run("bash", "-ec", self.after)
            time.sleep(0.1)  # the kernel finishes in its own time


BARE = Process("python3 -c pass", f"{shlex.quote(sys.executable)} -c pass")
STARTS = [
    Process("netmodes --help", f"{NETMODES} --help"),
    Process("netmodes host-only --dry-run", f"{NETMODES} host-only --dry-run"),
    Process("netmodes list", f"{NETMODES} list"),
]

BY_HAND = Process("the article's commands", f"bash {ARTICLE}", "ip link del veth0; ip netns del A")
UPS = [
    Process("netmodes host-only", f"{NETMODES} host-only", f"{NETMODES} down A"),
    Process("the exported script", f"bash {EXPORTED}", f"bash {EXPORTED} down"),
]

#: 200 devices and 1,000 rules.
BIG = """
for i in $(seq 100); do
    printf '%s\\n' "link add v$i type veth peer name w$i" "addr add 10.9.$i.1/24 dev v$i" \\
        "link set v$i up" "link set w$i up"
done | ip -batch -
nft add table inet big
nft add chain inet big forward '{ type filter hook forward priority 0; }'
for i in $(seq 10); do
    seq -f "add rule inet big forward ip saddr 10.$i.%.0f.0/24 accept" 100 | nft -f -
done
"""

#: 1,000 devices, 5,000 routes, 500 namespaces.
LARGE = """
for i in $(seq 500); do echo "netns add n$i"; done | ip -batch -
{
    echo "link add docker0 up type bridge"
    for i in $(seq 500); do
        echo "link add h$i up master docker0 type veth peer name eth0 netns n$i"
    done
    for i in $(seq 250); do
        printf '%s\\n' "link add x$i up type veth peer name y$i" "addr add 10.8.$i.1/24 dev x$i"
    done
    for i in $(seq 5000); do echo "route add 11.$((i / 250)).$((i % 250)).0/24 dev x1"; done
} | ip -batch -
"""


def verbs(where: str) -> list[Process]:
    """What is timed on an empty machine and on a large one."""
    return [
        Process(f"host-only --dry-run, {where}", f"{NETMODES} host-only --dry-run"),
        Process(f"host-only, {where}", f"{NETMODES} host-only", f"{NETMODES} down A"),
        Process(f"show, {where}", f"{NETMODES} show"),
        Process(f"the exported script, {where}", f"bash {EXPORTED}", f"bash {EXPORTED} down"),
    ]


REHEARSE = f"{NETMODES} bridged --uplink enp0s1 --rehearse --facts"

#: What makes the lab's machine each of the hosts that a mode is rehearsed for.
HOSTS = {
    "the article's machine": "true",
    "a Docker host": Path(__file__).parents[1].joinpath("tests/hosts/docker.sh").read_text(),
    "200 devices, 1,000 rules": BIG,
}
REHEARSALS = [
    Process(f"--rehearse: {name}", f"{REHEARSE} {shlex.quote(f'{WORK}/{name}.json')}")
    for name in HOSTS
]


def main(rounds: str = "20") -> None:
    """Time everything, and print a table for each process that others are compared with."""
    empty_machine()
    for name, value in machine().items():
        print(f"{name:<9} {value}")
    for against, others in ((BARE, STARTS), (BY_HAND, UPS)):
        interleave([against, *others], int(rounds))
        table(against, others)
    for name, script in HOSTS.items():
        script = shlex.quote(f"{script}\n{NETMODES} facts")
        facts = run("bash", "-c", f"{NETMODES} lab -- bash -euc {script}")
        Path(WORK, f"{name}.json").write_text(facts)
    interleave(REHEARSALS, max(1, int(rounds) // 4))
    table(REHEARSALS[0], REHEARSALS[1:])
    empty, large = verbs("empty"), verbs("large")
    interleave(empty, max(1, int(rounds) // 4))
    run("bash", "-ec", LARGE)
    interleave(large, max(1, int(rounds) // 4))
    for one, other in zip(empty, large, strict=True):
        table(one, [other])


def empty_machine() -> None:
    """Make an empty /run with the scripts to time, and an /etc; refuse a real machine."""
    devices = [name for _, name in socket.if_nameindex()]
    if devices != ["lo"] or Path("/proc/self/ns/mnt").samefile(f"/proc/{os.getppid()}/ns/mnt"):
        sys.exit("this is no empty machine: run scripts/bench, which makes one")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    for name in ("upper", "work"):
        Path("/run", name).mkdir()
    layers = "lowerdir=/etc,upperdir=/run/upper,workdir=/run/work"
    run("mount", "-t", "overlay", "overlay", "-o", layers, "/etc")
    run("ip", "link", "set", "lo", "up")
    WORK.mkdir()
    EXPORTED.write_text(run("bash", "-c", f"{NETMODES} host-only --export -"))
    plan = run("bash", "-c", f"{NETMODES} host-only --dry-run --verbatim").rstrip().split("\n")
    commands = [f"sudo {line}" for line in plan if not line.startswith("#")]
    ARTICLE.write_text("\n".join(["set -e", *commands, ""]))


def interleave(processes: list[Process], rounds: int) -> None:
    """Time each once a round, in alternating order; the first round does not count."""
    for number in range(rounds + 1):
        for process in processes if number % 2 else reversed(processes):
            process.time()
        if number == 0:
            for process in processes:
                process.times.clear()


def table(against: Process, others: list[Process]) -> None:
    """Print the medians in ms, and their difference and ratio to one of them."""
    base = median(against.times)
    print(f"\n{len(against.times)} runs each, ms{'median':>33}{'least':>9}{'more':>9}{'times':>8}")
    for process in (against, *others):
        middle = median(process.times)
        beside = f"{middle - base:>+9.1f}{middle / base:>8.2f}" if process is not against else ""
        print(f"{process.name:<40}{middle:>9.1f}{min(process.times):>9.1f}{beside}")


def machine() -> dict[str, str]:
    """The machine of the figures."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": f"{os.cpu_count()} of {model[1] if model else platform.machine()}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "iproute2": run("ip", "-V").strip(),
        "sudo": run("sudo", "--version").partition("\n")[0],
    }


def run(*argv: str) -> str:
    """What a command that must succeed prints."""
    done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(argv)} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main(*sys.argv[1:])
