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
from netmodes.plan.undo import Undo

#: Prints the name of a file ($1) that is not empty and has no line with this mark ($0); and the
#: names of all files of a folder that have none.
UNMARKED = '[ ! -s "$1" ] || grep -L -- "$0" "$1"; [ $? -lt 2 ] && echo looked'
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


def give(namespace: str, dns: str, facts: Facts) -> Iterator[Step]:
    """Let the namespace resolve names, by name servers that it can reach."""
    yield from _leftover(namespace, facts)
    asked, names = servers(dns, facts), _names(facts)
    if not asked:
        return
    text = written(asked, *((names.search, names.options) if dns == "auto" else ((), ())))
    switch = "" if WITHIN_REACH.issuperset((names.hosts or "files dns").split()) else "files dns"
    yield from _files(namespace, text, switch, facts, NO_NAMES)


def close(namespace: str, facts: Facts) -> Iterator[Step]:
    """Let the namespace resolve no names but those in /etc/hosts.

    Without an nsswitch.conf of its own, glibc would ask services by their sockets in /run, which
    every namespace reaches. A resolv.conf without a name server means 127.0.0.1 (resolv.conf(5)),
    where none listens.
    """
    yield from _leftover(namespace, facts)
    yield from _files(namespace, "# no name server\n", "files", facts, LEAK)


def _leftover(namespace: str, facts: Facts) -> Iterator[Step]:
    """Remove the files from before a reboot, if all are ours."""
    files = _own(namespace, facts)
    if files and all(files.values()):
        why = "left from before a reboot"
        yield Step(("rm", "-rf", f"{ROOT}/{namespace}"), why).as_guard(STALE)


def _files(namespace: str, resolv: str, switch: str, facts: Facts, prevents: str) -> Iterator[Step]:
    """The namespace's own resolv.conf and, if sources are given, nsswitch.conf.

    A file of somebody else's stays.
    """
    folder, ours = f"{ROOT}/{namespace}", _own(namespace, facts)
    yield _make(folder, facts)
    if ours.get("resolv.conf", True):
        path, text = f"{folder}/resolv.conf", f"{MARK}\n{resolv}"
        why = f"{namespace} asks {'nobody' if switch == 'files' else 'these'} for names"
        yield _written(path, Step(("tee", path), why, stdin=text)).as_guard(prevents)
    there = _names(facts).hosts is not None  # else nothing can be mounted over it
    if switch and there and ours.get("nsswitch.conf", True):
        why = f"{namespace} finds names in no other way: {switch}"
        step = _switch(folder, switch, why, facts)
        yield _written(f"{folder}/nsswitch.conf", step).as_guard(LEAK)


def _make(folder: str, facts: Facts) -> Step:
    """Make the folder; the undo removes /etc/netns too, unless somebody else uses it."""
    alone = ("rmdir", folder)
    with_root = ("rmdir", "--parents", "--ignore-fail-on-non-empty", folder)
    used = looks.files(f"^{literal(folder)}/([^/ ]+) ")
    undo = Undo(looks.folder(folder), alone if _others(facts) else with_root, users=(used,))
    why = "files here stand for those in /etc (ip-netns(8))"
    return Step(("mkdir", "-p", folder), why, undo=undo).as_guard(SHARED)


def _others(facts: Facts) -> bool:
    """Whether /etc/netns exists and no network of ours made it."""
    made = [folder for network in facts.known("networks") for folder in network.parents]
    return _names(facts).netns is not None and ROOT not in made


def _switch(folder: str, sources: str, why: str, facts: Facts) -> Step:
    """A copy of the machine's nsswitch.conf with other sources of hosts."""
    path, line = f"{folder}/nsswitch.conf", f"hosts: {sources} {MARK}"
    change = ("-e", f"s/^hosts:.*/{line}/", "-e", f"w {path}")
    if _names(facts).hosts == "":
        change = ("-e", f"w {path}", "-e", f"$s/.*/{line}/w {path}")
    return Step(("sed", "-n", *change, "/etc/nsswitch.conf"), why)


def _written(path: str, step: Step) -> Step:
    """The step with an undo that removes its file, unless somebody has changed the file.

    A file that somebody else wrote after the run was cut off has no mark.
    """
    undo = Undo(looks.file(path), ("rm", path), others=(_unmarked(UNMARKED, path),))
    return replace(step, undo=undo)


def _unmarked(text: str, path: str) -> Look:
    """A file without our mark: this one, or one below it."""
    return Look(("sh", "-c", text, MARKED, path), (f"^({literal(path)}.*)$",), "looked$")


def requirements(steps: Iterator[Step]) -> Iterator[Requirement]:
    """Every existing file that these steps write or remove has our mark."""
    for step in steps:
        if step.argv[:2] == ("rm", "-rf"):
            otherwise = f"not all in {step.argv[2]} is ours: move it away, or export again"
            yield Requirement(_unmarked(ALL_UNMARKED, step.argv[2]), False, otherwise, guard=True)
        if step.undo and step.undo.argv[0] == "rm":
            path = step.undo.argv[1]
            otherwise = f"{path} is not ours: move it away, or export again"
            yield Requirement(_unmarked(UNMARKED, path), False, otherwise, guard=True)


def give_notices(namespace: str, dns: str, facts: Facts) -> Iterator[Finding]:
    """What keeps a namespace from resolving names by these name servers."""
    if dns != "none":
        yield from _foreign_files(namespace, facts)
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


def close_notices(namespace: str, facts: Facts) -> Iterator[Finding]:
    """What lets a namespace resolve names although it should resolve none."""
    yield from _foreign_files(namespace, facts)
    if _names(facts).nscd:
        what = f"nscd runs, and finds names for {namespace} too, by the host's network"
        fix = "systemctl stop nscd"
        yield Finding("warning", what, "ls /run/nscd/socket", fix=fix, about=namespace)


def _foreign_files(namespace: str, facts: Facts) -> Iterator[Finding]:
    """The namespace's files that somebody else made, which therefore stay."""
    for name, ours in _own(namespace, facts).items():
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
