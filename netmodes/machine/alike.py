"""Devices with the same settings: the kernel lists those of all at once; its files are many."""

import socket
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress

from netmodes.machine.netlink import attributes, messages

#: rtnetlink(7): the question for all devices; the numbers of a device, of its name, and of what
#: families have of it; IFLA_INET_CONF and IFLA_INET6_CONF.
LIST = struct.pack("=IHHII16x", 32, 18, 0x301, 0, 0)
DEVICE, NAME, FAMILIES = 16, 3, 26
CONF = {socket.AF_INET: 1, socket.AF_INET6: 2}


def alike(names: Collection[str]) -> dict[str, str]:
    """Those of these devices that have every setting of another, each with the first such."""
    firsts, found = dict[tuple[bytes, ...], str](), dict[str, str]()
    with suppress(OSError):  # then each has its own
        for name, settings in _listed():
            if name in names and firsts.setdefault(settings, name) != name:
                found[name] = firsts[settings]
    return found


def _listed() -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Each device that has IPv4, and its settings of both families."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asking:
        asking.send(LIST)
        kind = DEVICE
        while kind == DEVICE:
            for kind, data in messages(asking.recv(1 << 16)):
                found = dict(attributes(data[16:]))
                families = dict(attributes(found.get(FAMILIES, b"")))
                own = {at: dict(attributes(families.get(at, b""))) for at in CONF}
                if kind == DEVICE and own[socket.AF_INET]:
                    name = found[NAME].rstrip(b"\0").decode(errors="replace")
                    yield name, tuple(own[at].get(which, b"") for at, which in CONF.items())
