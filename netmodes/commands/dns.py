"""How a namespace finds names: by name servers that it can reach, or not at all.

``ip netns exec`` puts the files of /etc/netns/NAME in the place of those in /etc (ip-netns(8)).
They are on disk, where /run is not: after a reboot ours are known by their mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.resolv import MARK, MARKED
from netmodes.plan.finding import Finding
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.undo import Undo

#: Prints a file ($1) that is not empty, and has no line with this mark ($0).
UNMARKED = '[ ! -s "$1" ] || grep -L -- "$0" "$1" || :'

#: What --dns is, for its help.
MEANING = "name servers (none: the host's files as they are)"

ROOT = "/etc/netns"
FILES = ("resolv.conf", "nsswitch.conf")

#: What happens without each of these guards.
STALE = "the namespace asks the name servers of a network that is gone"
SHARED = "the namespace reads the host's own files, which name servers it may not reach"
NO_NAMES = "where the host asks 127.0.0.53, the namespace finds no name"
LEAK = "a name server, or the host by a socket in /run, learns what the namespace looks for"

#: What a namespace can ask by itself; anything else answers on a socket in /run, for the host.
ASKING = {"files", "dns", "myhostname"}


def validate(dns: str) -> None:
    """Refuse what is neither ``auto`` nor ``none`` nor servers' addresses with commas between."""
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
    """The servers that the user has named."""
    return [] if dns in ("auto", "none") else dns.split(",")


def servers(dns: str, facts: Facts) -> list[str]:
    """The name servers that this comes to on this machine."""
    if dns == "auto":
        return [str(server) for server in _names(facts).get("servers", ())]
    return _given(dns)


def give(namespace: str, dns: str, facts: Facts) -> Iterator[Step]:
    """The namespace asks name servers that it can reach."""
    yield from _leftover(namespace, facts)
    asked, search = servers(dns, facts), _names(facts).get("search")
    if not asked:
        return
    lines = [f"nameserver {server}" for server in asked]
    if search and dns == "auto":
        lines.append(f"search {' '.join(search)}")
    sources = (_names(facts).get("hosts") or "files dns").split()
    switch = [] if ASKING.issuperset(sources) else ["files dns"]
    yield from _files(namespace, "\n".join(lines), switch, facts, NO_NAMES)


def close(namespace: str, facts: Facts) -> Iterator[Step]:
    """The namespace finds no names but those of /etc/hosts.

    Without the second file glibc would ask who answers on a socket in /run, which every namespace
    reaches; without a name server it would ask 127.0.0.1 (resolv.conf(5)), where nobody is.
    """
    yield from _leftover(namespace, facts)
    yield from _files(namespace, "# no name server", ["files"], facts, LEAK)


def _leftover(namespace: str, facts: Facts) -> Iterator[Step]:
    """What a reboot has left goes, if all of it is ours; a script may find it gone."""
    there = _own(namespace, facts)
    if there and all(there.values()):
        why = "left from before a reboot"
        yield Step(("rm", "-rf", f"{ROOT}/{namespace}"), why).as_guard(STALE)


def _files(
    namespace: str, resolv: str, switch: list[str], facts: Facts, prevents: str
) -> Iterator[Step]:
    """The namespace's own files, where none is there that is not ours."""
    folder = f"{ROOT}/{namespace}"
    there = _own(namespace, facts)
    yield _make(folder, facts)
    if there.get("resolv.conf", True):
        path, text = f"{folder}/resolv.conf", f"{MARK}\n{resolv}\n"
        why = f"{namespace} asks {'nobody' if switch == ['files'] else 'these'} for names"
        yield _written(path, Step(("tee", path), why, stdin=text)).as_guard(prevents)
    for sources in switch if _has_switch(facts) and there.get("nsswitch.conf", True) else ():
        why = f"{namespace} finds names in no other way: {sources}"
        step = _switch(folder, sources, why, facts)
        yield _written(f"{folder}/nsswitch.conf", step).as_guard(LEAK)


