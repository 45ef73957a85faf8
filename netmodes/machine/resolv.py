"""Name resolution: resolv.conf and nsswitch.conf of the host, and of namespaces in /etc/netns."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from pathlib import Path

from netmodes.machine.table import Table
from netmodes.plan.text import lines_of

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

Words = tuple[str, ...]

#: The lines of a resolv.conf(5) with domains; "domain" has one.
SEARCH = ("domain", "search")

#: A search domain that can be written again, and an option.
DOMAIN, OPTION = re.compile(r"[A-Za-z0-9._-]+"), re.compile(r"[a-z0-9:-]+")

SWITCH = "/etc/nsswitch.conf"

#: The sockets of a name service cache, which every namespace can reach.
NSCD = ("/run/nscd/socket", "/var/run/nscd/socket")


@dataclass(frozen=True)
class Names:
    """How a machine or a namespace resolves names.

    Args:
        servers: the IPv4 addresses of name servers that a namespace can ask: none on a loopback.
        search: their search domains.
        options: how they are asked: ``ndots:2``, ``timeout:1``, …
        hosts: the sources of hosts in nsswitch.conf; "" without such a line, None without the file.
        netns: the files in each folder of /etc/netns and whether each is ours; None without it.
        nscd: whether a name service cache runs.
        conf: whether there is an /etc/resolv.conf, over which another can be mounted.
    """

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    hosts: str | None = ""
    netns: dict[str, dict[str, bool]] | None = None
    nscd: bool = False
    conf: bool = True


def names(table: Table) -> Names | None:
    """How names are resolved, as the table has it."""
    if "names" not in table:
        return None
    texts, paths = table.texts("names"), table.paths("named")
    nscd, conf = any(socket in paths for socket in NSCD), RESOLVERS[0] in texts
    return Names(*_real_servers(texts), _hosts(_own(texts, SWITCH)), _netns(table), nscd, conf)


def resolvers(table: Table) -> list[str] | None:
    """The name servers that glibc asks; None if unknown."""
    text = _own(table.texts("names"), RESOLVERS[0]) if "names" in table else None
    return None if text is None else [*parsed(text)[0]]


def is_loopback(server: str) -> bool:
    """Whether a name server is on a loopback; ``resolv.conf`` may name its interface, too."""
    return ip_address(server.partition("%")[0]).is_loopback


def seen_in(namespace: str) -> list[str]:
    """The files that a namespace may see in place of those in /etc, and those (ip-netns(8))."""
    files = (RESOLVERS[0], SWITCH)
    return [*(str(NETNS / namespace / Path(file).name) for file in files), *files]


def is_marked(text: str) -> bool:
    """Whether a file has our mark."""
    return re.search(MARKED, text, re.MULTILINE) is not None


def _own(texts: dict[str, str], path: str) -> str | None:
    """The text of a file in /etc, or of the one that a namespace has in its place."""
    ours = (text for place, text in texts.items() if _stands_for(place, path))
    return next(ours, texts.get(path))


def _stands_for(place: str, path: str) -> bool:
    return Path(place).is_relative_to(NETNS) and Path(place).name == Path(path).name


def _real_servers(texts: dict[str, str]) -> tuple[Words, Words, Words]:
    """What the first file with a server that is no loopback says: those, and how to ask them."""
    for path in RESOLVERS:
        servers, search, options = parsed(texts.get(path, ""))
        if real := tuple(server for server in servers if _is_real(server)):
            several = tuple(domain for domain in search if domain != ".")
            return real, several or search, options
    return (), (), ()


def parsed(text: str) -> tuple[Words, Words, Words]:
    """The name servers, search domains and options of a resolv.conf(5), as far as they can be
    written again; of several lines with domains the last counts.
    """
    words = [re.split(r"[ \t]+", line) for line in lines_of(text)]
    servers = [line[1] for line in words if line[0] == "nameserver" and _is_address(line[1:])]
    domains = [
        line[1:2] if line[0] == "domain" else line[1:] for line in words if line[0] in SEARCH
    ]
    options = [option for line in words if line[0] == "options" for option in line[1:]]
    return (
        tuple(servers),
        tuple(filter(DOMAIN.fullmatch, domains[-1] if domains else ())),
        tuple(filter(OPTION.fullmatch, options)),
    )


def written(servers: Iterable[str], search: Words, options: Words) -> str:
    """The text of a resolv.conf(5)."""
    lines = [f"nameserver {server}" for server in servers]
    lines += [f"search {' '.join(search)}"] if search else []
    lines += [f"options {' '.join(options)}"] if options else []
    return "".join(f"{line}\n" for line in lines)


def _is_address(words: list[str]) -> bool:
    try:
        return bool(ip_address(words[0].partition("%")[0])) and words[0].isprintable()
    except (IndexError, ValueError):
        return False


def _is_real(server: str) -> bool:
    try:
        return not IPv4Address(server).is_loopback
    except ValueError:
        return False


def _hosts(text: str | None) -> str | None:
    found = re.search(r"^hosts:[ \t]*([^#\n]*)", text or "", re.MULTILINE)
    return (found[1].strip() if found else "") if text is not None else None


def _netns(table: Table) -> dict[str, dict[str, bool]] | None:
    """The files of each namespace, and whether each is ours."""
    paths, marked = table.paths("named"), table.lines("marked") or []
    if str(NETNS) not in paths:
        return None
    below = [Path(path).relative_to(NETNS) for path in paths if Path(path).is_relative_to(NETNS)]
    found: dict[str, dict[str, bool]] = {one.parts[0]: {} for one in below if one.parts}
    for one in below:
        if len(one.parts) == 2:
            found[one.parts[0]][one.parts[1]] = str(NETNS / one) in marked
    return found


def own_files(name: str) -> list[str]:
    """The files in /etc that a namespace has its own of."""
    return [file for file in (RESOLVERS[0], SWITCH) if (NETNS / name / Path(file).name).exists()]


def past(files: Iterable[str], pids: Iterable[str]) -> dict[int, str]:
    """Of these processes those that read other files for names than their namespace's own, and
    which.

    A file that is replaced takes what is mounted over it along, in every mount namespace.
    """
    found = {}
    for pid in pids:
        for file in files:
            with suppress(OSError):  # it has ended
                if whose := _read_by(pid, os.path.realpath(file)):
                    found[int(pid)] = f"{whose} {file}"
    return found


def _read_by(pid: str, real: str) -> str:
    """Whose file a process reads in this place; "" where it is another's than ours."""
    there = Path(f"/proc/{pid}/root{real}").stat()
    if os.path.samestat(there, Path(real).stat()):
        return "the host's"
    return "an older" if there.st_nlink == 0 else ""
