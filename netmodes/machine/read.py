"""Reads the facts of the host or of a namespace, and changes nothing.

It does without the runner (no plumbum), so that a dry run starts fast. All commands run at once.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from glob import escape
from pathlib import Path

from netmodes.errors import Refused
from netmodes.journal import ROOT, networks
from netmodes.machine import abilities, hardware, nics, resolv, thin
from netmodes.machine.alike import alike
from netmodes.machine.entries import Link
from netmodes.machine.facts import OUTSIDE, Facts
from netmodes.machine.normal import PARTS, listed
from netmodes.machine.parse import filterable, links_from
from netmodes.machine.progress import working
from netmodes.machine.query import (
    SECRETS,
    Entry,
    contents,
    globs,
    links_at,
    outputs,
    printing,
    texts_at,
    way,
)
from netmodes.machine.resolv import Names, names
from netmodes.machine.settings import SYS, SYSCTLS
from netmodes.machine.ssh import ssh_peer
from netmodes.machine.table import Table
from netmodes.place import NAMESPACES, named
from netmodes.plan.log import MEMBERS
from netmodes.plan.step import in_namespace

ROUTES = ("-j", "route", "show", "table", "all")
OF_IP = {
    "links": ("ip", "-d", "-j", "addr", "show"),
    "routes": ("ip", "-4", *ROUTES),
    "routes6": ("ip", "-6", *ROUTES),
    "rules": ("ip", "-4", "rule", "show"),
}

#: What bridged, nat and the doctor ask about: firewalls (only root may read them), IPv6's
#: rules, and neighbours by hand.
RULES = {
    "nft": ("nft", "list", "ruleset"),
    "iptables": ("iptables", "-S"),
    "rules6": ("ip", "-6", "rule", "show"),
    "bound": nics.BOUND,
    "qdiscs": ("tc", "qdisc", "show"),
    "neighbours": ("ip", "-d", "-j", "neigh", "show", "nud", "permanent"),
    "proxies": ("ip", "-d", "-j", "neigh", "show", "proxy"),
}

#: Routes as text, by their entry in JSON: ``ip -j`` leaves out which of their metrics are locked.
TEXTS = {
    "routes": ("ip", "-d", "-4", *ROUTES[1:]),
    "routes6": ("ip", "-d", "-6", *ROUTES[1:]),
}

#: What a copy of the machine takes beside (docs/kernel.md#copies): next hops with a number, and
#: what each firewall's own program saves.
WHOLE = {
    "nexthops": ("ip", "nexthop", "show"),
    "ipset": ("ipset", "save"),
    **{program: (program,) for program in thin.SAVED},
}

CONF = f"{SYS}/net/ipv4/conf"
SETTINGS = (
    *(f"{SYS}/{name.replace('.', '/')}" for name in SYSCTLS),
    f"{CONF}/*/forwarding",
    f"{CONF}/all/accept_redirects",
)

#: The tables of iptables-legacy that there are, which neither nft nor its own iptables lists.
LEGACY_TABLES = Path("/proc/net/ip_tables_names")
LEGACY_SAVE = "iptables-legacy-save"

TC = ("tc", "filter", "show", "dev")

#: The settings of a namespace that its packets depend on, for ``sysctl -r``.
INSIDE = r"^net\.ipv4\.(ip_forward|conf\.[^.]+\.(forwarding|rp_filter))$|\.all\.disable_ipv6$"

#: The way to an SSH session's client where there is none.
NO_WAY: Entry = {"command": ["ip"], "output": ""}

#: Every setting.
ANY = re.compile("")

#: Kinds of device that are no uplink and may be many.
INNER = ("bridge", "dummy")

#: What there is by name: namespaces, their files, a name service cache.
NAMED = (f"{NAMESPACES}/*", *map(str, (resolv.NETNS, resolv.NETNS / "*", resolv.NETNS / "*/*")))
NAMED += resolv.NSCD


@working("reads this machine")
def host_facts(
    *,
    thorough: bool = True,
    whole: bool = False,
    machine: bool = False,
    uplink: str | Callable[[Facts], str] | None = None,
    process: str = "",
    meanwhile: Callable[[], None] | None = None,
) -> Facts:
    """Read the host's facts.

    Args:
        thorough: also firewalls, rules, neighbours, managers and hardware, which bridged and nat
            need.
        whole: also what a copy of the machine takes: every setting, route and rule.
        machine: also programs, kinds of device and privileges, which the doctor needs, and the
            journals, for a machine elsewhere.
        uplink: the one device that is to be a port, by any of its names, for its hardware, managers
            and settings, or what chooses it by the other facts; "" for none. None for every device
            that could be one.
        process: a process's number, for its network namespace; "" for none.
        meanwhile: is called while the commands run.

    Raises:
        Refused: there is no ``ip``, or it fails.
    """
    rules = RULES | _legacy() if thorough else {}
    if uplink == "":
        rules.pop("bound", None)
    nets, peer = networks(), ssh_peer() or ""
    ways = _ways(peer) if thorough else {}
    ports = {"listening": nics.LISTENING} if any(one.published for one in nets) else {}
    printed = printing(OF_IP | rules | ways | ports | (_whole() if whole else {}))
    entries = {"route to ssh": NO_WAY} if thorough else {}
    entries |= _names()
    entries |= {"processes": links_at(f"/proc/{process}/ns/net")} if process else {}
    if meanwhile:
        meanwhile()
    entries |= printed()
    entries["ssh"] = {"variable": "SSH_CONNECTION", "output": peer}
    own, table = set[str](), Table(entries)
    if thorough and not whole:
        entries |= outputs(_texts(one for one in TEXTS if '"metrics"' in (table.output(one) or "")))
    if thorough:
        links = links_from(table) or []
        entries |= _filters(links, table)
        uplink = uplink(Facts.from_table(table, nets)) if callable(uplink) else uplink
        if uplink != "":
            own = {link.name for link in links if _is_asked_about(link, uplink)}
            entries |= hardware.read([escape(link.name) for link in links if not link.kind])
    entries["settings"] = _all_settings() if whole else texts_at(*SETTINGS, *_own(own))
    if machine:
        entries["abilities"] = {"python": abilities.__name__, "output": abilities.read()}
        entries["journals"] = texts_at(
            *(f"{ROOT}/*/{name}" for name in ("plan.json", "log", MEMBERS, "before.json"))
        )
    return Facts.from_table(table, nets)


def again(table: Table, names: Iterable[str]) -> Table:
    """What the commands behind these entries print now, as far as the table has them."""
    commands = OF_IP | RULES | _texts(TEXTS)
    return Table(outputs({name: commands[name] for name in names if name in table}))


def whole_table() -> Table:
    """All that two machines are compared by, and nothing else."""
    return Table({**outputs(_compared()), "settings": _all_settings()})


def packets_table(known: Table) -> Table:
    """All that packets of ours and rules depend on, of which some is known."""
    argvs = _compared()
    there = {name: known.entries[name] for name in argvs if name in known}
    missing = {name: argv for name, argv in argvs.items() if name not in there}
    table = Table(there | outputs(missing))
    spare = thin.spare(table)
    same = alike({one["ifname"] for one in listed(table, "links")} - spare)
    left_out = ("neigh", *(f"conf/{name}" for name in (*spare, *same)))
    folders = {f"{SYS}/net/{family}/{one}" for family in ("ipv4", "ipv6") for one in left_out}
    settings = _all_settings(folders, thin.SETTINGS)
    return thin.without(spare, Table({**table.entries, "settings": settings}), same)


def _compared() -> dict[str, tuple[str, ...]]:
    """The commands for what two machines are compared by."""
    entries = {entry for part in PARTS.values() for entry in part}
    return {name: argv for name, argv in (OF_IP | RULES | _whole()).items() if name in entries}


def _whole() -> dict[str, tuple[str, ...]]:
    """The commands for a copy; ``ipset`` would load its module, where nobody has a set."""
    there = Path("/sys/module/ip_set").exists()
    wanted = {name: argv for name, argv in WHOLE.items() if there or name != "ipset"}
    return wanted | _texts(TEXTS)


def _texts(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The commands that print these routes as text."""
    return {f"{name} text": TEXTS[name] for name in names}