def _make(folder: str, facts: Facts) -> Step:
    """The folder; the one it is in goes with it, where others have nothing there."""
    alone = ("rmdir", folder)
    with_root = ("rmdir", "--parents", "--ignore-fail-on-non-empty", folder)
    used = (("ls", "-A", folder), ".+")
    undo = Undo(("stat", "-c", "%i", folder), alone if _others(facts) else with_root, users=(used,))
    why = "files here stand for those in /etc (ip-netns(8))"
    return Step(("mkdir", "-p", folder), why, undo=undo).as_guard(SHARED)


def _others(facts: Facts) -> bool:
    """Whether somebody else has /etc/netns: it is there, and no network of ours has made it."""
    made = [folder for network in facts.known("networks") for folder in network.parents]
    return _names(facts).get("netns") is not None and ROOT not in made


def _has_switch(facts: Facts) -> bool:
    """Whether the machine has an nsswitch.conf, in whose place another can be put."""
    return _names(facts).get("hosts", "") is not None


def _switch(folder: str, sources: str, why: str, facts: Facts) -> Step:
    """The machine's nsswitch.conf (users, groups, …) with other sources of hosts."""
    path, line = f"{folder}/nsswitch.conf", f"hosts: {sources} {MARK}"
    change = ("-e", f"s/^hosts:.*/{line}/", "-e", f"w {path}")
    if _names(facts).get("hosts") == "":
        change = ("-e", f"w {path}", "-e", f"$s/.*/{line}/w {path}")
    return Step(("sed", "-n", *change, "/etc/nsswitch.conf"), why)


def _written(path: str, step: Step) -> Step:
    """A step that writes a file, which is ours for as long as nobody has changed it.

    Another's, written after a run that was cut, has no mark.
    """
    unmarked = (("sh", "-c", UNMARKED, MARKED, path), ".+")
    return replace(step, undo=Undo(("cksum", path), ("rm", path), others=(unmarked,)))


def requirements(steps: Iterator[Step]) -> Iterator[Requirement]:
    """None of the files that these steps write or remove is there without our mark."""
    for step in steps:
        if step.argv[:2] == ("rm", "-rf"):
            otherwise = f"not all in {step.argv[2]} is ours: move it away, or export again"
            yield Requirement(("grep", "-rL", MARKED, step.argv[2]), None, otherwise, guard=True)
        if step.undo and step.undo.probe[0] == "cksum":
            path = step.undo.probe[1]
            otherwise = f"{path} is not ours: move it away, or export again"
            yield Requirement(("grep", "-L", MARKED, path), None, otherwise, guard=True)


def notices(namespace: str, dns: str, facts: Facts) -> Iterator[Finding]:
    """What keeps names from being found as they should; ``dns`` "" where none should be."""
    for name, ours in _own(namespace, facts).items():
        if name in FILES and not ours and dns != "none":
            path = f"{ROOT}/{namespace}/{name}"
            what = f"{path} is not ours, so names are found as it says"
            fix = f"mv {path} {path}.old"
            yield Finding("warning", what, f"cat {path}", fix=fix, about=namespace)
    if dns == "auto" and facts.names is not None and not facts.names["servers"]:
        what = f"the machine knows no name server that {namespace} could ask"
        advice = "name one: --dns IP"
        yield Finding("warning", what, "cat /etc/resolv.conf", advice=advice, about=namespace)
    for server in _given(dns) if dns else ():
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
    if dns == "" and _names(facts).get("nscd"):
        what = f"nscd runs, and finds names for {namespace} too, by the host's network"
        fix = "systemctl stop nscd"
        yield Finding("warning", what, "ls /run/nscd/socket", fix=fix, about=namespace)


def _names(facts: Facts) -> dict[str, Any]:
    return facts.names or {}


def _own(namespace: str, facts: Facts) -> dict[str, bool]:
    """The files that there are for this namespace, and whether each is ours."""
    found: dict[str, bool] = (_names(facts).get("netns") or {}).get(namespace, {})
    return found
