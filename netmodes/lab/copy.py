"""A copy of a machine, from its facts: what a lab is made of in place of the article's machine.

Facts may be somebody else's: each word goes to ``ip`` as one, or is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, starmap

from netmodes.commands.handover_batch import entered, in_order, in_words
from netmodes.errors import Refused
from netmodes.lab import kinds, lan, rulesets
from netmodes.lab.kinds import Device
from netmodes.lab.left import LeftOut, not_carried
from netmodes.lab.rulesets import Block
from netmodes.machine.entries import Link
from netmodes.machine.facts import Facts
from netmodes.machine.normal import listed, whole_routes
from netmodes.machine.printed import link_from
from netmodes.machine.resolv import RESOLVERS, is_loopback, parsed, written
from netmodes.machine.table import AGAIN, Table, not_facts
from netmodes.plan.text import NOT_AS_WRITTEN, PLAIN, lines_of

SYS = "/proc/sys/net"

#: A setting's place, which leads to no other; and its value.
PLACE = re.compile(rf"{SYS}(/(?!\.{{1,2}}(/|$))[^/\s\0]+)+")

#: A word for ``ip -batch``, which would take others for comments, quotes or more than one.
WORD = re.compile(r"[A-Za-z0-9_.:/@+,-]+")

#: What ``ip route`` prints and does not take, or takes otherwise.
SHOWN = (
    (re.compile(r" (linkdown|dead|offload|trap|rt_trap|rt_offload|pref medium)\b"), ""),
    (re.compile(r" error -?\d+"), ""),
    (re.compile(r"\bexpires (\d+)sec"), r"expires \1"),
    (re.compile(r" nh_info .*"), ""),
    (re.compile(r"\bsegs \d+ \[ (\S+) \]"), r"segs \1"),
    (re.compile(r"( nhid \d+).*? (table|proto|scope)\b"), r"\1 \2"),
    (re.compile(r" \[(detached|unresolved)\]"), ""),
    (re.compile(r"\[l3mdev-table\]"), "l3mdev"),
)

#: Routes that the kernel makes with addresses, and takes back with them.
OF_ADDRESSES = re.compile(r"(local|broadcast|multicast|anycast) .* proto kernel\b")

#: How a device makes its IPv6 addresses, which as a setting it would do at once.
GEN_MODE = re.compile(rf"{SYS}/ipv6/conf/(?!all/|default/)([^/]+)/addr_gen_mode")
MODES = dict(zip("0123", ("eui64", "none", "stable_secret", "random"), strict=True))


@dataclass(frozen=True)
class Copy:
    """What a copy is made of; all are lines for ``ip -batch``, in their order, but for the last.

    Args:
        devices: its devices.
        links: what they have before they are up.
        up: those that are switched on.
        last: how they make IPv6 addresses.
        addresses: their addresses.
        nexthops: next hops with a number.
        routes: the IPv4 routes but those that addresses bring; with them all that there are.
        routes6: the IPv6 routes.
        rules: the IPv4 policy rules.
        rules6: the IPv6 ones.
        neighbours: those that were entered by hand.
        lan: the LAN, at its router.
        aside: what at the router takes frames for any MAC.
        namespaces: the named namespaces.
        settings: the settings of the network, by their place.
        firewall: the rules.
        servers: the name servers, and whether the machine itself is each.
        resolv: the text of each resolv.conf, by its place.
        left: what is known to be left out before anything is made.
    """

    devices: tuple[Device, ...]
    links: tuple[str, ...]
    up: tuple[str, ...]
    last: tuple[str, ...]
    addresses: tuple[str, ...]
    nexthops: tuple[str, ...]
    routes: tuple[str, ...]
    routes6: tuple[str, ...]
    rules: tuple[str, ...]
    rules6: tuple[str, ...]
    neighbours: tuple[str, ...]
    lan: tuple[str, ...]
    aside: tuple[str, ...]
    namespaces: tuple[str, ...]
    settings: dict[str, str]
    firewall: tuple[Block, ...]
    servers: dict[str, bool]
    resolv: dict[str, str]
    left: tuple[LeftOut, ...]


def is_whole(table: Table) -> bool:
    """Whether it holds what a copy takes, unlike facts of an earlier netmodes."""
    return "settings" in table and "routes text" in table


def copied(table: Table, missing: Collection[str] = ()) -> Copy:
    """The copy of a machine.

    Args:
        table: its facts.
        missing: kinds of device that the kernel of the copy has not.

    Raises:
        Refused: these facts do not hold what a copy takes, or a value is not what it is taken for.
    """
    if not is_whole(table):
        raise Refused(f"these facts do not hold what a copy takes: {AGAIN}")
    facts = Facts.from_table(table)
    try:
        return _copied(facts, table, missing)
    except NOT_AS_WRITTEN as error:
        raise not_facts(str(error) or type(error).__name__) from error


def _copied(facts: Facts, table: Table, missing: Collection[str]) -> Copy:
    left = list[LeftOut]()
    every = zip(facts.known("links"), listed(table, "links"), strict=True)
    found = [one for one in every if _is_named(one[0].name, left)]
    devices = [one for one in kinds.devices(found, missing) if _are_words(one.add)]
    machine = lan.Machine(facts)
    segments = lan.segments_of(machine, devices)

    def safe(lines: Iterable[str]) -> tuple[str, ...]:
        return tuple(line for line in lines if _is_safe(line, left))

    return Copy(
        (*devices,),
        safe(chain(*starmap(kinds.settings, found), *starmap(kinds.port_settings, found))),
        safe(_up([link for link, _ in found])),
        safe(_made_again(table)),
        safe(_addresses(facts)),
        safe(_nexthops(table)),
        safe(routes(table.lines("routes text") or [])),
        safe(routes(table.lines("routes6 text") or [])),
        safe(rules(table.lines("rules") or [])),
        safe(rules(table.lines("rules6") or [])),
        safe(f"neigh add {entered(one, one.dev)}" for one in facts.neighbours or ()),
        safe(lan.lan(segments, machine, devices)),
        (*lan.aside(segments, facts),),
        tuple(name for name in facts.namespaces or () if PLAIN.fullmatch(name)),
        dict(_settings(table)),
        _firewall(table, left),
        _servers(facts),
        {
            path: written(*parsed(text))
            for path, text in table.texts("names").items()
            if path in RESOLVERS
        },
        (*left, *not_carried(facts, table)),
    )


def _up(links: list[Link]) -> Iterator[str]:
    yield from (f"link set dev {link.name} up" for link in links if link.is_up)
    yield from kinds.without_carrier(links)


def kinds_of(table: Table) -> set[str]:
    """The kinds of its devices that a kernel may not have."""
    return {link_from(one).kind for one in listed(table, "links")} - {"", "veth", "bridge"}


def _is_named(name: str, left: list[LeftOut]) -> bool:
    """Whether ``ip -batch`` takes this device's name for a name."""
    if not WORD.fullmatch(name):
        left.append(LeftOut(name, "`ip -batch` takes no such name", "devices"))
    return WORD.fullmatch(name) is not None


