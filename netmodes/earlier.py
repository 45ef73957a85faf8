"""Where a network of an earlier netmodes was made: its journal does not name the place.

But it knows devices of its host. They tell it from every other network namespace.
"""

from collections.abc import Iterator
from contextlib import suppress

from netmodes.errors import Refused
from netmodes.journal import Journal

#: Asks for a device's address (netdevice(7)), which is 6 bytes from the 18th of a struct ifreq on.
SIOCGIFHWADDR, IFREQ, MAC = 0x8927, 40, slice(18, 24)

#: A device, by its ifindex with its name or its MAC address.
Device = tuple[str, str]


def made_elsewhere(name: str) -> bool:
    """Whether none of the devices is here that a network's host had, or has by the run."""
    known = {*_before(name), *_made(name)}
    return bool(known) and known.isdisjoint(_here())


def _before(name: str) -> Iterator[Device]:
    """The host's devices from before the run that have a MAC address of their own."""
    for link in Journal(name).links_before():
        if link.get("link_type") == "ether":
            yield str(link["ifindex"]), str(link.get("address"))


def _made(name: str) -> Iterator[Device]:
    """The devices that the run made for the host."""
    with suppress(Refused):
        if run := Journal(name).read():
            steps, devices = run.plan.all_steps, run.plan.topology.host_devices
            undos = [(note.after, steps[note.index].undo) for note in run.notes]
            for after, undo in undos:
                if after and undo and undo.device in devices:
                    yield after.rstrip(":"), undo.device


def _here() -> Iterator[Device]:
    """The devices of this network namespace."""
    from fcntl import ioctl
    from socket import if_nameindex, socket

    with socket() as asked:
        for index, name in if_nameindex():
            yield str(index), name
            with suppress(OSError):  # gone meanwhile
                found = ioctl(asked, SIOCGIFHWADDR, name.encode().ljust(IFREQ, b"\0"))
                yield str(index), found[MAC].hex(":")
