"""A machine's table without the devices that neither rules nor packets of ours can name.

A container host has hundreds of cables to its containers, each with a hundred settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from netmodes.machine.normal import listed
from netmodes.machine.printed import Json, link_from
from netmodes.machine.table import Table

#: The settings that packets depend on; a device's are behind its name.
SETTINGS = re.compile(
    r"/proc/sys/net/(ipv4/(?!neigh/|conf/)|ipv4/conf/[^/]+/|bridge/|netfilter/|"
    r"ipv6/conf/[^/]+/(disable_ipv6|forwarding)$)"
)
OF_DEVICE = re.compile(r"/proc/sys/net/ipv[46]/conf/([^/]+)/")

#: What each firewall's own program saves.
PROGRAMS = ("iptables", "ip6tables", "ebtables", "arptables", "iptables-legacy", "ip6tables-legacy")
SAVED = tuple(f"{program}-save" for program in PROGRAMS)

#: The routes that every device has of IPv6 and of IPv4, and the device of one.
ROUTES = "routes6 text"
OF_LINK = re.compile(r"(\w+ )?(fe80:|ff00:)")
DEVICE = re.compile(r"\bdev (\S+)")

#: What may name a device.
NAMING = (
    "nft",
    "iptables",
    "nexthops",
    "ipset",
    *SAVED,
    "rules",
    "rules6",
    "routes text",
    ROUTES,
    "neighbours",
)

#: What is no name of a device, for each may be one word of a rule or a route.
WORD = re.compile(r"[^\s\"{},;:]+")


def thinned(table: Table) -> Table:
    """The same without spare devices, and with the settings alone that packets depend on."""
    return without(spare(table), table, {})


def without(spare: set[str], table: Table, same: Mapping[str, str]) -> Table:
    """The same without these devices, and with the settings alone that packets depend on.

    Args:
        spare: the devices.
        table: the table.
        same: devices whose settings it lacks, each with another that has the same.
    """
    links = [one for one in listed(table, "links") if one["ifname"] not in spare]
    every = table.texts("settings")
    settings = {
        path: text
        for path, text in every.items()
        if SETTINGS.match(path) and not _is_of(spare, path) and not _is_usual(path, every)
    }
    settings |= {
        path.replace(f"/conf/{one}/", f"/conf/{name}/"): text
        for name, one in same.items()
        for path, text in settings.items()
        if f"/conf/{one}/" in path
    }
    routes = [one for one in table.lines(ROUTES) or () if spare.isdisjoint(DEVICE.findall(one))]
    changed = {"links": json.dumps(links), ROUTES: "\n".join(routes), "settings": settings}
    return Table({**table.entries, **{name: {"output": one} for name, one in changed.items()}})


def _is_of(devices: set[str], path: str) -> bool:
    """Whether a setting is one of these devices'."""
    found = OF_DEVICE.match(path)
    return found is not None and found[1] in devices


def _is_usual(path: str, settings: dict[str, str]) -> bool:
    """Whether a device has it as every new one, which lo is not."""
    found = OF_DEVICE.match(path)
    if found is None or found[1] in ("all", "default", "lo"):
        return False
    return settings.get(path.replace(f"/{found[1]}/", "/default/")) == settings[path]


def spare(table: Table) -> set[str]:
    """The cables without addresses that nothing names, but for the first of each bridge."""
    links = [*listed(table, "links")]
    texts = (line for name in NAMING for line in table.lines(name) or () if not OF_LINK.match(line))
    named = {word for text in texts for word in WORD.findall(text)}
    named |= {one["link"] for one in links if "link" in one}
    firsts = {one["master"]: one["ifname"] for one in reversed(links) if "master" in one}
    kept = named | {*firsts.values()}
    return {one["ifname"] for one in links if _is_cable(one) and one["ifname"] not in kept}


def _is_cable(entry: Json) -> bool:
    """Whether it is a cable without addresses but those of the link."""
    link = link_from(entry)
    return link.kind == "veth" and all(one.scope == "link" for one in link.addresses)
