"""Reading what stands around the network: hardware, the SSH session, what a user may have.

Nothing is changed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, run
from typing import Any

__all__ = [
    "hardware",
    "route_to",
    "ssh_device",
    "ssh_peer",
    "user_namespaces",
]

Json = dict[str, Any]

#: How a user becomes root in a network of his own (the lab).
UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--propagation", "private")

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
