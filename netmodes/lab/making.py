"""Makes the copy of a machine, on the lab's machine and at its router.

What the kernel or a program here refuses is left out and named, and the rest goes on.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from subprocess import CompletedProcess

from netmodes.errors import Refused
from netmodes.lab import servers
from netmodes.lab.copy import SYS, Copy, routes, rules
from netmodes.lab.kinds import AT_ROUTER, Device
from netmodes.lab.lan import OUTSIDE_6
from netmodes.lab.left import LeftOut
from netmodes.lab.machine import OUTSIDE_IP, OUTSIDE_NAME
from netmodes.lab.rulesets import Block
from netmodes.plan.text import lines_of, shortened

#: What ``ip -force -batch`` says after what it says of a line that failed.
FAILED = re.compile(r"((?:.*\n)*?)Command failed -:(\d+)\n")

#: The LAN's router has its addresses at once, passes on what comes back to it for the LAN, tells
#: nobody of a shorter way, and takes of each NIC only what comes from there.
OF_ROUTER = (
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.default.accept_ra=0",
    "net.ipv4.conf.default.rp_filter=1",
    "net.ipv4.conf.all.rp_filter=1",
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.default.send_redirects=0",
    "net.ipv4.conf.all.send_redirects=0",
)

#: New devices take these, so that addresses are the machine's own alone, and at once.
DEFAULTS = {"accept_dad": "0", "addr_gen_mode": "1"}

#: A setting of a device's own.
OF_DEVICE = re.compile(rf"({SYS}/ipv[46]/(?:conf|neigh))/(?!all/|default/)([^/]+)/([^/]+)")

#: Seconds for all rules; nft reads the whole of a set of intervals each time that it adds to it.
LONGEST = 20

#: Frames for another's MAC are taken, as a switch and the machines behind it would.
ASIDE = """
table netdev aside {{
    chain {device} {{
        type filter hook ingress device {device} priority 0;
        meta pkttype other meta pkttype set host
    }}
}}
"""


def make(copy: Copy) -> list[LeftOut]:
    """Make it; what was left out, but for what follows from a device that is."""
    found = _make(copy)
    gone = {each.what for each in found if each.part == "devices"}
    ports = tuple(f" master {each.what}" for each in found if each.part == "links")
    return [
        each
        for each in found
        if each.what in gone
        or (gone.isdisjoint(each.what.split()) and not each.what.endswith(ports))
    ]


def _make(copy: Copy) -> list[LeftOut]:
    left = [*copy.left]
    run((*AT_ROUTER, "sysctl", "-qe", "-w", *OF_ROUTER))
    for place in (f"{SYS}/ipv4/conf", f"{SYS}/ipv6/conf"):
        settle({f"{place}/default/{name}": value for name, value in DEFAULTS.items()})
    settle({path: text for path, text in copy.settings.items() if _is_early(path)})
    left += _devices(copy.devices)
    left += _ip(copy.links, "links")
    settle(_unusual(copy.settings))
    _router(copy)
    left += _ip(copy.up, "links")
    _wait_for_carriers()
    left += _ip(copy.addresses, "addresses")
    left += _ip(copy.nexthops, "routes")
    for family, wanted in (("-4", copy.routes), ("-6", copy.routes6)):
        left += _routes(family, wanted)
    for family, wanted in (("-4", copy.rules), ("-6", copy.rules6)):
        left += _rules(family, wanted)
    left += _ip(copy.neighbours, "addresses")
    _ip([f"netns add {name}" for name in copy.namespaces], "links")
    left += firewall(copy.firewall)
    settle(copy.settings)
    left += _ip(copy.last, "links")
    _names(copy)
    return left


def settle(wanted: dict[str, str]) -> None:
    """Write the settings that are not as wanted; what is not here, or is another's, stays."""
    for path, text in wanted.items():
        with suppress(OSError):
            with open(path) as file:  # noqa: PTH123
                differs = file.read().rstrip("\n") != text
            if differs:
                with open(path, "w") as file:  # noqa: PTH123
                    file.write(text)


def _is_early(path: str) -> bool:
    """Whether a setting is written before there are devices."""
    return path.rpartition("/")[2] not in DEFAULTS and not OF_DEVICE.match(path)


def _unusual(settings: dict[str, str]) -> dict[str, str]:
    """What devices are not given as new ones, to be written before they have addresses."""
    found: dict[str, str] = {}
    for path, text in settings.items():
        if (of := OF_DEVICE.match(path)) and of[3] not in DEFAULTS:
            usual = settings.get(f"{of[1]}/default/{of[3]}")
            found |= {path: text} if usual != text or of[2] == "lo" else {}
    return found


def missing(kinds: Iterable[str]) -> set[str]:
    """Those of these kinds of device that this kernel cannot make, or not for this user."""
    return {kind for kind in kinds if not _has_kind(kind)}


def _has_kind(kind: str) -> bool:
    if kind == "tun":
        return os.access("/dev/net/tun", os.R_OK | os.W_OK)
    tried = run(("ip", "link", "add", "try0", "type", kind))
    run(("ip", "link", "del", "try0"))
    return not re.search("[Uu]nknown device type|not supported", tried.stderr)


def _devices(devices: Iterable[Device]) -> Iterator[LeftOut]:
    """Make the devices; where an index is not free, with another."""
    there = {link.split(":")[1].strip().split("@")[0] for link in _lines("ip", "-o", "link")}
    by_line = {one.add: one for one in devices if one.name not in there}
    for line, error in _batch([*by_line]):
        if _batch([re.sub(r" index \d+", "", line)]):
            yield LeftOut(by_line[line].name, f"it cannot be made here ({error})", "devices")
    yield from (one.left for one in by_line.values() if one.left)


