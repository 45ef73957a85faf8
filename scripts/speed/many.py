"""N namespaces at a bridge with an address, each with an address and a default route by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from subprocess import DEVNULL, run

from figures import Figures, number, table, times
from machines import NETMODES, PEERS, PYTHON, SETTLE, FailedError, Machine
from race import Contender, race

TITLE = "Many namespaces"
SUDO, ARTICLE = "the article's script, with sudo", "the article's script, as root"
PYROUTE2, CNI, MININET = "pyroute2", "CNI's bridge plugin", "Mininet"
BY_HAND = "ip -batch by hand, two workers"
NAT, SCRIPT, HOST_ONLY = "netmodes nat", "netmodes nat, its script", "netmodes host-only"
EACH = "netmodes nat, one by one"

WORDS = f"""\
A bridge with an address, and at it N namespaces, each with an address and a default route; whole
processes, from start to exit. {HOST_ONLY} has a cable and a subnet for each instead.
Milliseconds: the median [least-most], and how many times as fast as {ARTICLE}."""

#: What must hold: as many ports as namespaces, and the last one's default route.
AT_BRIDGE = """
[ "$(ip -o link show master $0 | wc -l)" = $1 ]
nsenter --net=$2 ip route | grep -q '^default via'
"""
NAMESPACES = '[ "$(ls /run/netns | wc -l)" = $1 ]'

#: Nothing is left but the NIC.
GONE = SETTLE + '[ -z "$(ls /run/netns; ip -o link show type bridge)" ]'


@dataclass(frozen=True)
class Peer:
    """Somebody who puts N namespaces up and takes them down.

    Args:
        who: its name.
        largest: the most namespaces that it is measured with, for time's sake.
        up: its command; {n}, {verb} and {netmodes} stand for what they say.
        down: its other command, if it is not the same.
        before: writes its script.
        bridge: its bridge's name.
        last: the file of its last namespace.
        holds: what must hold when it is up.
        needs: holds where it is installed.
        install: what installs it.
    """

    who: str
    largest: int
    up: str
    down: str = ""
    before: str = ""
    bridge: str = "br0"
    last: str = "/run/netns/n{n}"
    holds: str = AT_BRIDGE
    needs: str = "true"
    install: str = ""

    def command(self, words: str, n: int, verb: str = "") -> list[str]:
        """The command of these words."""
        known = {"n": n, "verb": verb, "netmodes": NETMODES, "peers": PEERS, "python": PYTHON}
        return [word.format(**known) for word in words.split()]

    def contender(self, machine: Machine, n: int) -> Contender:
        """Its commands for N namespaces."""
        if self.before:
            machine.run(*self.command(self.before, n))
        up, down = self.command(self.up, n, "up"), self.command(self.down or self.up, n, "down")
        check = partial(self.check, machine, n)
        return Contender(self.who, machine, {"up": up, "down": down}, n, check)

    def check(self, machine: Machine, n: int, what: str) -> None:
        """Refuse a machine that has not what it is to have."""
        script = self.holds if what == "up" else GONE
        try:
            machine.run("bash", "-ec", script, self.bridge, str(n), self.last.format(n=n))
        except FailedError:
            raise FailedError(f"after {what}: not as it should be ({script.strip()})") from None


_SEVERAL = "-n web --count {n} --address 10.64.0.11"
_NAT = f"{{netmodes}} nat {_SEVERAL}/20 --bridge-address 10.64.0.1/20"
_HOST_ONLY = f"{{netmodes}} host-only {_SEVERAL}/24 --host-address 10.64.0.1/24"

OWN = [
    Peer(NAT, 1000, _NAT, "{netmodes} down --all", bridge="nat0", last="/run/netns/web{n}"),
    Peer(
        SCRIPT,
        1000,
        "bash /run/{n}.sh {verb}",
        before=f"{_NAT} --export /run/{{n}}.sh --force",
        bridge="nat0",
        last="/run/netns/web{n}",
    ),
    Peer(HOST_ONLY, 1000, _HOST_ONLY, "{netmodes} down --all", holds=NAMESPACES),
]
ONE_BY_ONE = Peer(
    EACH,
    10,
    "bash {peers}/one_by_one.sh {netmodes} {verb} {n}",
    bridge="nat0",
    last="/run/netns/web{n}",
)
OTHERS = [
    Peer(SUDO, 100, "env SUDO=sudo bash {peers}/article.sh {verb} {n}"),
    Peer(ARTICLE, 400, "bash {peers}/article.sh {verb} {n}"),
    Peer(
        PYROUTE2,
        400,
        "{python} {peers}/by_pyroute2.py {verb} {n}",
        needs=f"{PYTHON} -c 'import pyroute2'",
        install=".venv/bin/pip install pyroute2",
    ),
    Peer(
        CNI,
        400,
        "bash {peers}/cni.sh {verb} {n}",
        needs="test -x /usr/lib/cni/bridge",
        install="apt-get install containernetworking-plugins",
    ),
    Peer(
        MININET,
        100,
        "/usr/bin/python3 {peers}/by_mininet.py {n}",
        "cat /run/mininet.down",
        bridge="s1",
        last="/run/mininet.last",
        needs="/usr/bin/python3 -c 'import mininet' && command -v brctl",
        install="apt-get install mininet bridge-utils",
    ),
    Peer(BY_HAND, 1000, "bash {peers}/batch.sh {verb} {n}"),
]


def measure(figures: Figures, rounds: int, sizes: Sequence[int]) -> None:
    """Measure everybody who is here, each on a machine of its own."""
    machines = {peer: Machine() for peer in present(figures)}
    race([*entered(machines, 1, figures)], 0, figures)
    for n in sizes:
        race([*entered(machines, n, figures)], fewer(rounds, n), figures, warm=False)


def entered(machines: dict[Peer, Machine], n: int, figures: Figures) -> Iterator[Contender]:
    """Whoever is measured with N namespaces."""
    for peer, machine in machines.items():
        try:
            if n <= peer.largest:
                yield peer.contender(machine, n)
        except FailedError as error:
            figures.left_out.append(f"{peer.who}, N={n}: {error}")


def present(figures: Figures) -> Iterator[Peer]:
    """Whoever is installed; notes who is not."""
    several = b"--count" in run((NETMODES, "nat", "--help"), capture_output=True, check=True).stdout
    for peer in (*OTHERS, ONE_BY_ONE, *(OWN if several else [])):
        if run(("sh", "-c", peer.needs), stdout=DEVNULL, stderr=DEVNULL, check=False).returncode:
            figures.left_out.append(f"{peer.who}: not installed (`{peer.install}`)")
        else:
            yield peer


def fewer(rounds: int, n: int) -> int:
    """How many rounds: where each takes long, as few as still have a median."""
    return max(min(rounds, 3), rounds * 40 // max(n, 40))


def report(figures: Figures) -> Iterator[str]:
    """Times of everybody by N, up and down, and what one more namespace costs."""
    sizes, whos = figures.sizes("up"), figures.whos("up")
    for what in ("up", "down"):
        heads = [what, *(f"N={n}, runs: {figures.runs(what, n)}" for n in sizes)]
        rows = [[who, *(against(figures, what, who, n) for n in sizes)] for who in whos]
        yield table(heads, rows)
    numbers = [f"N={n}" for n in sizes]
    costs = [[who, *(each(figures, who, n) for n in sizes)] for who in whos]
    yield table(["ms for each namespace, up + down", *numbers], costs)
    memory = [[who, *(figures.cell("up, MB", who, n) for n in sizes)] for who in whos]
    yield table(["memory of the largest process, up, MB", *numbers], filter(any_of, memory))


def any_of(row: Sequence[str]) -> bool:
    """Whether a row has any figure."""
    return any(row[1:])


def against(figures: Figures, what: str, who: str, n: int) -> str:
    """The times, and how many times as fast as the article's."""
    return f"{figures.cell(what, who, n)} {times(figures.ratio(what, ARTICLE, who, n))}".strip()


def each(figures: Figures, who: str, n: int) -> str:
    """What one of N namespaces takes, up and down."""
    up, down = (number(figures.median(what, who, n) / n) for what in ("up", "down"))
    return f"{up} + {down}" if up and down else ""