def _legacy() -> dict[str, tuple[str, ...]]:
    """The command for what iptables-legacy has, where it has anything."""
    return {LEGACY_SAVE: WHOLE[LEGACY_SAVE]} if contents(LEGACY_TABLES) else {}


def namespace_facts(name: str) -> Facts:
    """Read the facts of a named namespace; needs root. What only a host has is unknown.

    Raises:
        Refused: there is no such namespace, or it cannot be read.
    """
    if name not in named():
        raise Refused(f"there is no namespace {name} (`ip netns`): `netmodes down {name}` first")
    commands = {what: RULES[what] for what in ("rules6", "nft")}
    commands |= OF_IP | {"sysctls": ("sysctl", "-a", "-r", INSIDE)}
    argvs = {what: in_namespace(name, *argv) for what, argv in commands.items()}
    if own := resolv.own_files(name):
        argvs["pids"] = ("ip", "netns", "pids", name)
    table = Table({**outputs(argvs), "names": texts_at(*resolv.seen_in(name))})
    past = resolv.past(own, table.lines("pids") or ())
    return replace(Facts.from_table(table), namespaces=None, programs=None, past=past)


def namespace_files() -> dict[str, dict[str, bool]]:
    """The files in each folder of /etc/netns, and whether each is ours."""
    return (names(Table(_names())) or Names()).netns or {}