def _router(copy: Copy) -> None:
    _batch(copy.lan, *AT_ROUTER)
    _batch(OUTSIDE_6, *AT_ROUTER, family="-6")
    for device in copy.aside:
        run((*AT_ROUTER, "nft", "-f", "-"), ASIDE.format(device=device))


def _routes(family: str, wanted: tuple[str, ...]) -> list[LeftOut]:
    """Make the routes of a family those that are wanted; what is on-link comes before gateways, and
    these before what leads to them otherwise.

    Equal routes stand in their order, of which the kernel takes the first.
    """
    there = routes(_lines("ip", "-d", family, "route", "show", "table", "all"))
    old, groups = _by_destination(there), _by_destination(wanted)
    stay = {to for to, lines in old.items() if groups.get(to, [])[: len(lines)] == lines}
    _batch([f"route del {line}" for to in old if to not in stay for line in old[to]], family=family)
    new = {to: lines[len(old[to]) if to in stay else 0 :] for to, lines in groups.items()}
    order = [line for lines in sorted(new.values(), key=_turn) for line in lines]
    return _ip([f"route append {line}" for line in order], "routes", family)


def _turn(lines: list[str]) -> int:
    """When the routes to one destination are made: on-link ones, then by gateways the widest."""
    if not any(map(_has_next_hop, lines)):
        return -1
    to = lines[0].split()[1]
    return 0 if to == "default" else int(to.partition("/")[2] or 128)


def _by_destination(lines: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        where = re.findall(r" (?:table|metric) \S+", line)
        found.setdefault(f"{line.split()[1]}{''.join(where)}", []).append(line)
    return found


def _has_next_hop(line: str) -> bool:
    return " via " in line or " nhid " in line


def _rules(family: str, wanted: tuple[str, ...]) -> list[LeftOut]:
    there = rules(_lines("ip", family, "rule", "show"))
    left = _ip([f"rule add {line}" for line in wanted if line not in there], "routes", family)
    _batch([f"rule del {line}" for line in there if line not in wanted], family=family)
    return left


def _wait_for_carriers(seconds: float = 5) -> None:
    """Wait until the kernel has told each device of its carrier, as it does once a second."""
    deadline = time.monotonic() + seconds
    while re.search("LOWER_UP.* state (DOWN|LOWER)", "\n".join(_lines("ip", "-o", "link"))):
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)


def _names(copy: Copy) -> None:
    for server, is_own in [*copy.servers.items()][:6]:
        servers.names(server, OUTSIDE_NAME, OUTSIDE_IP, () if is_own else AT_ROUTER)
    for place, text in copy.resolv.items():
        servers.resolve(place, text)


def _ip(lines: Iterable[str], part: str, family: str = "") -> list[LeftOut]:
    """Give lines to ``ip``; those that it refuses."""
    failed = _batch([*lines], family=family)
    return [LeftOut(line, error, part) for line, error in failed]


def _batch(
    lines: Iterable[str], *place: str, family: str = "", again: bool = False
) -> list[tuple[str, str]]:
    """The lines that ``ip -batch`` refuses, each with its error.

    It ends at a line that it does not understand and tells not which: each half is tried again.
    """
    lines = [*lines]
    if not lines:
        return []
    words = ("ip", *filter(None, [family]), "-force", "-batch", "-")
    done = run((*place, *words), "".join(f"{line}\n" for line in lines))
    said = FAILED.sub("", done.stderr)
    if done.returncode and said.strip() and "Command failed" not in said:
        if len(lines) == 1:
            return [(lines[0], _sentence(said))]
        half = len(lines) // 2
        parts = (lines[:half], lines[half:])
        return [one for part in parts for one in _batch(part, *place, family=family, again=True)]
    found = (
        (lines[int(line) - 1], _sentence(error)) for error, line in FAILED.findall(done.stderr)
    )
    return [one for one in found if not (again and "exists" in one[1])]


def firewall(blocks: Iterable[Block]) -> Iterator[LeftOut]:
    """Load all rules; some alone would drop what others accept.

    Raises:
        Refused: this takes too long.
    """
    deadline = time.monotonic() + LONGEST
    for block in blocks:
        if time.monotonic() > deadline:
            raise Refused(f"the rules of its firewall take over {LONGEST} s to load")
        yield from load(block)


def load(block: Block) -> list[LeftOut]:
    """Load rules; those that are refused, one by one."""
    done = run(block.argv, block.begin + "".join(f"{line}\n" for line in block.lines) + block.end)
    if done.returncode == 0 or not block.lines:
        return []
    if len(block.lines) == 1:
        rule = shortened(block.lines[0].partition("\n")[0])
        return [LeftOut(rule, f"{block.argv[0]}: {_sentence(done.stderr)}", "firewall")]
    half = len(block.lines) // 2
    parts = (block.lines[:half], block.lines[half:])
    return [each for part in parts for each in load(replace(block, lines=part))]


def _sentence(error: str) -> str:
    """The first line of an error, without the words that say that it is one."""
    lines = [line for line in lines_of(error) if line.strip()] or [""]
    return re.sub(r"^(Error: |RTNETLINK answers: )", "", lines[0]).rstrip(".")


def _lines(*argv: str) -> list[str]:
    return lines_of(run(argv).stdout)


def run(argv: tuple[str, ...], given: str = "") -> CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, input=given, capture_output=True, text=True, check=False, env=os.environ
        )
    except OSError as error:
        return CompletedProcess(argv, 1, "", f"{argv[0]}: {error.strerror}")
