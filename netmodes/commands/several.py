"""The words of several namespaces at once: `ip -batch`, and a cable whose end is born inside.

One batch makes what a process each would make in many times the time (docs/kernel.md#batches).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from zlib import crc32

from netmodes.commands import looks
from netmodes.plan.look import Look
from netmodes.plan.network import Topology
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.text import called
from netmodes.plan.undo import ITEM, Argv, Undo

#: What reads lines of ``ip``, and ends at the first that fails.
BATCH = ("ip", "-batch", "-")

#: Where the numbers of groups end, and where those begin that no table of groups has (iproute2).
GROUPS, FIRST_GROUP = 1 << 31, 1 << 16


def group(mode: str, names: Argv) -> str:
    """A number for the devices of these, like one drawn at random, that nobody else has.

    Each plan of these names has the same, so that what is shown is what runs, and a script takes
    back what a run has made.
    """
    drawn = crc32(" ".join((mode, *names)).encode())
    return str(FIRST_GROUP + drawn % (GROUPS - FIRST_GROUP))


def no_namespace(names: Argv) -> Requirement:
    """None of these names is a namespace's."""
    otherwise = f"{called(names)} cannot be made, for a namespace has such a name: choose others"
    return Requirement(looks.namespaces(names), False, otherwise)


def no_device(names: Argv, group: str) -> Iterator[Requirement]:
    """None of these names is a device's of the host, and no device is in the group."""
    pattern = r'\{"ifindex":([0-9]+),.*"ifname":"([^"]+)",'
    found = looks.links(pattern, item=2, among=names)
    otherwise = f"{called(names)} cannot be made, for a device has such a name: choose others"
    yield Requirement(found, False, otherwise)
    otherwise = f"a device is in group {group} (`ip link show group {group}`): choose other names"
    yield Requirement(looks.links(f'"group":"({group})"'), False, otherwise)


def add_namespaces(names: Argv) -> Step:
    """``ip netns add`` for each.

    One that somebody else made after the run was cut off has a process or a device that is up.
    """
    devices = ("ip", "-n", ITEM, "-j", "link", "show")
    others = (
        Look(("ip", "netns", "pids", ITEM), ("([0-9]+)",)),
        Look(devices, (f'"ifname":"([^"]+)",{looks.UP}',), looks.LOOPBACK),
    )
    undo = Undo(looks.namespaces(names), BATCH, f"netns del {ITEM}\n", others=others, items=names)
    why = f"networks of their own for {called(names)}: no device but a loopback that is down"
    return Step(BATCH, why, stdin=_lines(f"netns add {name}" for name in names), undo=undo)


def add_cables(
    nets: Iterable[Topology], names: Argv, group: str, *words: str, mtu: int | None = None
) -> Step:
    """``ip link add … type veth peer … netns …`` for each: a cable whose end is born inside.

    Args:
        nets: what each namespace has.
        names: the namespaces.
        group: the number by which the host's ends are deleted at once.
        words: more for the host's end of each: its bridge, that it is up.
        mtu: that of both ends; None for a new device's.
    """
    each = [*zip(names, nets, strict=True)]
    ends = tuple(net.host_device for _, net in each)
    size = "" if mtu is None else f" mtu {mtu}"
    own = "".join(f" {word}" for word in words)
    lines = (
        f"link add {net.host_device}{size}{own} group {group} "
        f"type veth peer name {net.device}{size} netns {name}"
        for name, net in each
    )
    undo = Undo(looks.in_group(group), BATCH, f"link del dev {ITEM}\n", items=ends, group=group)
    why = f"a cable for each of them: what enters {ends[0]} leaves in {names[0]}, and so on"
    return Step(BATCH, why, stdin=_lines(lines), undo=undo)


def at_once(steps: Iterable[Step], why: str) -> Step:
    """Commands of ``ip`` on the host, without an undo, in one batch."""
    return Step(BATCH, why, stdin=_of(steps))


def merged(steps: Iterable[Step], why: str, undo: Undo) -> Iterator[Step]:
    """Guard commands of ``ip`` on the host in one batch with its undo, if there are any."""
    if own := [*steps]:
        yield replace(at_once(own, why), undo=undo).as_guard(own[0].prevents)


def inside(namespace: str, steps: Iterable[Step]) -> Step:
    """Commands of ``ip`` in a namespace, in one batch."""
    own = [*steps]
    why = f"in {namespace}: " + "; ".join(step.why for step in own)
    return Step(("ip", "-n", namespace, "-batch", "-"), why, stdin=_of(own))


def settings(steps: Iterable[Step], why: str) -> Iterator[Step]:
    """``sysctl -w`` of all that these write, if any; the settings vanish with their devices."""
    own = [*steps]
    words = [word for step in own for word in step.argv[2:]]
    if own:
        yield Step(("sysctl", "-w", *words), why).as_guard(own[0].prevents)


def _of(steps: Iterable[Step]) -> str:
    return _lines(" ".join(step.argv[1:]) for step in steps)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
