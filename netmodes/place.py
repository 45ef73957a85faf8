"""Where this process stands: in the namespaces that networks are made in, or elsewhere.

A network is made in the host's network namespace, and its name in a mount namespace. Who shares
/run sees its journal, but from elsewhere the network itself looks as if it were gone. The scripts
have the same conditions (templates/place.sh).
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from netmodes import journal
from netmodes.errors import Refused
from netmodes.mounts import holding, holding_each
from netmodes.plan.log import identity_of
from netmodes.plan.text import lines_of

#: Where ``ip netns`` names namespaces.
NAMESPACES = Path("/run/netns")

#: Asks for a device's address (netdevice(7)), which is 6 bytes from the 18th of a struct ifreq on.
SIOCGIFHWADDR, IFREQ, MAC = 0x8927, 40, slice(18, 24)

#: A device, by its ifindex with its name or its MAC address.
Device = tuple[str, str]


def file_of(namespace: str) -> str:
    """The file of a namespace; "" for the host."""
    return str(NAMESPACES / namespace) if namespace else ""


def refuse_elsewhere() -> None:
    """Refuse to go on outside the network namespace that networks were made in."""
    here, found = str(journal.OWN_NAMESPACE.readlink()), hosts()
    elsewhere = [
        name for name, host in found.items() if (host != here if host else _made_elsewhere(name))
    ]
    inside = [name for name in named() if (NAMESPACES / name).samefile(journal.OWN_NAMESPACE)]
    ours = (name for name in inside if elsewhere or journal.journal_of(name).name in found)
    if name := next(ours, ""):
        raise Refused(f"this shell is inside {name}: leave it first")
    if elsewhere:
        name, host = elsewhere[0], found[elsewhere[0]]
        where = f" ({host})" if host else ""
        what = f"{name} was made in another network namespace{where} than this shell's ({here})"
        forget = f"`ip netns del {name}; rm -r {journal.ROOT / name}`"
        raise Refused(
            f"{what}: leave this one first, or if that one is gone forget {name}: {forget}"
        )


def hosts() -> dict[str, str]:
    """The network namespace that each network was made in; "" if that is unknown.

    It reads no plans, so that a network whose plan is unreadable is found too.
    """
    found = {}
    for path in sorted(journal.ROOT.glob("[!.]*/log")):
        with suppress(OSError):  # taken down meanwhile
            log = lines_of(path.read_text(errors="replace"))
            found[path.parent.name] = identity_of(log)[1]
    return found


def _made_elsewhere(name: str) -> bool:
    """Whether none of the devices is here that a network's host had, or has by the run.

    The journal of an earlier netmodes does not name the place, but knows devices of its host.
    """
    known = {*_before(name), *_made(name)}
    return bool(known) and known.isdisjoint(_here())


def _before(name: str) -> Iterator[Device]:
    """The host's devices from before the run that have a MAC address of their own."""
    for link in journal.Journal(name).links_before():
        if link.get("link_type") == "ether":
            yield str(link["ifindex"]), str(link.get("address"))


def _made(name: str) -> Iterator[Device]:
    """The devices that the run made for the host."""
    with suppress(Refused):
        if run := journal.Journal(name).read():
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


def refuse_unseen(name: str) -> None:
    """Refuse to make a namespace whose name PID 1 does not see, although it sees the journal."""
    own, first = (holding(NAMESPACES, pid) for pid in ("self", "1"))
    if own and first and _shares_journal() and not first.shows(own):
        what = f"namespace {name} would be seen in this shell's own mount namespace alone"
        raise Refused(f"{what}: run this outside, as by `nsenter --target 1 --mount`")


def _shares_journal() -> bool:
    """Whether PID 1 has the same journal; unlike a lab's, or a container's that has its own."""
    folder = journal.ROOT
    own, first = (holding(folder, pid) for pid in ("self", "1"))
    return own is not None and first is not None and own.place(folder) == first.place(folder)


def refuse_unreachable(name: str) -> None:
    """Refuse to look into a network's namespace from where it is not there.

    ``ip netns add`` mounts a namespace on a file, which is all that other mount namespaces see.
    """
    refuse_elsewhere()
    refuse_blind(name)
    if journal.journal_of(name).folder.is_dir() and is_plain_file(name):
        what = f"{name} was made in a mount namespace that nobody else sees"
        raise Refused(f"{what}: `netmodes down {name}`, then put it up again")


def refuse_blind(name: str) -> None:
    """Refuse to act in a mount namespace that does not see what PID 1 sees."""
    if not _is_mounted(name, "self") and _shares_journal() and _is_mounted(name, "1"):
        raise Refused(f"this shell's mount namespace does not see {name}: leave it first")


def is_plain_file(name: str) -> bool:
    """Whether a namespace's name is a file on which no namespace is mounted here."""
    return plain_files([name]) == [name]


def plain_files(names: list[str]) -> list[str]:
    """Those of these names that are such files."""
    paths = {name: NAMESPACES / name for name in names if (NAMESPACES / name).is_file()}
    held = holding_each(paths.values(), "self")
    return [name for name, path in paths.items() if path in held and held[path].point != path]


def _is_mounted(name: str, pid: str) -> bool:
    mount = holding(NAMESPACES / name, pid)
    return mount is None or mount.point == NAMESPACES / name


def named() -> list[str]:
    """The named network namespaces."""
    return sorted(path.name for path in NAMESPACES.iterdir()) if NAMESPACES.is_dir() else []
