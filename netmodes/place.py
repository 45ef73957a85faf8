"""Where this process stands: in the namespaces that networks are made in, or elsewhere.

A network is made in the host's network namespace, and its name in a mount namespace. Who shares
/run sees its journal, but from elsewhere the network itself looks as if it were gone. The scripts
have the same conditions (templates/place.sh).
"""

from pathlib import Path

from netmodes import journal
from netmodes.errors import Refused

NAMESPACES = Path("/run/netns")

HERE = Path("/proc/self/ns/net")


def refuse_elsewhere() -> None:
    """Refuse to go on outside the network namespace that networks were made in."""
    here, found = str(HERE.readlink()), journal.hosts()
    elsewhere = [name for name, host in found.items() if host not in ("", here)]
    inside = [path.name for path in _named() if path.samefile(HERE)]
    if name := next((name for name in inside if elsewhere or name in found), ""):
        raise Refused(f"this shell is inside {name}: leave it first")
    if elsewhere:
        name, host = elsewhere[0], found[elsewhere[0]]
        what = f"{name} was made in another network namespace ({host}) than this shell's ({here})"
        forget = f"`ip netns del {name}; rm -r {journal.ROOT / name}`"
        raise Refused(
            f"{what}: leave this one first, or if that one is gone forget {name}: {forget}"
        )


def _named() -> list[Path]:
    return sorted(NAMESPACES.iterdir()) if NAMESPACES.is_dir() else []
