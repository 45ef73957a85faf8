"""Reading what stands around the network: programs, kernel, privileges, hardware, name servers.

Nothing is changed. What the kernel could do only with a module more is not tried, for the module
would stay, and `dummy` brings a dummy0 with it.
"""

from __future__ import annotations

import json
import os
import shutil
from ipaddress import ip_address
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, run
from typing import Any

__all__ = [
    "hardware",
    "read",
    "resolvers",
    "route_to",
    "ssh_device",
    "ssh_peer",
    "user_namespaces",
]

Json = dict[str, Any]

#: What netmodes, its scripts and its lab run.
PROGRAMS = """
    flock ip iptables kill nft ping setpriv sh stat sysctl tc unshare
    """.split()

#: Where sudo finds programs that are not on every user's PATH (Debian's /etc/sudoers).
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")

#: The kinds of device that modes make.
KINDS = ("veth", "bridge", "dummy")

#: How a user becomes root in a network of his own (the lab).
UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--propagation", "private")

#: What it takes to change a network and to name one (capabilities(7)).
CAP_NET_ADMIN, CAP_SYS_ADMIN = 12, 21

#: Asks a device for its mode (linux/wireless.h), and what a station answers.
SIOCGIWMODE = 0x8B07
IW_MODE_INFRA = 2

#: Settings that forbid a user namespaces of his own, and at which value.
FORBIDDING = {
    "user.max_user_namespaces": "0",
    "kernel.unprivileged_userns_clone": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}

DEVICES = Path("/sys/class/net")
WIRELESS = Path("/proc/net/wireless")
MODULES = Path("/lib/modules")
LOADED = Path("/proc/modules")  # only where the kernel can load modules at all
RESOLVERS = Path("/etc/resolv.conf")
NETNS = Path("/etc/netns")


def read() -> Json:
    """The fields of ``Facts`` that only the doctor asks about."""
    return {
        "missing": missing(),
        "kinds": {name: there for name in KINDS if (there := has_kind(name)) is not None},
        "privileges": privileges(),
        "user_namespaces": user_namespaces(),
    }


def missing() -> list[str]:
    """The programs that nobody would find, neither this user nor root under sudo."""
    sbin = SBIN if os.geteuid() != 0 else ()
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *sbin])
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


def has_kind(kind: str) -> bool | None:
    """Whether a device of this kind can be made; None where only loading its module would tell."""
    if Path("/sys/module", kind).exists():
        return True
    lists = [MODULES / os.uname().release / name for name in ("modules.builtin", "modules.dep")]
    if any(path.exists() for path in lists):
        return any(f"/{kind}.ko" in (_text(path) or "") for path in lists)
    return None if LOADED.exists() else _try_kind(kind)


def _try_kind(kind: str) -> bool | None:
    """Make one in a network of its own, which goes at once."""
    place = ("unshare", "--net") if os.geteuid() == 0 else UNSHARE
    tried = _run(*place, "--", "ip", "link", "add", "try0", "type", kind)
    if tried is None:
        return None
    unknown = "Unknown device type" in tried.stderr or "not supported" in tried.stderr
    return True if tried.returncode == 0 else (False if unknown else None)


def privileges() -> str:
    """Who this is: root, root that may not change the network, who can sudo, or none of these."""
    status = dict(
        line.split(":\t", 1)
        for line in (_text(Path("/proc/self/status")) or "").splitlines()
        if ":\t" in line
    )
    if os.geteuid() == 0:
        capabilities = int(status.get("CapEff", "0"), 16)
        may = all(capabilities >> bit & 1 for bit in (CAP_NET_ADMIN, CAP_SYS_ADMIN))
        return "root" if may else "bounded"
    return "sudo" if shutil.which("sudo") and status.get("NoNewPrivs") != "1" else "none"


def user_namespaces() -> dict[str, str] | None:
    """Why a user may have no namespaces of his own, and by what "setting"; nothing where he may.

    None where there is no ``unshare`` to try it with.
    """
    tried = _run(*UNSHARE, "--", "ip", "link", "set", "lo", "up")
    if tried is None or tried.returncode == 0:
        return None if tried is None else {}
    settings = ((name, _text(Path("/proc/sys", *name.split(".")))) for name in FORBIDDING)
    forbidding = (name for name, value in settings if value == FORBIDDING[name])
    return {"why": tried.stderr.strip(), "setting": next(forbidding, "")}


def resolvers(namespace: str | None = None) -> list[str] | None:
    """The name servers that the C library asks, in order, on the host or in a namespace.

    A namespace's own files are in /etc/netns (ip-netns(8)).
    """
    own = Path("/etc/netns", namespace or "", RESOLVERS.name)
    text = _text(own if namespace and own.exists() else RESOLVERS)
    words = [line.split() for line in (text or "").splitlines()]
    found = [line[1] for line in words if line[:1] == ["nameserver"] and _is_address(line[1:])]
    return None if text is None else found


def _is_address(words: list[str]) -> bool:
    try:
        return bool(ip_address(words[0].partition("%")[0]))
    except (IndexError, ValueError):
        return False


def hardware(link: Json) -> dict[str, str]:
    """What drives a device of ``ip -j link``, and if it is wireless as what.

    /sys may show another network's devices, so it is asked only of one with this index and MAC.
    """
    name, found = link["ifname"], {}
    folder = DEVICES / name
    shown = (_text(folder / "ifindex"), _text(folder / "address"))
    ours = shown == (str(link.get("ifindex")), link.get("address"))
    if ours and (folder / "device/driver").exists():
        found["driver"] = (folder / "device/driver").resolve().name
    listed = any(line.split(":")[0].strip() == name for line in (_text(WIRELESS) or "").split("\n"))
    if listed or (ours and (folder / "phy80211").exists()):
        found["wireless"] = _wireless_mode(name)
    return found


def _wireless_mode(name: str) -> str:
    """Whether a wireless device is a "station" or something "other"; "unknown" if it is silent."""
    import fcntl
    import socket
    import struct

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
            request = struct.pack("16s16x", name.encode())
            (mode,) = struct.unpack_from("=I", fcntl.ioctl(anything, SIOCGIWMODE, request), 16)
    except OSError:
        return "unknown"
    return "station" if mode == IW_MODE_INFRA else "other"


def ssh_device() -> str:
    """The device through which the SSH session goes by which this process came, or ""."""
    peer = ssh_peer()
    return str((route_to(peer) or {}).get("dev", "")) if peer else ""


def route_to(address: str) -> Json | None:
    """How packets to this address leave, as ``ip -j route get`` says, or None."""
    done = _run("ip", "-j", "route", "get", address)
    found = json.loads(done.stdout or "[]") if done and done.returncode == 0 else []
    return dict(found[0]) if found else None


def ssh_peer() -> str | None:
    """The address at the other end of the SSH connection that this process came by, or None.

    sudo hides the variable that tells it, but not from who looks at the processes above.
    """
    pid = os.getpid()
    while pid > 1:
        try:
            environment = Path("/proc", str(pid), "environ").read_bytes().split(b"\0")
            pid = int(Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return None
        for variable in environment:
            if variable.startswith(b"SSH_CONNECTION="):
                return next(iter(variable.decode().partition("=")[2].split()), None)
    return None


def _run(*argv: str) -> CompletedProcess[str] | None:
    """What came of a command that changes nothing; None where there is no such program."""
    try:
        return run(argv, stdin=DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
