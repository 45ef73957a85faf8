"""A table's entries as lines, without what cannot be the same twice.

That is: lifetimes, counters, a bridge's timers, ifindexes, and how far the kernel is with testing
an IPv6 address (tentative, then with a local route).
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from netmodes.machine import values
from netmodes.machine.entries import FOREVER, ROUTE_WORDS
from netmodes.machine.printed import Json, entries
from netmodes.machine.settings import SYS
from netmodes.machine.table import Table

#: What a line is about, and the line; "" for what has no more to say.
Line = tuple[str, str]

#: What a device's entry has that tells nothing of it, or is another part's.
ASIDE = ("ifname", "ifindex", "link_index", "addr_info", "stats", "stats64")

#: What holds a bridge's MAC, and a port's.
BRIDGE_IDS = ("bridge_id", "root_id", "designated_bridge", "designated_root")

#: What holds the number that a bridge gave a port when it came.
NUMBERED = ("id", "no", "designated_port")

#: Settings that count, or hold a random key.
COUNTS = re.compile(r"nf_conntrack_count|_key|stable_secret")

#: What changes in a firewall's lines, and what stays of it.
COUNTED = (
    (re.compile(r"\bpackets \d+ bytes \d+"), "packets N bytes N"),
    (re.compile(r"\bused \d+ \w*bytes"), "used N bytes"),
    (re.compile(r"\bexpires \w+"), "expires"),
    (re.compile(r" ?\[\d+:\d+\] ?"), ""),
    (re.compile(r" -c \d+ \d+"), ""),
)


def _links(table: Table, entry: str) -> Iterator[Line]:
    for link in listed(table, entry):
        name = values.device(link["ifname"])
        yield name, ""
        running = {"operstate": "UP"} if "LOWER_UP" in link.get("flags", ()) else {}
        for key, value in _flat({**link, **running}):  # the kernel's word may come a second later
            yield name, f"{name} {key} {value}"


def _flat(data: Json) -> Iterator[tuple[str, str]]:
    """An object's values and those of objects in it, by the innermost name."""
    for key, value in data.items():
        if key == "info_slave_data":
            yield from _flat({own: each for own, each in value.items() if own not in NUMBERED})
        elif isinstance(value, dict):
            yield from _flat(value)
        elif key in BRIDGE_IDS:
            yield key, re.sub(r"[0-9a-f:]+$", "MAC", str(value))
        elif not (key in ASIDE or key.endswith("_timer") or "_n_" in key):  # fdb_n_learned
            yield key, _word(value)


def _addresses(table: Table, entry: str) -> Iterator[Line]:
    for link in listed(table, entry):
        name = values.device(link["ifname"])
        for address in entries(link["addr_info"]):
            yield f"dev {name}", f"{_address(address)} dev {name}"


def _address(address: Json) -> str:
    peer = f" peer {address['address']}" if "address" in address else ""
    aside = ("family", "local", "address", "prefixlen", "tentative", "valid_life_time", "protocol")
    rest = {key: value for key, value in address.items() if key not in aside}
    rest["preferred_life_time"] = _lifetime(address["preferred_life_time"])
    rest["valid_life_time"] = _lifetime(address["valid_life_time"])
    return f"{address['local']}{peer}/{address['prefixlen']} {_words(rest)}"


def _lifetime(seconds: int) -> str:
    return {0: "0", FOREVER: "forever"}.get(seconds, "limited")


def _routes(table: Table, entry: str) -> Iterator[Line]:
    """The routes of ``ip -j -d route``, as without ``-j``."""
    for route in listed(table, entry):
        rest = {key: value for key, value in route.items() if key not in ("type", "dst")}
        words = _words({ROUTE_WORDS.get(key, key): value for key, value in rest.items()})
        yield from _route(f"{route.get('type', 'unicast')} {route['dst']} {words}")


def _route_lines(table: Table, entry: str) -> Iterator[Line]:
    """The routes of ``ip -d route``, which alone tells the lock of an MTU."""
    for line in whole_routes(table.lines(entry) or []):
        yield from _route(line)


def whole_routes(lines: Iterable[str]) -> Iterator[str]:
    """The routes of ``ip -d route``, each with its next hops on one line."""
    return filter(str.strip, "\n".join(lines).replace("\n\t", " ").split("\n"))


def _route(line: str) -> Iterator[Line]:
    """A route by table and destination; not what the kernel adds by itself for a link-local."""
    words = re.sub(r"\bexpires \d+(sec)?", "expires", line).split()
    if words[:1] != ["local"] or not words[1].startswith("fe80::"):
        number = words[words.index("table") + 1] if "table" in words else "main"
        yield f"table {number} {words[1]}", " ".join(words)


