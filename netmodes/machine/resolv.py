"""Name resolution: resolv.conf and nsswitch.conf of the host, and of namespaces in /etc/netns."""

import re
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any

from netmodes.machine.query import text_of

#: The end of a line in every file of ours in /etc/netns, and the regular expression for it.
MARK = "# made by netmodes"
MARKED = f"{MARK}$"

#: The file of the C library's name servers, and those with the name servers behind a resolver on a
#: loopback (systemd-resolved.service(8), NetworkManager(8)).
RESOLVERS = (
    "/etc/resolv.conf",
    "/run/systemd/resolve/resolv.conf",
    "/run/NetworkManager/no-stub-resolv.conf",
)

#: The folder with the files of namespaces (ip-netns(8)).
NETNS = Path("/etc/netns")

SWITCH = Path("/etc/nsswitch.conf")

#: The sockets of a name service cache, which every namespace can reach.
NSCD = ("/run/nscd/socket", "/var/run/nscd/socket")


def names() -> dict[str, Any]:
    """How the host resolves names.

    Returns:
        "servers", the IPv4 addresses of name servers that a namespace can ask, so none on a
        loopback; "search", their search domains; "hosts", the sources of hosts in nsswitch.conf, ""
        without such a line, None without that file; "netns", the files in each folder of
        /etc/netns and whether each is ours, or None; "nscd", whether a name service cache runs.
    """
    servers, search = _real_servers()
    return {
        "servers": servers,
        "search": search,
        "hosts": _hosts(SWITCH),
        "netns": _netns(NETNS),
        "nscd": any(Path(socket).exists() for socket in NSCD),
    }


def namespace_names(namespace: str) -> dict[str, Any]:
    """How a namespace resolves names: the "hosts" of ``names``."""
    return {"hosts": _hosts(_own(namespace, SWITCH))}


def resolvers(namespace: str = "") -> list[str] | None:
    """The name servers that glibc asks in a namespace, or on the host for ""; None if unknown."""
    text = text_of(_own(namespace, Path(RESOLVERS[0])))
    return None if text is None else _parse(text)[0]


def is_loopback(server: str) -> bool:
    """Whether a name server is on a loopback; ``resolv.conf`` may name its interface, too."""
    return ip_address(server.partition("%")[0]).is_loopback


def _own(namespace: str, path: Path) -> Path:
    """The file that a namespace sees in place of one in /etc (ip-netns(8))."""
    own = Path(NETNS, namespace, path.name)
    return own if namespace and own.exists() else path


def _real_servers() -> tuple[list[str], list[str]]:
    """The name servers and search domains of the first file with a server that is no loopback."""
    for path in RESOLVERS:
        servers, search = _parse(text_of(Path(path)) or "")
        if real := [server for server in servers if _is_real(server)]:
            return real, [domain for domain in search if domain != "."]
    return [], []


def _parse(text: str) -> tuple[list[str], list[str]]:
    """The name servers and search domains of a resolv.conf(5)."""
    words = [line.split() for line in text.splitlines()]
    servers = [line[1] for line in words if line[:1] == ["nameserver"] and _is_address(line[1:])]
    return servers, [domain for line in words if line[:1] == ["search"] for domain in line[1:]]


def _is_address(words: list[str]) -> bool:
    try:
        return bool(ip_address(words[0].partition("%")[0]))
    except (IndexError, ValueError):
        return False


def _is_real(server: str) -> bool:
    try:
        return not IPv4Address(server).is_loopback
    except ValueError:
        return False


def _hosts(path: Path) -> str | None:
    found = re.search(r"^hosts:[ \t]*([^#\n]*)", text_of(path) or "", re.MULTILINE)
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
    return re.search(MARKED, text_of(path) or "", re.MULTILINE) is not None
