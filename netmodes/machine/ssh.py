"""The SSH session that this process runs in."""

from __future__ import annotations

import os
from pathlib import Path

from netmodes.machine.query import route_to


def ssh_device() -> str:
    """The device that the SSH session goes through; "" without a session."""
    peer = ssh_peer()
    return str((route_to(peer) or {}).get("dev", "")) if peer else ""


def ssh_peer() -> str | None:
    """The address of the SSH client, or None without a session.

    sudo removes SSH_CONNECTION from its command's environment, but the processes above still have
    it.
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
