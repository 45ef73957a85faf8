"""The whole network state of a machine, normalised, as one flat dict: `==`, and a readable diff.

Outside it is called, ``state(lab.ok)``; inside it runs, as the one process that reads everything.

What cannot be the same twice is left out as in every snapshot (``netmodes.machine.normal``), and
so are births, and the random MACs of devices of ours with their link-locals.
"""

import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from netmodes.machine.compare import snapshot
from netmodes.machine.normal import COUNTS
from netmodes.machine.table import Table

Json = dict[str, Any]
State = dict[str, Any]

HOST = "the host"
NAMESPACES = Path("/run/netns")
FILES = (Path("/run/netmodes"), Path("/etc/netns"))

#: The lab's NIC is a veth as well, but its MAC was given: it is never random.
GIVEN_MACS = ("enp0s1",)

CLONE_NEWNET = 0x40000000

READ = {
    "links": ("ip", "-j", "-d", "addr", "show"),
    "routes text": ("ip", "-4", "-d", "route", "show", "table", "all"),
    "routes6 text": ("ip", "-6", "-d", "route", "show", "table", "all"),
    "rules": ("ip", "-4", "rule", "show"),
    "rules6": ("ip", "-6", "rule", "show"),
    "neighbours": ("ip", "-j", "neigh", "show", "nud", "permanent"),
    "proxies": ("ip", "-j", "neigh", "show", "proxy"),
    "nft": ("nft", "list", "ruleset"),
    "iptables-save": ("iptables-save",),
    "ip6tables-save": ("ip6tables-save",),
}


def state(run: Callable[..., str]) -> State:
    """The state of the machine where ``run`` runs a command and returns what it printed."""
    found: State = json.loads(run(sys.executable, "-I", "-S", __file__))
    return found


def read() -> State:
    """The state of this machine, its namespaces' with it."""
    names = sorted(path.name for path in NAMESPACES.iterdir()) if NAMESPACES.is_dir() else []
    found = {"namespaces": names, **dict(_files()), **_place(HOST)}
    for name in names:
        with _inside(name):
            found |= _place(name)
    return found


@contextmanager
def _inside(name: str) -> Iterator[None]:
    """This process, and what it starts, in that namespace."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        _enter(os.open(NAMESPACES / name, os.O_RDONLY))
        yield
    finally:
        _enter(home)


def _enter(descriptor: int) -> None:
    setns = ctypes.CDLL(None, use_errno=True).setns
    status = setns(descriptor, CLONE_NEWNET)
    os.close(descriptor)
    if status:
        raise OSError(ctypes.get_errno(), "setns")


def _place(name: str) -> State:
    """One network namespace's state, each key beginning with its name."""
    return {f"{name} {key}": value for key, value in [*_network(), *sysctls()]}


def _network() -> Iterator[tuple[str, Any]]:
    """The lines of each part by what they are about; a random MAC, and its link-local, in words."""
    table = Table(dict(_read_all()))
    links = json.loads(table.output("links") or "[]")
    random = {link["ifname"]: link["address"] for link in links if _has_random_mac(link)}
    seen = snapshot(table)
    for part, entries in seen.parts.items():
        for subject, lines in (pair for entry in entries.values() for pair in entry.items()):
            named = [_unrandom(line, random) for line in lines]
            # IPv6 routes of one prefix stand in the order in which their devices came up.
            yield f"{part} {subject}", sorted(named) if part == "routes6" else named


def _read_all() -> Iterator[tuple[str, Any]]:
    """What each reader prints, all of them run at once."""
    running = {}
    for what, argv in READ.items():
        with suppress(FileNotFoundError, PermissionError):
            running[what] = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    for what, process in running.items():
        yield what, {"command": READ[what], "output": process.communicate()[0]}


def _has_random_mac(link: Json) -> bool:
    kind = link.get("linkinfo", {}).get("info_kind")
    return kind in ("veth", "bridge", "dummy", "ifb") and link["ifname"] not in GIVEN_MACS


def _unrandom(line: str, random: dict[str, str]) -> str:
    """A line without random MACs, and without the part of a link-local that is made of one."""
    for device, mac in random.items():
        if not line.startswith(GIVEN_MACS):  # a bridge may have its port's
            line = line.replace(mac, "MAC")
        if line.endswith(f" dev {device}"):
            line = re.sub(r"^fe80::[0-9a-f:]+", "fe80::MAC", line)
    return line


def sysctls() -> Iterator[tuple[str, str]]:
    """Every setting under net that can be read."""
    for folder, _, names in os.walk("/proc/sys/net"):  # half as long as by pathlib: there are many
        for name in names:
            if COUNTS.search(name):
                continue
            with suppress(OSError), open(f"{folder}/{name}") as file:  # noqa: PTH123
                key = f"{folder}/{name}".removeprefix("/proc/sys/")
                yield key.replace("/", "."), file.read().strip()


def _files() -> Iterator[tuple[str, Any]]:
    for root in FILES:
        for path in sorted(root.rglob("*")):
            if path.name not in (".lock", ".holder"):
                yield str(path), _content(path) if path.is_file() else "folder"


def _content(path: Path) -> Any:  # noqa: ANN401
    """A file's content; in a journal's log without ifindexes, handles, inodes, sums and births."""
    text = path.read_text()
    if path.suffix == ".sh":
        return "the undo as bash"  # written by Python or by bash itself
    if path.name == "before.json":
        return "the facts from before"  # a script asks for fewer
    if path.suffix == ".json":
        return json.loads(text)
    numbered = r"^(done \d+|socket) \d+$|^(run) [0-9a-f-]{36}"
    plain = re.sub(numbered, r"\1\2 IDENTITY", text, flags=re.M)
    identity = r"(?<==)[0-9.]+(?= |$)|[0-9]+:$|h[0-9]+$|[0-9.]+\.[0-9]{9,10}$|(?<=^began )[0-9.]+$"
    return re.sub(identity, "IDENTITY", plain, flags=re.M).splitlines()


if __name__ == "__main__":
    print(json.dumps(read()))
