"""What this process may do to the network: its capabilities, its namespaces, what it may write.

All of it is read or asked of the kernel, nothing is tried but a mount that a mask may forbid.
"""

import fcntl
import os
from pathlib import Path

from netmodes.machine.query import ask, text_of
from netmodes.plan.finding import Finding
from netmodes.plan.text import lines_of

#: The capabilities to change a network and to name a namespace (capabilities(7)).
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}

#: Asks which user namespace owns a namespace; EPERM for one that is not below (ioctl_ns(2)).
NS_GET_USERNS = 0xB701

#: What `ip netns exec` does, in namespaces that end with the command.
MOUNT_SYSFS = ("unshare", "--net", "--mount", "--", "mount", "-t", "sysfs", "sysfs", "/sys")
MOUNT_FAILED = 32  # mount(8)

MASKED = "a part of /sys is hidden, as in a container"

#: The number of user ids; only the first user namespace maps them all.
ALL = str(2**32 - 1)


def no_permission() -> Finding | None:
    """The finding for a root who may not change the network; None where that is not known."""
    why = _lacking() or _foreign()
    if not why:
        return None
    what = f"this root may not change the network ({why}; a container's, it seems)"
    advice = "give the container --privileged, or use the machine that runs it"
    return Finding("error", what, "grep Cap /proc/self/status", advice=advice)


def status() -> dict[str, str]:
    """What the kernel says of this process (proc(5))."""
    lines = lines_of(text_of(Path("/proc/self/status")) or "")
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def _lacking() -> str:
    effective = status().get("CapEff")
    bits = -1 if effective is None else int(effective, 16)
    lacking = [f"no {name}" for name, bit in CAPABILITIES.items() if not bits >> bit & 1]
    return " and ".join(lacking)


def _foreign() -> str:
    """Whether the network or the mounts belong to a user namespace above this one, in words."""
    foreign = [name for name in ("net", "mnt") if not _owned(Path("/proc/self/ns", name))]
    return "no namespaces of its own" if foreign else ""


def _owned(namespace: Path) -> bool:
    try:
        with namespace.open() as file:
            os.close(fcntl.ioctl(file, NS_GET_USERNS))
    except PermissionError:
        return False
    except OSError:
        return True  # an old kernel does not say
    return True


def masked_sysfs() -> bool:
    """Whether `ip netns exec` fails, for what is hidden in /sys may not be seen in a new one.

    That is so in a user namespace below a container's (mount_namespaces(7)).
    """
    if (text_of(Path("/proc/self/uid_map")) or "").split() in ([], ["0", "0", ALL]):
        return False
    return no_sysfs()


def no_sysfs(*place: str) -> bool:
    """Whether a new /sys may not be mounted, here or where this command leads to."""
    tried = ask(*place, *MOUNT_SYSFS) if masks() else None
    return tried is not None and tried.returncode == MOUNT_FAILED


def masks() -> bool:
    """Whether something may hide a part of /sys, or all of it."""
    mounts = lines_of(text_of(Path("/proc/self/mountinfo")) or "/ / / / /sys")
    places = [line.split(" ")[4] for line in mounts]
    hidden = (place.startswith("/sys/") and "/cgroup" not in place for place in places)
    return "/sys" not in places or any(hidden)