def _rules(table: Table, entry: str) -> Iterator[Line]:
    for line in table.lines(entry) or ():
        priority, _, rest = line.partition(":")
        yield priority, f"{priority}: {rest.strip()}"


def _plain(table: Table, entry: str) -> Iterator[Line]:
    yield from ((" ".join(line.split()), "") for line in table.lines(entry) or ())


def _neighbours(table: Table, entry: str) -> Iterator[Line]:
    for each in sorted(listed(table, entry), key=str):
        line = _words({key: value for key, value in each.items() if key != "dst"})
        yield f"{each['dst']} dev {each.get('dev')}", f"{each['dst']} {line}"


def _settings(table: Table, entry: str) -> Iterator[Line]:
    """The settings by their folder, as sysctl writes them: a device's name may have a dot."""
    swap = str.maketrans("/.", "./")
    for path, text in sorted(table.texts(entry).items()):
        name = path.removeprefix(f"{SYS}/").translate(swap)
        folder, _, own = name.rpartition(".")
        if not COUNTS.search(own):
            yield folder, f"{name} = {' '.join(text.split())}"


def _nft(table: Table, entry: str) -> Iterator[Line]:
    """The rules by table and chain, set or map."""
    above: list[str] = []
    for line in map(str.strip, table.lines(entry) or ()):
        if line.endswith("{") and len(above) < 2:
            above.append(line.removesuffix(" {"))
            yield " ".join(above), ""
        elif line == "}":
            above = above[:-1]
        elif line:
            yield " ".join(above), f"{' '.join(above)}: {_uncounted(line)}"


def _saved(table: Table, entry: str) -> Iterator[Line]:
    """The rules of ``iptables-save`` and ``iptables -S``, and of the like, by table and chain.

    A chain that accepts and has no rules is as good as none.
    """
    above = ""
    for line in filter(None, map(_uncounted, table.lines(entry) or ())):
        words = line.split()
        if line.startswith("*"):
            above = f"{line[1:]} "
        elif words[0] in ("-A", "-N"):
            yield above + words[1], above + line if words[0] == "-A" else ""
        elif words[0] == "-P" or words[0].startswith(":"):
            yield from _policy(above, *line.replace("-P ", ":").lstrip(":").split()[:2])


def _policy(above: str, chain: str, policy: str) -> Iterator[Line]:
    if policy != "ACCEPT":
        yield above + chain, "" if policy == "-" else f"{above}{chain} policy {policy}"


def _sets(table: Table, entry: str) -> Iterator[Line]:
    """The elements of ``ipset save`` by their set."""
    for line in sorted(table.lines(entry) or ()):
        words = re.sub(r" (timeout|initval) \w+", r" \1", _uncounted(line)).split()
        yield words[1], " ".join(words)


def _uncounted(line: str) -> str:
    for pattern, instead in COUNTED:
        line = pattern.sub(instead, line)
    return line


def listed(table: Table, entry: str) -> Iterator[Json]:
    """What an ``ip -j`` command listed."""
    yield from entries(json.loads(table.output(entry) or "[]", strict=False))


def _words(data: Json) -> str:
    """An object as ``ip`` writes it: names and values, flags alone."""
    pairs = ((key, _word(value)) for key, value in data.items() if value != [])
    return " ".join(f"{key} {value}".strip() for key, value in pairs)


def _word(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    if value is None or value is True:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


Parse = Callable[[Table, str], Iterator[Line]]

#: Each part with the entries that may hold it, the best first, and what reads them.
PARTS: dict[str, dict[str, Parse]] = {
    "links": {"links": _links},
    "addresses": {"links": _addresses},
    "routes": {"routes text": _route_lines, "routes": _routes},
    "routes6": {"routes6 text": _route_lines, "routes6": _routes},
    "nexthops": {"nexthops": _plain},
    "rules": {"rules": _rules},
    "rules6": {"rules6": _rules},
    "neighbours": {"neighbours": _neighbours},
    "proxies": {"proxies": _neighbours},
    "sysctls": {"settings": _settings},
    "nft": {"nft": _nft},
    "iptables": {"iptables-save": _saved, "iptables": _saved},
    "ip6tables": {"ip6tables-save": _saved},
    "ebtables": {"ebtables-save": _saved},
    "arptables": {"arptables-save": _saved},
    "iptables-legacy": {"iptables-legacy-save": _saved},
    "ip6tables-legacy": {"ip6tables-legacy-save": _saved},
    "ipset": {"ipset": _sets},
}
