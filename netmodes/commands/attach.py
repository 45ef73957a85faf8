"""The words of a namespace that is there already, a running process's or container's.

It is not deleted with its network. So what stays in it when the cable goes has an undo of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from netmodes.commands import iproute, looks
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.look import PROCESSES, Look, literal
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.undo import Argv, Undo

#: A process, perhaps with the inode of its network namespace.
PROCESS = re.compile(r"[1-9][0-9]{0,9}(:[1-9][0-9]{0,19})?")

#: Devices that a new namespace may have, down, where the kernel has tunnels (ip-sysctl.rst,
#: fb_tunnels_only_for_init_net).
BORN = "lo|tunl0|gre0|gretap0|erspan0|ip_vti0|sit0|ip6tnl0|ip6gre0|ip6_vti0"

#: Lists which namespace a file leads to, and the devices there; a name may be gone.
DEVICES = """\
[ -e "$0" ] || exec echo gone
exec nsenter --net="$0" sh -c 'readlink /proc/self/ns/net && exec ip -j link show'
"""
LISTED = r'^(gone|net:\[[0-9]+\].\[\{.*"ifname":"lo",.*\}\])$'


def validate(process: str, names: Argv) -> None:
    """Refuse what is no process, and several names for its one namespace; "" is no process."""
    if process and not PROCESS.fullmatch(process):
        raise Refused(f"{process!r} is not a process's number: `pgrep -a NAME` shows them")
    if process and names[1:]:
        raise Refused(f"process {pid(process)} has one namespace: give one name")


def pid(process: str) -> str:
    """The process's number."""
    return process.partition(":")[0]


def located(process: str, facts: Facts) -> str:
    """The process with the inode of its namespace: ``4242:4026532444``.

    Raises:
        Refused: there is no such process here, or it has another namespace by now.
    """
    number, _, inode = process.partition(":")
    if facts.processes is None:
        if inode:
            return process
        stat = f"stat -Lc %i /proc/{number}/ns/net"
        raise Refused(f"process {number} is not in these facts: give PID:INODE, by `{stat}` there")
    if (found := facts.processes.get(number)) is None:
        raise Refused(f"there is no process {number}: `pgrep -a NAME` shows them")
    if not found:
        raise Refused(f"the namespace of process {number} is for root to see: run this under sudo")
    if inode not in ("", found):
        raise Refused(f"process {number} is in another namespace than {inode}: it is in {found}")
    return f"{number}:{found}"


def requirements(process: str) -> Iterator[Requirement]:
    """The process is in its namespace, which is not the host's, and has no name and no device."""
    number, _, inode = process.partition(":")

    def required(look: Look, found: bool, otherwise: str) -> Requirement:
        return Requirement(look, found, f"process {number} {otherwise}", asks=True)

    argv, whole = PROCESSES
    there, host = (
        Look(argv, (rf"^/proc/{who}/ns net:\[({inode})\]$",), whole) for who in (number, "self")
    )
    yield required(there, True, "has ended, or left its namespace: name one that runs")
    yield required(host, False, "is in the host's own namespace: name one that is in another")
    named = looks.files(rf"^/run/netns/([^ ]+) {inode}\.")
    yield required(named, False, f"is in a namespace that has a name: `ip netns identify {number}`")
    devices = Look(_devices(f"/proc/{number}/ns/net"), ('"ifname":"([^"]+)"',), LISTED)
    devices = replace(devices, but=f'"ifname":"({BORN})"')
    has = f"has a network already (`nsenter -nt {number} ip link`): name another"
    yield required(devices, False, has)


def attach(name: str, process: str) -> Step:
    """``ip netns attach``; the undo takes the name away, and leaves the namespace.

    A name that somebody else has given after the run was cut off is another namespace's.
    """
    number, _, inode = process.partition(":")
    path = rf"^/run/netns/{literal(name)} "
    other = replace(looks.files(f"{path}([0-9]+)"), but=rf"{path}{inode}\.")
    undo = Undo(looks.namespace(name), ("ip", "netns", "del", name), others=(other,))
    why = f"the network namespace of process {number} gets a name, {name}"
    return Step(("ip", "netns", "attach", name, number), why, undo=undo)


def set_lo_up(name: str, process: str) -> Step:
    """``ip link set lo up``; the undo sets it down if it was, and takes the address that came."""
    inode = process.partition(":")[2]
    argv, is_up = _devices(f"/run/netns/{name}"), looks.named("lo") + looks.UP
    look = Look(argv, (is_up,), LISTED, rf"^net:\[{inode}\]$")
    back = "link set lo down\naddr del 127.0.0.1/8 dev lo\n"
    undo = Undo(look, ("ip", "-n", name, "-batch", "-"), back)
    return replace(iproute.set_up("lo", name), undo=undo)


def notices(name: str, process: str) -> Iterator[Finding]:
    """What does not go along: the files that stand for those in /etc are for ``ip netns exec``."""
    number = pid(process)
    what = f"names are not promised: process {number} reads its own /etc, and not /etc/netns"
    evidence = f"cat /proc/{number}/root/etc/resolv.conf"
    advice = f"see which name servers it asks (`{evidence}`)"
    yield Finding("warning", what, evidence, advice=advice, about=name)


def _devices(path: str) -> Argv:
    return ("sh", "-c", DEVICES, path)
