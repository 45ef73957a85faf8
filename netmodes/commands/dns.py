"""How a namespace resolves names: by name servers that it can reach, or not at all.

``ip netns exec`` mounts the files of /etc/netns/NAME over those in /etc (ip-netns(8)). They survive
a reboot, unlike the namespace; then their mark tells that they are ours.
"""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address

from netmodes.commands import looks
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.resolv import MARK, MARKED, NETNS, RESOLVERS, Names, written
from netmodes.plan.finding import Finding
from netmodes.plan.look import Look, literal
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.text import called
from netmodes.plan.undo import ITEM, Argv, Undo, present

#: Prints the names of files ($@) that are not empty and have no line with this mark ($0); and the
#: names of all files of a folder that have none.
UNMARKED = (
    'for file; do [ ! -s "$file" ] || grep -L -- "$0" "$file"; [ $? -lt 2 ] || exit; done; '
    "echo looked"
)
ALL_UNMARKED = '[ ! -e "$1" ] || grep -rL -- "$0" "$1"; [ $? -lt 2 ] && echo looked'

#: The option --dns, for its help.
MEANING = "name servers (none: the host's files as they are)"

ROOT = str(NETNS)
FILES = ("resolv.conf", "nsswitch.conf")

#: What happens without each of the guard commands.
STALE = "the namespace asks the name servers of a network that is gone"
SHARED = "the namespace reads the host's own files, which name servers it may not reach"
NO_NAMES = "where the host asks 127.0.0.53, the namespace finds no name"
LEAK = "a name server, or the host by a socket in /run, learns what the namespace looks for"

#: Sources of nsswitch.conf that work inside a namespace; others answer on a socket in /run, for the
#: host.
WITHIN_REACH = {"files", "dns", "myhostname"}


def validate(dns: str) -> None:
    """Refuse a value of --dns other than ``auto``, ``none`` or addresses with commas between."""
    for server in _given(dns):
        try:
            ip = IPv4Address(server)
        except AddressValueError:
            raise Refused(
                f"--dns {server!r} is neither auto nor none nor an IPv4 address, like 192.168.64.1"
            ) from None
        if ip.is_unspecified or ip.is_multicast or ip.is_reserved:
            raise Refused(f"--dns {server} is no host's address: name a server's")


def _given(dns: str) -> list[str]:
    """The name servers that the user named."""
    return [] if dns in ("auto", "none") else dns.split(",")


def servers(dns: str, facts: Facts) -> list[str]:
    """The addresses of the name servers that a value of --dns means on this machine."""
    if dns == "auto":
        return [*_names(facts).servers]
    return _given(dns)


def give(namespaces: Argv, dns: str, facts: Facts) -> Iterator[Step]:
    """Let these namespaces resolve names, by name servers that they can reach."""
    yield from _leftover(namespaces, facts)
    asked, names = servers(dns, facts), _names(facts)
    if not asked:
        return
    text = written(asked, *((names.search, names.options) if dns == "auto" else ((), ())))
    switch = "" if WITHIN_REACH.issuperset((names.hosts or "files dns").split()) else "files dns"
    yield from _files(namespaces, text, switch, facts, NO_NAMES)


def close(namespaces: Argv, facts: Facts) -> Iterator[Step]:
    """Let these namespaces resolve no names but those in /etc/hosts.

    Without an nsswitch.conf of its own, glibc would ask services by their sockets in /run, which
    every namespace reaches. A resolv.conf without a name server means 127.0.0.1 (resolv.conf(5)),
    where none listens.
    """
    yield from _leftover(namespaces, facts)
    yield from _files(namespaces, "# no name server\n", "files", facts, LEAK)


def _leftover(namespaces: Argv, facts: Facts) -> Iterator[Step]:
    """Remove the files from before a reboot, if all of a namespace's are ours."""
    files = {f"{ROOT}/{name}": _own(name, facts).values() for name in namespaces}
    if left := [folder for folder, ours in files.items() if ours and all(ours)]:
        yield Step(("rm", "-rf", *left), "left from before a reboot").as_guard(STALE)


