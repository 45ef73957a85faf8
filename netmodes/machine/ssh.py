"""The SSH session that this process runs in."""

from ipaddress import ip_address
from pathlib import Path

from netmodes.machine.query import ancestors


def ssh_peer() -> str | None:
    """The address of the SSH client; None without a session, or where sshd does not know it.

    sudo removes SSH_CONNECTION from the environment, but its parent processes still have it.
    """
    for pid in ancestors():
        try:
            environment = Path("/proc", pid, "environ").read_bytes().split(b"\0")
        except OSError:
            return None
        for variable in environment:
            name, _, value = variable.decode(errors="replace").partition("=")
            if name == "SSH_CONNECTION":
                return _address(value.partition(" ")[0])
    return None


def _address(word: str) -> str | None:
    try:
        return str(ip_address(word))
    except ValueError:
        return None
