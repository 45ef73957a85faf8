"""How long a rehearsal takes: a mode up, tried and down in a copy of a machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from figures import Figures, compared
from machines import NETMODES, WORK, Machine, here
from race import Contender, race

TITLE = "Rehearsals"
WHAT = "bridged --rehearse"
WORDS = (
    "`netmodes bridged --uplink enp0s1 --rehearse --facts FILE`, for machines of which FILE tells."
)

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

ARTICLE = "the article's machine"

#: What makes the lab's machine each of these.
MACHINES = {
    ARTICLE: "true",
    "a Docker host": Path(__file__).parents[2].joinpath("tests/hosts/docker.sh").read_text(),
    "200 devices, 1,000 rules": BIG,
}


def measure(figures: Figures, rounds: int) -> None:
    """Rehearse bridged for each of the machines."""
    here_is = Machine()
    contenders = []
    for who, script in MACHINES.items():
        file = WORK / f"{who}.json"
        lab = quote(f"{script}\n'{NETMODES}' facts")
        file.write_text(here("bash", "-c", f"'{NETMODES}' lab -- bash -euc {lab}"))
        argv = [NETMODES, "bridged", "--uplink", "enp0s1", "--rehearse", "--facts", str(file)]
        contenders.append(Contender(who, here_is, {WHAT: argv}))
    race(contenders, max(1, rounds // 2), figures)


def report(figures: Figures) -> Iterator[str]:
    """Each machine beside the article's."""
    yield compared(figures, WHAT, ARTICLE)
