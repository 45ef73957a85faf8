"""Whether a copy is like the machine that it is a copy of: both were read, and are compared."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator

from netmodes.lab.copy import OF_ADDRESSES
from netmodes.lab.kinds import BRIDGE, OWN, PORT, new_bridges
from netmodes.lab.left import LeftOut
from netmodes.lab.rulesets import IPTABLES
from netmodes.machine.compare import Difference, differences, snapshot
from netmodes.machine.normal import COUNTS, PARTS, listed
from netmodes.machine.printed import link_from
from netmodes.machine.table import Table

#: What a device's entry holds that a packet may notice; a NIC has much more than a cable.
NOTICED: tuple[str, ...] = (
    "flags",
    "mtu",
    "master",
    "address",
    "group",
    "ifalias",
    "altnames",
    "stp_state",
)
NOTICED += (*BRIDGE, *PORT, *(name for words in OWN.values() for name in words))

#: The part of ``LeftOut`` for each part of a snapshot, but for firewalls.
OF = {"links": "links", "addresses": "addresses", "neighbours": "addresses"}
OF |= {"proxies": "addresses"}
OF |= dict.fromkeys(("routes", "routes6", "nexthops", "rules", "rules6"), "routes")

#: Settings that tell what only the first network namespace has, or whose numbers are users'.
ELSEWHERE = re.compile(r"/(tcp_ehash_entries|udp_hash_entries|ping_group_range)$")

#: Routes that every device has.
OF_DEVICES = re.compile(f"{OF_ADDRESSES.pattern}|unicast fe80::/64 .* proto kernel")

WHY = {"gone": "the copy has it not", "new": "the copy alone has it", "moved": "its place differs"}


def settled(look: Callable[[], Iterable[LeftOut]]) -> list[LeftOut]:
    """What differs for good: the kernel adds a device's IPv6 routes when it comes to it."""
    found = [*look()]
    for seconds in (0.2, 1) if found else ():
        time.sleep(seconds)
        found = [*look()]
        if not found:
            break
    return found


def unlike(machine: Table, copy: Table, known: Collection[LeftOut]) -> Iterator[LeftOut]:
    """What the copy has otherwise, but for what is known to be left out."""
    parts = [part for part in PARTS if part != "sysctls"]
    for each in differences(snapshot(machine, parts), snapshot(copy, parts), parts):
        if _counts(each, machine) and not any(_tells(left, each) for left in known):
            yield LeftOut(each.line, WHY[each.what], OF.get(each.part, "firewall"))
    there = copy.texts("settings")
    for place, value in machine.texts("settings").items():
        aside = COUNTS.search(place) or ELSEWHERE.search(place)
        if not aside and there.get(place, value).split() != value.split():
            yield LeftOut(f"{place} {value}", f"the copy has {there[place]}", "sysctls")


def _tells(left: LeftOut, each: Difference) -> bool:
    """Whether a difference is known: a line that is left out, or of a device; no stand-in's way."""
    of_it = f" {left.what} " in f" {each.line} "
    return of_it and (" " in left.what or left.part == "devices" or each.part == "links")


def _counts(each: Difference, machine: Table) -> bool:
    """Whether it matters, and is no other part's: iptables' own tables are iptables'."""
    words = each.line.split()
    if each.what == "unknown" or _comes_with_addresses(each):
        return False
    if each.part == "nft":
        program, names = IPTABLES.get(words[1], ("", ()))
        return words[2] not in names or not machine.output(f"{program}-save")
    if each.part == "links" and words[1:2] == ["address"]:
        return words[0] not in new_bridges([*map(link_from, listed(machine, "links"))])
    return each.part != "links" or not words[1:] or words[1] in NOTICED


def _comes_with_addresses(each: Difference) -> bool:
    """Whether it is a route that every device has, in whatever order, or that comes a second later.

    So IPv6's do, once the kernel has tested an address.
    """
    moved = each.what == "moved" and OF_DEVICES.match(each.line)
    late = OF_ADDRESSES.match(each.line) or each.line.startswith("table local ")
    return bool(moved or (each.part == "routes6" and late))