def _is_safe(line: str, left: list[LeftOut]) -> bool:
    """Whether each word of a line is one to ``ip -batch``, and loads no file."""
    safe = _are_words(line) and not {"bpf", "netns"}.intersection(line.split(" "))
    if not safe:
        left.append(LeftOut(line, "it is not as `ip` prints it", "routes"))
    return safe


def _are_words(line: str) -> bool:
    return all(map(WORD.fullmatch, line.split(" ")))


def _addresses(facts: Facts) -> Iterator[str]:
    for link in facts.known("links"):
        for address in in_order([*link.addresses]):
            if not (link.name == "lo" and address.ip.is_loopback and not address.label[2:]):
                yield f"addr add {in_words(address)} dev {link.name}"


def _nexthops(table: Table) -> Iterator[str]:
    for line in table.lines("nexthops") or ():
        words = re.sub(r" scope \w+| (linkdown|dead|offload)\b", "", line).split()
        yield " ".join(("nexthop", "add", *words))


def routes(lines: Iterable[str]) -> list[str]:
    """The routes of ``ip -d route``, as it takes them, without those that addresses bring."""
    every = _as_given(whole_routes(lines))
    return [line for line in every if not OF_ADDRESSES.match(line)]


def rules(lines: Iterable[str]) -> list[str]:
    """The lines of ``ip rule``, as it takes them."""
    parts = (line.partition(":") for line in lines)
    return _as_given(f"pref {priority} {words}" for priority, _, words in parts if words)


def _as_given(lines: Iterable[str]) -> list[str]:
    """Lines as ``ip`` takes them; there may be many, so that all are changed at once."""
    text = "\n".join(lines)
    for pattern, instead in SHOWN:
        text = pattern.sub(instead, text)
    return [" ".join(line.split()) for line in lines_of(text)]


def _made_again(table: Table) -> Iterator[str]:
    """The lines after which devices make their own IPv6 addresses as they did, but none at once."""
    for path, value in table.texts("settings").items():
        if (found := GEN_MODE.fullmatch(path)) and value in MODES:
            yield f"link set dev {found[1]} addrgenmode {MODES[value]}"


def _settings(table: Table) -> Iterator[tuple[str, str]]:
    for path, value in table.texts("settings").items():
        if (
            PLACE.fullmatch(path)
            and not GEN_MODE.fullmatch(path)
            and value.replace("\t", " ").isprintable()
        ):
            yield path, value


def _firewall(table: Table, left: list[LeftOut]) -> tuple[Block, ...]:
    try:
        return (*rulesets.blocks(table),)
    except rulesets.NotCarried as error:
        left.append(LeftOut("the firewall", f"no program prints {error}", "firewall"))
        return ()


def _servers(facts: Facts) -> dict[str, bool]:
    own = {str(one.ip) for link in facts.known("links") for one in link.addresses}
    servers = (one for one in facts.name_servers() if "%" not in one)
    return {one: is_loopback(one) or one in own for one in servers}