def _ways(peer: str) -> dict[str, tuple[str, ...]]:
    """The commands for the ways outside and to the SSH session's client, if there is one."""
    asked = {"route outside": OUTSIDE, "route to ssh": peer}
    return {name: way(to) for name, to in asked.items() if to}


def _filters(links: list[Link], table: Table) -> dict[str, Entry]:
    """The entries of what may be an uplink, with tc's filters."""
    show: dict[str, tuple[str, ...]] = {}
    uplinks = [link.name for link in links if _may_be_uplink(link)]
    for name in filterable(table, uplinks):
        show |= {f"tc {name}": (*TC, name), f"tc {name} ingress": (*TC, name, "ingress")}
    paths = [f"{CONF}/{name}" for name in uplinks]
    return {**outputs(show), "uplinks": {"paths": paths, "output": uplinks}}


def _own(uplinks: Collection[str]) -> list[str]:
    """Where the settings of these devices are, and those of a new one."""
    devices = ["default", *map(escape, uplinks)] if uplinks else []
    return [f"{SYS}/net/{family}/conf/{name}/*" for family in ("ipv4", "ipv6") for name in devices]


def _is_asked_about(link: Link, uplink: str | None) -> bool:
    if uplink is None:
        return bool(link.ipv4) and _may_be_uplink(link)
    return uplink in (link.name, *link.altnames)


def _may_be_uplink(link: Link) -> bool:
    return link.kind not in INNER and link.name != "lo" and bool(link.addresses)


def _all_settings(pruned: Collection[str] = (), wanted: re.Pattern[str] = ANY) -> Entry:
    """Every setting of the network that can be read, but for these folders, and of these alone; by
    os, for there are many."""
    found = {}
    for folder, folders, files in os.walk(f"{SYS}/net"):
        folders[:] = sorted(one for one in folders if f"{folder}/{one}" not in pruned)
        paths = (f"{folder}/{name}" for name in sorted(set(files).difference(SECRETS)))
        for path in filter(wanted.match, paths):
            with suppress(OSError), open(path, errors="replace") as file:  # noqa: PTH123
                found[path] = file.read()
    return {"files": [f"{SYS}/net/**"], "output": found}


def _names() -> dict[str, Entry]:
    """How names are resolved, which namespaces there are, and whose their files are.

    The texts of those files are not kept: keys may be among them.
    """
    there = globs(*NAMED)
    files = [path for path in there if path.rsplit("/", 2)[0] == str(resolv.NETNS)]
    own = [path for path in files if not Path(path).is_symlink()]  # as `grep -r` has it
    marked = [path for path in own if resolv.is_marked(contents(Path(path)) or "")]
    grep = ["grep", "-rl", "--", resolv.MARKED, str(resolv.NETNS)]
    return {
        "names": texts_at(*resolv.RESOLVERS, resolv.SWITCH),
        "named": {"paths": [*NAMED], "output": sorted(there)},
        "marked": {"command": grep, "output": "".join(f"{path}\n" for path in marked)},
    }
