"""``doctor``: what about a machine and its uplink matters to the modes, and what fixes it.

Pure functions of facts. What is unknown is no finding, unless root could see it.
"""

import re
from collections.abc import Iterator

from netmodes.commands import dns, notices, uplink
from netmodes.commands.netfilter import WITHOUT_NFT
from netmodes.firewall import objections
from netmodes.machine.abilities import no_kind, no_user_namespaces
from netmodes.machine.entries import Link
from netmodes.machine.facts import Facts
from netmodes.machine.path import as_root
from netmodes.machine.resolv import Names, is_loopback
from netmodes.plan.finding import Finding
from netmodes.plan.programs import missing
from netmodes.plan.text import PLAIN
from netmodes.plan.verdict import TRACE

#: What a mode cannot do where a folder is read-only, and what to do.
FIXED = {
    "/proc/sys/net": (
        "bridged and nat cannot switch forwarding on, nor nat and host-only IPv6 off",
        "give the container --privileged or `--sysctl net.ipv4.ip_forward=1`",
    ),
    "/etc": (
        "a namespace gets no files of its own",
        "`--dns none` for bridged and nat, `--verbatim` for isolated and host-only",
    ),
    "/run": ("no namespace can have a name", "give the container --tmpfs /run"),
}


def of_machine(facts: Facts) -> Iterator[Finding]:
    """What matters to a mode, whichever it is."""
    yield from _privileges(facts)
    yield from map(missing, facts.missing or ())
    yield from map(_fixed, facts.fixed or ())
    yield from (no_kind(name) for name, known in (facts.kinds or {}).items() if not known)
    yield from _unsupported(facts)
    if facts.user_namespaces:
        yield no_user_namespaces(**facts.user_namespaces)
    yield from dns.leftovers(facts)
    yield from notices.dummy_of_the_module(facts)
    yield from objections.filters(facts)
    yield from _traces(facts)
    yield from _unseen(facts)
    yield from _name_server(facts)
    yield from notices.before_up(facts)


def of_uplink(name: str, facts: Facts) -> Iterator[Finding]:
    """What matters to bridging this NIC; where a network of ours has bridged it, only warnings."""
    if not PLAIN.fullmatch(name):
        what, advice = f"{name!r} is no plain name, and no mode takes it", "rename that device"
        yield Finding("error", what, "ip link", advice=advice, about=name)
        return
    if facts.bridged(name) is None:
        yield from uplink.uplink_errors(name, facts)
    yield from uplink.uplink_warnings(name, facts)
    yield from uplink.ssh_session(name, facts)


def default_nic(facts: Facts) -> str | None:
    """The NIC of the default route; behind a bridge of ours it is the uplink."""
    devices = [route.dev for route in facts.default_routes() if route.dev]
    nics = [dev for dev in devices if (facts.link(dev) or Link("")).type == "ether"]
    return next((uplink.behind(device, facts) for device in [*nics, *devices]), None)


def _name_server(facts: Facts) -> Iterator[Finding]:
    """The host's name servers are all on a loopback, which is the host's alone; or it has none."""
    yield from dns.nowhere("a namespace", facts.names or Names(), "warning")
    if facts.resolvers is not None and all(map(is_loopback, facts.resolvers)):
        behind = ", ".join(facts.names.servers if facts.names else ())
        known = f"nothing: bridged and nat give theirs {behind}, which is behind it"
        yield Finding(
            "warning",
            f"the host asks {facts.resolver} for names, which a namespace does not reach",
            "cat /etc/resolv.conf",
            advice=known if behind else "name a server to bridged and nat: --dns IP",
        )


def _privileges(facts: Facts) -> Iterator[Finding]:
    if facts.privileges == "none":
        what = "this is not root, and there is no sudo that works"
        advice = "run it as root, or `netmodes lab`"
        yield Finding("error", what, "id -u; command -v sudo", advice=advice)
    if facts.privileges == "bounded":
        what = "this root may not change the network (a container's, it seems)"
        advice = "give the container --privileged, or use the machine that runs it"
        yield Finding("error", what, "grep Cap /proc/self/status", advice=advice)


def _fixed(folder: str) -> Finding:
    """A folder that a mode may have to write is on a read-only mount."""
    consequence, advice = FIXED[folder]
    what = f"{folder} is read-only, so {consequence}"
    return Finding("warning", what, "cat /proc/mounts", advice=advice)


def _unsupported(facts: Facts) -> Iterator[Finding]:
    """A firewall's program that is installed, on a kernel that lacks its part."""
    if facts.programs is not None and facts.missing is not None:
        for name in sorted({"nft", "iptables"} - {*facts.programs, *facts.missing}):
            what = f"{name} does not work with this kernel, which has no nf_tables"
            evidence = "nft list ruleset" if name == "nft" else "iptables -S"
            yield Finding("warning", what, evidence, advice=WITHOUT_NFT)


def _unseen(facts: Facts) -> Iterator[Finding]:
    """A firewall's rules, which root alone may read."""
    installed = [name for name in ("nft", "iptables") if name not in (facts.missing or ())]
    unseen = [name for name in installed if getattr(facts, name) is None]
    if unseen and facts.privileges not in (None, "root"):
        what = f"what the firewall does could not be seen without root ({' and '.join(unseen)})"
        yield Finding("warning", what, "nft list ruleset", fix=as_root("doctor"))


def _traces(facts: Facts) -> Iterator[Finding]:
    """Tables of a `why` that was killed, where nft could not have them end with it."""
    listed = "\n".join(map(str.strip, facts.nft or ()))
    for table in re.findall(rf"^table (\w+ {TRACE}-\d+) {{\n(?!flags owner)", listed, re.M):
        what = f"a `netmodes why` that was killed has left nft's table {table}"
        yield Finding("warning", what, f"nft list table {table}", fix=f"nft delete table {table}")
