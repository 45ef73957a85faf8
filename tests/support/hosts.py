"""The hosts of tests/hosts: what their files say, and who is reached on them, by real packets."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote

from labs import Lab
from places import HOSTS

MODES = ("isolated", "host-only", "bridged", "nat")

#: What a mode needs beside its name.
NEEDS = {"bridged": " --uplink enp0s1"}

AS_PROMISED = "as promised"

#: A line of a file's head: its subject and what is said of it.
SAID = re.compile(
    r"# ((?:isolated|host-only|bridged|nat|doctor|unknown|also|meanwhile)[^:]*): (.*)"
)

#: Commands at the lab's other machines, a second NIC, and a VPN (tests/hosts/README.md).
LAN = """
lan() { nsenter --net=/run/lan/"$1" "${@:2}"; }
second_nic() {
    ip link add enp0s2 type veth peer name lan1
    ip link set lan1 netns /run/lan/router
    lan router ip addr add 10.7.0.1/24 dev lan1
    lan router ip link set lan1 up
    ip addr add 10.7.0.3/24 dev enp0s2
    ip link set enp0s2 up
}
tunnel() {
    ip netns add vpn
    ip link add "$1" type veth peer name eth0 netns vpn
    ip link add eth1 netns vpn type veth peer name port4
    ip link set port4 netns /run/lan/router
    lan router ip link set port4 master lan0 up
    ip addr add "$2" dev "$1"
    ip link set "$1" up
    ip -n vpn addr add "$3" dev eth0
    ip -n vpn addr add 192.168.64.20/24 dev eth1
    ip -n vpn link set eth0 up
    ip -n vpn link set eth1 up
    ip -n vpn route add default via 192.168.64.1
    ip netns exec vpn sysctl -qw net.ipv4.ip_forward=1
    ip netns exec vpn iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
}
"""

#: The kernel may take a second to see that a new cable has two ends.
SETTLE = """
links() { ip link; ip netns list | while read -r name _; do ip -n "$name" link; done; }
while links | grep -q "NO-CARRIER.*LOWER_UP"; do sleep 0.05; done
"""

#: A page that is fetched: data goes both ways, where a connection alone may need one packet.
FETCH = "exec 3<>/dev/tcp/$0/80 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 2 <&3"

#: Everybody forgets everybody; then pings go out and come in, and a connection goes out.
TRY = """
flush() { ip neigh flush all; lan router ip neigh flush all; lan neighbour ip neigh flush all; }
answers() { "${@:2}" ping -n -q -c 1 -i 0.2 -w 2 $1; }
fetches() { "${@:2}" timeout 2 bash -c "$FETCH" "$1"; }
tell() { "${@:2}" >/dev/null 2>&1 && echo "$1"; }
flush >/dev/null 2>&1
for address in $OUT; do
    tell "the host reaches $address" answers "$address" &
    source=$(ip -o route get "$address" 2>/dev/null | sed -n 's/.* src \\([^ ]*\\).*/\\1/p')
    [ -z "$source" ] || echo "the host reaches $address from $source"
done
for address in $IN; do
    tell "the LAN reaches $address" answers "$address" lan neighbour &
    tell "the outside reaches $address" answers "-I 8.8.8.8 $address" lan router &
    tell "the LAN fetches from $address" fetches "$address" lan neighbour &
