"""How this machine finds names, and which namespaces have files of their own for it: /etc, read."""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

__all__ = ["MARK", "MARKED", "names", "names_inside"]

#: What a file of ours in /etc/netns has at the end of a line, and how it is found (also by grep).
MARK = "# made by netmodes"
MARKED = f"{MARK}$"

#: Where the real name servers stand: where they are asked directly, or of who answers on a loopback
#: in their stead (systemd-resolved.service(8), NetworkManager(8)).
RESOLVERS = (
    "/etc/resolv.conf",
    "/run/systemd/resolve/resolv.conf",
    "/run/NetworkManager/no-stub-resolv.conf",
)

#: Who answers for names on a socket that every namespace can reach.
NSCD = ("/run/nscd/socket", "/var/run/nscd/socket")


def names() -> dict[str, Any]:
    """How names are found.

    Returns:
        servers: the IPv4 name servers behind whatever answers on a loopback, the real ones.
        search: the domains that go with them.
        hosts: what nsswitch.conf says of hosts; "" where it says nothing, None where there is none.
        netns: for each folder of /etc/netns, its files and whether each is ours; None without.
        nscd: whether a name service cache runs.
    """
    servers, search = _resolvers()
    return {
        "servers": servers,
        "search": search,
        "hosts": _hosts(Path("/etc/nsswitch.conf")),
        "netns": _netns(Path("/etc/netns")),
        "nscd": any(Path(socket).exists() for socket in NSCD),
    }


def _resolvers() -> tuple[list[str], list[str]]:
    for path in RESOLVERS:
        found = [line.split() for line in _text(Path(path)).splitlines()]
        servers = [words[1] for words in found if words[:1] == ["nameserver"] and words[1:]]
        if real := [server for server in servers if _is_real(server)]:
            search = [domain for words in found if words[:1] == ["search"] for domain in words[1:]]
            return real, [domain for domain in search if domain != "."]
    return [], []


def _is_real(server: str) -> bool:
    with suppress(ValueError):
        return not IPv4Address(server).is_loopback
    return False


def names_inside(namespace: str) -> dict[str, Any]:
    """What nsswitch.conf says of hosts in a namespace, as ``names`` has it."""
    own = Path("/etc/netns", namespace, "nsswitch.conf")
    return {"hosts": _hosts(own if own.exists() else Path("/etc/nsswitch.conf"))}


def _hosts(path: Path) -> str | None:
    found = re.search(r"^hosts:[ \t]*([^#\n]*)", _text(path), re.MULTILINE)
    return (found[1].strip() if found else "") if path.exists() else None


def _netns(root: Path) -> dict[str, dict[str, bool]] | None:
    if not root.is_dir():
        return None
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    return {
        folder.name: {file.name: _is_ours(file) for file in sorted(folder.iterdir())}
        for folder in folders
    }


def _is_ours(path: Path) -> bool:
    return re.search(MARKED, _text(path), re.MULTILINE) is not None


def _text(path: Path) -> str:
    """What a file says; nothing where there is none to read: a pipe would be waited for."""
    try:
        return path.read_text(errors="replace") if path.is_file() else ""
    except OSError:
        return ""
