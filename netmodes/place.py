"""Where this process stands: in the namespaces that networks are made in, or elsewhere.

A network is made in the host's network namespace, and its name in a mount namespace. Who shares
/run sees its journal, but from elsewhere the network itself looks as if it were gone. The scripts
have the same conditions (templates/place.sh).
"""

from contextlib import suppress
from pathlib import Path

from netmodes import journal
from netmodes.earlier import made_elsewhere
from netmodes.errors import Refused
from netmodes.mounts import holding
from netmodes.plan.log import identity_of
from netmodes.plan.text import lines_of

#: Where ``ip netns`` names namespaces.
NAMESPACES = Path("/run/netns")


def refuse_elsewhere() -> None:
    """Refuse to go on outside the network namespace that networks were made in."""
    here, found = str(journal.OWN_NAMESPACE.readlink()), hosts()
    elsewhere = [
        name for name, host in found.items() if (host != here if host else made_elsewhere(name))
    ]
    inside = [name for name in named() if (NAMESPACES / name).samefile(journal.OWN_NAMESPACE)]
    if name := next((name for name in inside if elsewhere or name in found), ""):
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
    if (journal.ROOT / name).is_dir() and is_plain_file(name):
        what = f"{name} was made in a mount namespace that nobody else sees"
        raise Refused(f"{what}: `netmodes down {name}`, then put it up again")


def refuse_blind(name: str) -> None:
    """Refuse to act in a mount namespace that does not see what PID 1 sees."""
    if not _is_mounted(name, "self") and _shares_journal() and _is_mounted(name, "1"):
        raise Refused(f"this shell's mount namespace does not see {name}: leave it first")


def is_plain_file(name: str) -> bool:
    """Whether a namespace's name is a file on which no namespace is mounted here."""
    return (NAMESPACES / name).is_file() and not _is_mounted(name, "self")


def _is_mounted(name: str, pid: str) -> bool:
    mount = holding(NAMESPACES / name, pid)
    return mount is None or mount.point == NAMESPACES / name


def named() -> list[str]:
    """The named network namespaces."""
    return sorted(path.name for path in NAMESPACES.iterdir()) if NAMESPACES.is_dir() else []