done
tell "the host fetches from 8.8.8.8" fetches 8.8.8.8 &
wait
"""


@dataclass(frozen=True)
class Host:
    """A host: its file."""

    path: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.stem

    @cached_property
    def head(self) -> list[tuple[str, str]]:
        """What the head of its file says, each after its subject."""
        found = map(SAID.fullmatch, self.path.read_text().splitlines())
        return [(one[1], one[2]) for one in found if one]

    def said(self, subject: str) -> list[str]:
        """What the head of the file says of this subject."""
        return [words for about, words in self.head if about == subject]

    @property
    def cases(self) -> list[str]:
        """Each mode, and those that the file has with more options."""
        more = (about for about, _ in self.head if about.startswith(MODES))
        return [*MODES, *dict.fromkeys(one for one in more if re.search(r" --[^:]*[0-9]$", one))]

    def expects(self, case: str) -> tuple[str, str]:
        """What is expected of a case: "as promised" or "refused", and its words."""
        word, _, words = (self.said(case) or [AS_PROMISED])[0].partition(", ")
        return word, words

    @property
    def special(self) -> str:
        """What is special about it."""
        lines = self.path.read_text().splitlines()
        end = next(
            at for at, line in enumerate(lines) if not line.startswith("# ") or SAID.match(line)
        )
        return " ".join(line.removeprefix("# ") for line in lines[:end])

    def foretells(self, case: str) -> tuple[str, str]:
        """What a rehearsal finds: "as promised", "a difference" or "unknown"."""
        word, _, words = (self.said(f"{case} rehearsed") or [AS_PROMISED])[0].partition(", ")
        return word, words

    @property
    def also(self) -> list[str]:
        """Who else can be reached."""
        return [address for line in self.said("also") for address in line.split()]

    def make(self, lab: Lab) -> None:
        """Turn the lab's machine into this host."""
        lab.ok("bash", "-euc", f"{LAN}\n. {self.path}\n{SETTLE}")

    def while_up(self, lab: Lab) -> None:
        """Do what is done meanwhile."""
        for line in self.said("meanwhile"):
            uplink = json.loads(lab.ok("ip", "-j", "route", "get", "192.168.64.1"))[0]["dev"]
            lab.ok("bash", "-euc", f"{LAN}\nUPLINK={uplink}\n{line}")


def hosts() -> list[Host]:
    """Every host."""
    return [Host(path) for path in sorted(HOSTS.glob("*.sh"))]


PAGE = """\
# Hosts

Each is a file of `tests/hosts`: the commands that turn a lab's machine into it. On each every mode
is put up and taken down, and is as promised, while the host stays online from the same source; or
it is refused, and the fix, typed as printed, leads on (`tests/kernel/test_hosts.py`). isolated is
as promised on all. `scripts/regenerate` writes this page from the files.

| host | what is special | host-only | nat | bridged |
|---|---|---|---|---|
"""


def page() -> str:
    """The hosts and what is expected of each, in Markdown."""
    rows = ""
    for host in hosts():
        found = [
            ", ".join(filter(None, host.expects(mode))) for mode in ("host-only", "nat", "bridged")
        ]
        rows += f"| {' | '.join((host.name, host.special, *found))} |\n"
    return PAGE + rows


def command(case: str) -> list[str]:
    """The command line of a case."""
    mode, _, options = case.partition(" ")
    return f"{mode}{NEEDS.get(mode, '')} {options}".split()


def serve(lab: Lab, *, router: bool = True) -> None:
    """Have 8.8.8.8, or the lab's machine by all its addresses, listen on port 80."""
    bind, address = ("--bind 8.8.8.8", "8.8.8.8") if router else ("", "127.0.0.1")
    server = f"python3 -m http.server 80 {bind} --directory /run/www >/dev/null 2>&1 &"
    lab.sh(f"{server} until : </dev/tcp/{address}/80; do sleep 0.02; done", router=router)


@dataclass(frozen=True)
class Reachable:
    """Who may be reached on a host: machines outside it, and its own addresses."""

    outside: tuple[str, ...]
    own: tuple[str, ...]

    def reached(self, lab: Lab) -> list[str]:
        """Who is reached now, and from which source, once all neighbours are forgotten."""
        names = f"OUT='{' '.join(self.outside)}' IN='{' '.join(self.own)}' FETCH={quote(FETCH)}"
        return sorted(lab.sh(f"{LAN}\n{names}\n{TRY}").stdout.splitlines())


def reachable(lab: Lab, also: Sequence[str] = ()) -> Reachable:
    """Every gateway of the host, a neighbour, 8.8.8.8 and who else; its own addresses."""
    routes = json.loads(lab.ok("ip", "-4", "-j", "route", "show", "table", "all"))
    links = json.loads(lab.ok("ip", "-4", "-j", "addr"))
    gateways = [route["gateway"] for route in routes if "gateway" in route]
    own = [info["local"] for link in links for info in link["addr_info"] if link["ifname"] != "lo"]
    outside = [*gateways, "192.168.64.7", "8.8.8.8", *also]
    return Reachable(tuple(dict.fromkeys(outside)), (*own, *also))


if __name__ == "__main__":
    print(page(), end="")