def _files(
    namespaces: Argv, resolv: str, switch: str, facts: Facts, prevents: str
) -> Iterator[Step]:
    """The namespaces' own resolv.conf and, if sources are given, nsswitch.conf.

    A file of somebody else's stays.
    """
    if not namespaces:
        return
    yield _make(tuple(f"{ROOT}/{name}" for name in namespaces), facts)
    names, s = called(namespaces), "" if namespaces[1:] else "s"
    if paths := _to_write(namespaces, "resolv.conf", facts):
        why = f"{names} ask{s} {'nobody' if switch == 'files' else 'these'} for names"
        argv, text = ("tee", *present(paths)), f"{MARK}\n{resolv}"
        yield _written(paths, Step(argv, why, stdin=text)).as_guard(prevents)
    there = _names(facts).hosts is not None  # else nothing can be mounted over it
    paths = _to_write(namespaces, "nsswitch.conf", facts)
    if switch and there and paths:
        why = f"{names} find{s} names in no other way: {switch}"
        yield _written(paths, _switch(paths, switch, why, facts)).as_guard(LEAK)


def _to_write(namespaces: Argv, file: str, facts: Facts) -> Argv:
    """This file of each namespace, "-" for somebody else's; none if there is none to write."""
    ours = {name: _own(name, facts).get(file, True) for name in namespaces}
    paths = (f"{ROOT}/{name}/{file}" if ours[name] else "-" for name in namespaces)
    return tuple(paths) if any(ours.values()) else ()


def _make(folders: Argv, facts: Facts) -> Step:
    """Make the folders; the undo removes /etc/netns too, unless somebody else uses it."""
    remove = ("rmdir",) if _others(facts) else ("rmdir", "--parents", "--ignore-fail-on-non-empty")
    why = "files here stand for those in /etc (ip-netns(8))"
    if len(folders) > 1:
        used = looks.files_in_folders()
        undo = Undo(looks.folders(folders), (*remove, ITEM), users=(used,), items=folders)
    else:
        (folder,) = folders
        used = looks.files(f"^{literal(folder)}/([^/ ]+) ")
        undo = Undo(looks.folder(folder), (*remove, folder), users=(used,))
    return Step(("mkdir", "-p", *folders), why, undo=undo).as_guard(SHARED)


def _others(facts: Facts) -> bool:
    """Whether /etc/netns exists and no network of ours made it."""
    made = [folder for network in facts.known("networks") for folder in network.parents]
    return _names(facts).netns is not None and ROOT not in made


def _switch(paths: Argv, sources: str, why: str, facts: Facts) -> Step:
    """Copies of the machine's nsswitch.conf with other sources of hosts."""
    line = f"hosts: {sources} {MARK}"
    writes = [word for path in present(paths) for word in ("-e", f"w {path}")]
    change = ["-e", f"s/^hosts:.*/{line}/"]
    if _names(facts).hosts == "":
        change = [*writes, "-e", f"$!d;s/.*/{line}/"]
    return Step(("sed", "-n", *change, *writes, "/etc/nsswitch.conf"), why)


def _written(paths: Argv, step: Step) -> Step:
    """The step with an undo that removes its files, unless somebody has changed one.

    A file that somebody else wrote after the run was cut off has no mark.
    """
    if len(paths) > 1:
        files, other = looks.all_files(present(paths)), _unmarked(UNMARKED, ITEM)
        return replace(step, undo=Undo(files, ("rm", ITEM), others=(other,), items=paths))
    (path,) = paths
    undo = Undo(looks.file(path), ("rm", path), others=(_unmarked(UNMARKED, path),))
    return replace(step, undo=undo)


def _unmarked(text: str, *paths: str) -> Look:
    """A file without our mark: one of these, or one below it."""
    found = literal(paths[0]) if len(paths) == 1 and ITEM not in paths else ROOT
    return Look(("sh", "-c", text, MARKED, *paths), (f"^({found}.*)$",), "looked$")


