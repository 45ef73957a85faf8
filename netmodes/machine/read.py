"""Reads the facts of the host or of a namespace, and changes nothing.

It does without the runner (no plumbum), so that a dry run starts fast. All commands run at once.
"""

import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from netmodes.errors import Refused
from netmodes.journal import networks
from netmodes.machine import abilities
from netmodes.machine.entries import Json, kind
from netmodes.machine.facts import Facts
from netmodes.machine.nics import hardware, managers, tc_filters
from netmodes.machine.query import end, lines, start, text_of
from netmodes.machine.resolv import names, namespace_names, resolvers
from netmodes.machine.ssh import ssh_device, ssh_peer
from netmodes.place import named
from netmodes.plan.step import in_namespace

ROUTES = ("-j", "route", "show", "table", "all")
IP_JSON = {
    "links": ("ip", "-d", "-j", "addr", "show"),
    "routes": ("ip", "-4", *ROUTES),
    "routes6": ("ip", "-6", *ROUTES),
}

#: What bridged, nat and the doctor ask about: firewalls (only root may read them) and rules.
RULES = {
    "nft": ("nft", "list", "ruleset"),
    "iptables": ("iptables", "-S"),
    "rules": ("ip", "-4", "rule", "show"),
    "rules6": ("ip", "-6", "rule", "show"),
}

SYSCTLS = (
    "net.ipv4.ip_forward",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.default.accept_ra",
    "net.bridge.bridge-nf-call-iptables",
)

#: What nft and iptables say where the kernel has no nf_tables, or none of iptables' own tables.
UNSUPPORTED = re.compile("not supported|initialization failed: Invalid|Table does not exist")

#: The settings of a namespace that its packets depend on, for ``sysctl -r``.
INSIDE = r"^net\.ipv4\.(ip_forward|conf\.[^.]+\.(forwarding|rp_filter))$|\.all\.disable_ipv6$"

#: Kinds of device that are no uplink and may be many.
INNER = ("bridge", "dummy")

#: A device's sysctls that are not settings of its own.
SETTLED = ("forwarding", "mc_forwarding", "stable_secret", "disable_ipv6", "mtu")


def host_facts(*, thorough: bool = True, machine: bool = False) -> Facts:
    """Read the host's facts.

    Args:
        thorough: also firewalls, rules, managers and hardware, which bridged and nat need.
        machine: also programs, kinds of device and privileges, which the doctor needs.

    Raises:
        Refused: there is no ``ip``, or it fails.
    """
    commands = IP_JSON | (RULES if thorough else {})
    running = {name: start(*argv) for name, argv in commands.items()}
    ended = {name: end(child) for name, child in running.items()}
    facts = {name: _json(name, ended[name]) for name in IP_JSON}
    if thorough:
        facts |= {name: lines(ended[name]) for name in RULES} | _thorough(facts["links"])
        facts["programs"] = [name for name in ("nft", "iptables") if _works(ended[name])]
    if machine:
        facts |= abilities.read()
    return Facts(
        **facts,
        namespaces=named(),
        names=names(),
        peer=ssh_peer() or "",
        sysctls={name: text_of(Path("/proc/sys", *name.split("."))) for name in SYSCTLS},
        with_ip_forward=_with_ip_forward(),
        networks=networks(),
    )


def _thorough(links: list[Json]) -> Json:
    """The fields that take longer: firewalls' programs, managers, hardware, device settings."""
    uplinks = _uplinks(links)
    return {
        "tc": {name: tc_filters(name) for name in uplinks},
        "managers": {link["ifname"]: managers(link) for link in links},
        "nics": {link["ifname"]: hardware(link) for link in links if not kind(link)},
        "resolvers": resolvers(),
        "ssh": ssh_device(),
        "device_sysctls": {name: _interface_sysctls(name) for name in uplinks},
    }


def namespace_facts(name: str) -> Facts:
    """Read the facts of a named namespace; needs root. What only a host has is unknown.

    Raises:
        Refused: there is no such namespace, or it cannot be read.
    """
    if name not in named():
        raise Refused(f"there is no namespace {name}: `netmodes list` shows those that are up")
    commands = {what: RULES[what] for what in ("rules", "rules6", "nft")}
    commands |= IP_JSON | {"sysctls": ("sysctl", "-a", "-r", INSIDE)}
    running = {what: start(*in_namespace(name, *argv)) for what, argv in commands.items()}
    ended = {what: end(child) for what, child in running.items()}
    facts = {what: _json(what, ended[what]) for what in IP_JSON}
    facts |= {what: lines(ended[what]) for what in ("rules", "rules6", "nft")}
    return Facts(
        **facts,
        sysctls=_settings(lines(ended["sysctls"])),
        resolvers=resolvers(name),
        names=namespace_names(name),
    )


def _settings(printed: list[str] | None) -> dict[str, str | None] | None:
    """Settings by name, from the lines of ``sysctl``, which writes a device's dots as slashes."""
    if printed is None:
        return None
    pairs = (line.partition(" = ") for line in printed)
    return {name.replace("/", "."): value for name, _, value in pairs}


def _json(name: str, done: CompletedProcess[str] | None) -> Any:  # noqa: ANN401
    """The entries that an ``ip -j`` command printed."""
    if done is None:
        raise Refused("there is no `ip` on PATH: install iproute2")
    if done.returncode != 0:
        raise Refused(f"the machine's {name} cannot be read: `ip` says {done.stderr.strip()!r}")
    try:
        # iproute2 prints `{}` for "no such thing" among the entries.
        entries = [dict(entry) for entry in json.loads(done.stdout, strict=False) if entry]
    except (ValueError, TypeError):
        raise Refused("`ip -j` prints no JSON: install iproute2") from None
    if name == "links" and not any(entry.get("ifname") == "lo" for entry in entries):
        raise Refused("`ip` lists no loopback, which every machine has: try again")
    return entries


def _works(done: CompletedProcess[str] | None) -> bool:
    """Whether a firewall's program is installed, and does not say that the kernel lacks it."""
    return done is not None and not UNSUPPORTED.search(done.stderr)


def _uplinks(links: list[Json]) -> list[str]:
    """The devices that could be an uplink."""
    return [
        link["ifname"]
        for link in links
        if kind(link) not in INNER and link["ifname"] != "lo" and link.get("addr_info")
    ]


def _with_ip_forward() -> dict[str, str]:
    """The settings that switching ip_forward on and off changes (docs/kernel.md#ip-forwarding)."""
    conf = Path("/proc/sys/net/ipv4/conf")
    forwarding = {path.parent.name: text_of(path) for path in conf.glob("*/forwarding")}
    changed = {f"{name}/forwarding": "1" for name, value in forwarding.items() if value == "1"}
    if text_of(conf / "all/accept_redirects") == "0":
        changed["all/accept_redirects"] = "0"
    return {f"net/ipv4/conf/{name}": value for name, value in sorted(changed.items())}


def _interface_sysctls(device: str) -> dict[str, str]:
    """The settings of a device that differ from a new device's, and its ``rp_filter``."""
    found = {}
    for family in ("ipv4", "ipv6"):
        default, own = (Path("/proc/sys/net", family, "conf", name) for name in ("default", device))
        for path in sorted(own.glob("*")):
            value = text_of(path)
            differs = path.name not in SETTLED and value != text_of(default / path.name)
            if value is not None and (differs or path.name == "rp_filter"):
                found[f"{family}.{path.name}"] = value
    return found
