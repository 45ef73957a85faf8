"""The whole network state of a machine, normalised, as one flat dict: `==`, and a readable diff.

Outside it is called, ``state(lab.ok)``; inside it runs, as the one process that reads everything.

What is normalised is what cannot be the same twice: lifetimes, a bridge's timers and counts,
indexes and birth marks, the random MACs of devices of ours with their link-locals, and how far the
kernel is with testing an IPv6 address (tentative, then with a local route). No neighbours but
static ones and proxies.
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

Json = dict[str, Any]
State = dict[str, Any]

HOST = "the host"
NAMESPACES = Path("/run/netns")
FILES = (Path("/run/netmodes"), Path("/etc/netns"))

#: The lab's NIC is a veth as well, but its MAC was given: it is never random.
GIVEN_MACS = ("enp0s1",)

CLONE_NEWNET = 0x40000000

#: What holds a bridge's MAC.
BRIDGE_IDS = ("bridge_id", "root_id", "designated_bridge", "designated_root")

#: Counts of what happened in a firewall, by both programs.
COUNTED = re.compile(r"packets \d+ bytes \d+|\[\d+:\d+\]")

#: Counts of what happens and a random key, not settings.
COUNTS = ("nf_conntrack_count", "tcp_fastopen_key")

#: As text too, for ``ip -j`` prints no lock of an MTU.
READ = {
    "link": ("ip", "-j", "-d", "addr", "show"),
    "route": ("ip", "-4", "-j", "-d", "route", "show", "table", "all"),
    "route6": ("ip", "-6", "-j", "-d", "route", "show", "table", "all"),
    "routes": ("ip", "-4", "route", "show", "table", "all"),
    "rule": ("ip", "-4", "-j", "-d", "rule", "show"),
    "rule6": ("ip", "-6", "-j", "-d", "rule", "show"),
    "neigh": ("ip", "neigh", "show", "nud", "permanent"),
    "proxy": ("ip", "neigh", "show", "proxy"),
    "nft": ("nft", "list", "ruleset"),
    "iptables": ("iptables-save",),
    "ip6tables": ("ip6tables-save",),
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
    printed = dict(_read_all())
    links = json.loads(printed.pop("link"))
    ours = {link["ifname"] for link in links if _has_random_mac(link)}
    for link in links:
        yield f"link {link['ifname']}", _link(link, link["ifname"] in ours)
    for what in ("route", "route6"):
        yield from _routes(what, json.loads(printed.pop(what)))
    for what in ("rule", "rule6"):
        yield what, json.loads(printed.pop(what))
    for what, text in printed.items():
        yield what, _without_comments(text)


def _read_all() -> Iterator[tuple[str, str]]:
    """What each reader prints, all of them run at once; nothing where it is not installed."""
    running = {}
    for what, argv in READ.items():
        try:
            running[what] = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        except (FileNotFoundError, PermissionError):
            yield what, ""
    for what, process in running.items():
        yield what, process.communicate()[0]


def _without_comments(text: str) -> list[str]:
    """The lines that are not dates, without counts."""
    return [COUNTED.sub("", line) for line in text.splitlines() if not line.startswith("#")]


def _has_random_mac(link: Json) -> bool:
    kind = link.get("linkinfo", {}).get("info_kind")
    return kind in ("veth", "bridge", "dummy", "ifb") and link["ifname"] not in GIVEN_MACS


def _link(link: Json, random: bool) -> Json:
    """A device without what cannot be the same twice."""
    link = {key: value for key, value in link.items() if key not in ("ifindex", "link_index")}
    if "LOWER_UP" in link["flags"]:
        link["operstate"] = "UP"  # the kernel's word for it may come a second later
    link["addr_info"] = [_address(info, random) for info in link["addr_info"]]
    if random:
        link["address"] = "random"
    if "linkinfo" in link:
        link["linkinfo"] = _bridge_details(link["linkinfo"])
    return link


def _address(info: Json, random: bool) -> Json:
    lifetimes = {
        key: "forever" if info[key] == 2**32 - 1 else "limited"
        for key in ("valid_life_time", "preferred_life_time")
    }
    local = _unrandom(info["local"]) if random else info["local"]
    tested = {key: value for key, value in info.items() if key != "tentative"}
    return {**tested, **lifetimes, "local": local}


def _bridge_details(details: Any) -> Any:  # noqa: ANN401
    """A bridge's or port's details without timers and counts, and with ids that hold no MAC."""
    if not isinstance(details, dict):
        return details
    return {
        key: re.sub(r"[0-9a-f:]+$", "MAC", value) if key in BRIDGE_IDS else _bridge_details(value)
        for key, value in details.items()
        if not key.endswith("_timer") and "_n_" not in key  # fdb_n_learned: how many there are
    }


def _routes(what: str, routes: list[Json]) -> Iterator[tuple[str, list[Json]]]:
    """The routes by destination and table, in the kernel's order."""
    found: dict[str, list[Json]] = {}
    for route in routes:
        if "expires" in route:
            route["expires"] = "limited"
        if not _is_of_link_local(route):
            key = f"{what} {route['dst']} table {route['table']}"
            found.setdefault(key, []).append(route)
    yield from found.items()


def _is_of_link_local(route: Json) -> bool:
    """Whether the kernel adds it by itself, once it has tested a link-local address."""
    return route["type"] == "local" and route["dst"].startswith("fe80::")


def _unrandom(address: str) -> str:
    """A link-local address without the part that is made of the MAC."""
    return re.sub(r"^fe80::[0-9a-f]*:.*", "fe80::MAC", address)


def sysctls() -> Iterator[tuple[str, str]]:
    """Every setting under net that can be read."""
    for folder, _, names in os.walk("/proc/sys/net"):  # half as long as by pathlib: there are many
        for name in set(names).difference(COUNTS):
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
    identity = r"[0-9]+:$|h[0-9]+$|[0-9.]+\.[0-9]{9,10}$|(?<=^began )[0-9.]+$"
    return re.sub(identity, "IDENTITY", plain, flags=re.M).splitlines()


if __name__ == "__main__":
    print(json.dumps(read()))