def requirements(steps: Iterator[Step]) -> Iterator[Requirement]:
    """Every existing file that these steps write or remove has our mark."""
    for step in steps:
        for folder in step.argv[2:] if step.argv[:2] == ("rm", "-rf") else ():
            otherwise = f"not all in {folder} is ours: move it away, or export again"
            yield Requirement(_unmarked(ALL_UNMARKED, folder), False, otherwise, guard=True)
        if step.undo and step.undo.argv[0] == "rm":
            paths = present(step.undo.items or step.undo.argv[1:])
            otherwise = f"{called(paths)} is not ours: move it away, or export again"
            yield Requirement(_unmarked(UNMARKED, *paths), False, otherwise, guard=True)


def give_notices(namespaces: Argv, dns: str, facts: Facts) -> Iterator[Finding]:
    """What keeps namespaces from resolving names by these name servers."""
    if not namespaces:
        return
    namespace = namespaces[0]
    if dns != "none":
        yield from _foreign_files(namespaces, facts)
        yield from nowhere(namespace, _names(facts), "warning")
    if dns == "auto" and facts.names is not None and not facts.names.servers:
        what = f"the machine knows no name server that {namespace} could ask"
        advice = "name one: --dns IP"
        yield Finding("warning", what, "cat /etc/resolv.conf", advice=advice, about=namespace)
    for server in _given(dns):
        if IPv4Address(server).is_loopback:
            what = f"{server} is {namespace}'s own loopback, and not the host's"
            yield Finding(
                "warning",
                what,
                f"ip netns exec {namespace} ss -Hln sport = :53",
                advice="run a name server inside",
                about=namespace,
                namespace=namespace,
            )


def nowhere(namespace: str, names: Names, level: str) -> Iterator[Finding]:
    """There is no /etc/resolv.conf, perhaps only a link to nothing, to mount another over."""
    if not names.conf:
        what = f"the host has no /etc/resolv.conf to mount {namespace}'s over: it finds no name"
        fix = f'install -D /dev/null "$(readlink -m {RESOLVERS[0]})"'
        yield Finding(level, what, f"ls -lL {RESOLVERS[0]}", fix=fix, about=namespace)


def close_notices(namespaces: Argv, facts: Facts) -> Iterator[Finding]:
    """What lets namespaces resolve names although they should resolve none."""
    if not namespaces:
        return
    namespace = namespaces[0]
    yield from _foreign_files(namespaces, facts)
    if _names(facts).nscd:
        what = f"nscd runs, and finds names for {namespace} too, by the host's network"
        fix = "systemctl stop nscd"
        yield Finding("warning", what, "ls /run/nscd/socket", fix=fix, about=namespace)


def _foreign_files(namespaces: Argv, facts: Facts) -> Iterator[Finding]:
    """The namespaces' files that somebody else made, which therefore stay."""
    files = [(one, *file) for one in namespaces for file in _own(one, facts).items()]
    for namespace, name, ours in files:
        if name in FILES and not ours:
            path = f"{ROOT}/{namespace}/{name}"
            what = f"{path} is not ours, so names are found as it says"
            fix = f"mv {path} {path}.old"
            yield Finding("warning", what, f"cat {path}", fix=fix, about=namespace)


def leftovers(facts: Facts) -> Iterator[Finding]:
    """The files of ours from before a reboot: `ip netns exec` would mount them all the same."""
    if facts.networks is None or facts.namespaces is None:
        return
    for name, files in (_names(facts).netns or {}).items():
        ours = [f"{ROOT}/{name}/{file}" for file, is_ours in files.items() if is_ours]
        if ours and facts.network(name) is None:
            what, fix = f"{ROOT}/{name} is left from before a reboot", f"netmodes down {name}"
            if name in facts.namespaces:
                what = f"{what}, so {name}, which is not ours, finds names as the files there say"
                fix = f"rm {' '.join(ours)}"
            yield Finding("warning", what, f"grep . {' '.join(ours)}", fix=fix, about=name)


def _names(facts: Facts) -> Names:
    return facts.names or Names()


def _own(namespace: str, facts: Facts) -> dict[str, bool]:
    """The files in the namespace's folder, and whether each is ours."""
    return (_names(facts).netns or {}).get(namespace, {})
