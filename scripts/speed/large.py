"""Large machines: what each mode and verb takes there, beside a machine that is empty."""

from __future__ import annotations

from collections.abc import Iterator

from figures import Figures, table, times
from machines import NETMODES, Machine
from race import Contender, race

TITLE = "Large machines"
EMPTY, LARGE, RULES = "empty", "large", "large, 1,000 nft rules"
ROUTES = "1,000 routes by the uplink"
WORDS = """\
A large machine has 1,000 devices, 5,000 routes and 500 namespaces. Milliseconds, and how many times
what the empty machine takes."""

#: 500 containers at a bridge, 250 cables beside, each with an address, and routes.
SCRIPT = """
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

#: Routes that `bridged` moves.
MOVED = """
for i in $(seq 1000); do
    echo "route add 12.$((i / 250)).$((i % 250)).0/24 via 192.168.64.1 dev enp0s1"
done | ip -batch -
"""

#: Rules that nothing meets.
FIREWALL = """
{
    echo "table inet big { chain forward { type filter hook forward priority 0;"
    for i in $(seq 1000); do
        echo "ip saddr 10.$((i / 250)).$((i % 250)).0/24 ip daddr 9.9.9.9 drop"
    done
    echo "}; }"
} | nft -f -
"""

MODES = {"host-only": [], "nat": [], "bridged": ["--uplink", "enp0s1"]}
VERBS = ("list", "show", "doctor", "facts", "host-only --dry-run")


def measure(figures: Figures, rounds: int) -> None:
    """Measure the modes, their scripts and the verbs on each of the machines."""
    machines = {EMPTY: Machine(), LARGE: Machine(SCRIPT), RULES: Machine(SCRIPT + FIREWALL)}
    contenders = [one for who, machine in machines.items() for one in everything(who, machine)]
    contenders += by_mode("bridged", ROUTES, Machine(MOVED))
    contenders.sort(key=lambda one: [*one.commands])
    race(contenders, max(1, rounds // 3), figures, warm=False)


def everything(who: str, machine: Machine) -> Iterator[Contender]:
    """All that is measured on one machine."""
    for mode in MODES:
        yield from by_mode(mode, who, machine)
    for verb in VERBS:
        yield Contender(
            who, machine, {f"netmodes {verb}": [NETMODES, *verb.split()]}, statuses=(0, 1)
        )


def by_mode(mode: str, who: str, machine: Machine) -> Iterator[Contender]:
    """A mode by netmodes and by its script."""
    name, file, options = f"netmodes {mode}", f"/run/{mode}.sh", MODES[mode]
    up, down = [NETMODES, mode, *options], [NETMODES, "down", "A"]
    yield Contender(who, machine, {name: up, f"{name}, down": down})
    machine.run(*up, "--export", file)
    name = f"{mode}'s script"
    yield Contender(who, machine, {name: ["bash", file], f"{name}, down": ["bash", file, "down"]})


def report(figures: Figures) -> Iterator[str]:
    """Each of the modes and verbs, by machine."""
    machines = (EMPTY, LARGE, RULES, ROUTES)
    whats = [what for what, who, _ in figures.values if who == LARGE and not what.endswith("MB")]
    yield table(
        ["", *machines],
        [[what, *(cell(figures, what, who) for who in machines)] for what in dict.fromkeys(whats)],
    )


def cell(figures: Figures, what: str, who: str) -> str:
    """The times on a machine, beside the empty one's."""
    return f"{figures.cell(what, who)} {times(figures.ratio(what, who, EMPTY))}".strip()
