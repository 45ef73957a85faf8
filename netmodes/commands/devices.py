"""Names of devices and namespaces: which the kernel and ``ip`` accept, and which are free."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import count as counting
from itertools import islice

from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.values import LONGEST_DEVICE
from netmodes.place import NAMESPACES
from netmodes.plan.text import PLAIN

#: NAME_MAX without what the journal's draft adds, `.NAME.new`.
LONGEST_NAMESPACE = 250

#: The ports that a bridge holds (BR_MAX_PORTS, net/bridge/br_private.h), the first being number 1.
PORTS = 1 << 10

#: The numbers of this process's free namespaces.
NUMBERS = counting(1)

#: Keywords that `ip link add` and `ip link set` accept in place of a device's name (iproute2's
#: ip/iplink.c, v5.10 to v7.1), and names that the kernel reserves.
KEYWORDS = frozenset(
    """
    all allmulticast arp bonding_masters brd carrier default dev down gro_max_size gso_max_segs
    gso_max_size group index inet mode mtu multicast name netns parentdev promisc protodown
    protodown_reason qlen state trailers up vf vrf xdp xdpdrv xdpgeneric xdpoffload
    """.split()
)

#: Keywords that may be abbreviated: `ip link add a type veth` reads `a` as `address`.
ABBREVIATED = """
    address addrgenmode alias broadcast dynamic help link-netnsid master nomaster numrxqueues
    numtxqueues txqlen txqueuelen type
    """.split()

#: `ip link del if5` deletes the device with index 5 where there is none of that name.
INDEX = re.compile(r"if-?[0-9].*")

#: `ip link set veth1 netns 7` moves it to process 7 where there is no namespace of that name.
PROCESS = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]+|0[bB][01]+")


def validate_device(*names: str) -> None:
    """Refuse device names that are too long, not plain, or keywords of ``ip``; "" is still open."""
    for name in filter(None, names):
        if len(name) > LONGEST_DEVICE:
            raise Refused(f"device name {name!r} is too long: at most {LONGEST_DEVICE} characters")
        validate_name(name)


def validate_name(name: str) -> None:
    """Refuse what is no name of a device, perhaps its altname, which may be longer."""
    if not name:
        return
    _validate_plain("device", name)
    if name == "lo":
        raise Refused("lo is the loopback: name another device")
    if name in KEYWORDS or any(word.startswith(name) for word in ABBREVIATED):
        raise Refused(f"device name {name!r} is a keyword to ip: add a digit, like {name[:14]}0")
    if INDEX.fullmatch(name):
        raise Refused(f"device name {name!r} reads as a device's index to ip: choose another")


def validate_namespace(name: str) -> None:
    """Refuse a namespace's name that is too long, not plain, or a process number to ``ip``."""
    if len(name) > LONGEST_NAMESPACE:
        raise Refused(
            f"namespace name {name[:20]!r}… is too long: at most {LONGEST_NAMESPACE} characters"
        )
    _validate_plain("namespace", name)
    if PROCESS.fullmatch(name):
        raise Refused(f"namespace name {name!r} reads as a process number to ip: add a letter")


def validate_namespaces(names: tuple[str, ...]) -> None:
    """Refuse invalid names of namespaces, and the same one twice."""
    for name in names:
        validate_namespace(name)
    if twice := next((name for name, times in Counter(names).items() if times > 1), ""):
        raise Refused(f"{twice} is named twice: give each namespace a name of its own")


def free_namespace() -> str:
    """A namespace's name that no other process takes, nor another call: ``net-4242-1``.

    A worker of pytest-xdist is named in it.
    """
    worker = "".join(filter(str.isalnum, os.environ.get("PYTEST_XDIST_WORKER", ""))) or "net"
    names = (f"{worker}-{os.getpid()}-{number}" for number in NUMBERS)
    return next(name for name in names if not (NAMESPACES / name).exists())


def validate_pair(host_device: str, device: str) -> None:
    """Refuse invalid names for the ends of a cable, and the same one twice; "" is still open."""
    validate_device(host_device, device)
    if host_device and host_device == device:
        raise Refused(f"{device} is given to both ends of the cable: choose two names")


def validate_bridge(bridge: str, *ends: str) -> None:
    """Refuse an invalid name for a bridge, and one that an end of its cable has."""
    validate_device(bridge)
    if bridge and bridge in ends:
        raise Refused(f"{bridge} is the bridge and an end of its cable: choose two names")


def _validate_plain(what: str, name: str) -> None:
    if not PLAIN.fullmatch(name):
        raise Refused(
            f"{what} name {name!r} is not plain: "
            "use letters, digits, _ . - and begin with a letter or digit"
        )


def free_device(name: str, article: str, facts: Facts) -> str:
    """A device name that the host does not have; "" counts up from the article's.

    Raises:
        Refused: the host has a device of the name to take.
    """
    if name:
        return _refuse_taken(name, facts)
    names = _numbered(article.rstrip("0123456789"))
    return next(name for name in names if _is_free(name, facts))


def counted(first: str, given: bool, count: int, used: Collection[str], facts: Facts) -> list[str]:
    """Device names counted up from the first, which the host does not have.

    Args:
        first: the name to count from.
        given: the user has named it, so that no name is passed over because the host has it.
        count: how many there are to be, the first among them.
        used: names that are not to be taken.
        facts: the machine.

    Raises:
        Refused: a name is too long or means something else to ``ip``, or the host has it.
    """
    prefix, number = re.fullmatch(r"(.*?)([0-9]*)", first).groups()  # type: ignore[union-attr]
    names = (name for name in _numbered(prefix, int(number or 0) + 1) if name not in used)
    free = names if given else (name for name in names if _is_free(name, facts))
    found = [first, *islice(free, count - 1)]
    if len(found[-1]) > LONGEST_DEVICE:
        raise Refused(
            f"{count} devices cannot be counted up from {first}, for {found[-1]} is longer than "
            f"{LONGEST_DEVICE} characters: give a shorter --host-device"
        )
    validate_device(*found)
    return [_refuse_taken(name, facts) for name in found]


def refuse_full(bridge: str, count: int, facts: Facts) -> None:
    """Refuse more ports than a bridge holds, of which one may be the uplink."""
    has = sum(link.master == bridge for link in facts.known("links"))
    if has + count >= PORTS:
        raise Refused(
            f"{bridge} has {has} ports and holds {PORTS - 1}, of which the uplink may take one, "
            f"so not {count} more: name fewer namespaces, or another bridge"
        )


def free_pair(host_device: str, device: str, facts: Facts) -> tuple[str, str]:
    """Free names for the host's and the namespace's end of a cable.

    For two "", the first free pair of veth0 and veth1, veth2 and veth3, and so on.

    Raises:
        Refused: the host has a device of a name to take.
    """
    if not host_device and not device:
        pairs = zip(_numbered("veth", 0, 2), _numbered("veth", 1, 2), strict=True)
        return next(pair for pair in pairs if all(_is_free(name, facts) for name in pair))
    near = host_device or _other_end(device, 0, facts)
    far = device or _other_end(near, 1, facts)
    return _refuse_taken(near, facts), _refuse_taken(far, facts)


def _other_end(given: str, first: int, facts: Facts) -> str:
    names = _numbered("veth", first, 2)
    return next(name for name in names if name != given and _is_free(name, facts))


def _numbered(prefix: str, first: int = 0, step: int = 1) -> Iterator[str]:
    """The prefix with every number from the first on."""
    return (f"{prefix}{number}" for number in counting(first, step))


def _is_free(name: str, facts: Facts) -> bool:
    return facts.link(name) is None


def _refuse_taken(name: str, facts: Facts) -> str:
    if not _is_free(name, facts):
        raise Refused(f"device {name} exists and is not this network's: choose another name")
    return name
