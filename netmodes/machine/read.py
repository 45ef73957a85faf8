"""Reading the machine, without changing anything: what ``Facts.read`` is made of.

It goes past the runner (no plumbum), so that a dry run starts fast; all commands run at once.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from netmodes.errors import Refused
from netmodes.journal import summaries
from netmodes.machine import resolv
from netmodes.machine.abilities import hardware, resolvers, ssh_device, ssh_peer
from netmodes.machine.abilities import read as read_machine

__all__ = ["kind", "read", "read_inside"]

Json = dict[str, Any]

ROUTES = ("-j", "route", "show", "table", "all")
IP_JSON = {
    "links": ("ip", "-d", "-j", "addr", "show"),
    "routes": ("ip", "-4", *ROUTES),
    "routes6": ("ip", "-6", *ROUTES),
}

#: What only bridged asks about: firewalls (only root may read them) and rules.
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
    "net.ipv6.conf.default.accept_ra",
    "net.bridge.bridge-nf-call-iptables",
)

#: The settings of a namespace that its packets depend on, for ``sysctl -r``.
INSIDE = r"^net\.ipv4\.(ip_forward|conf\.[^.]+\.(forwarding|rp_filter))$|\.all\.disable_ipv6$"

#: Kinds of device that are no uplink and may be many.
INNER = ("bridge", "dummy")

#: A device's sysctls that are not settings of its own.
SETTLED = ("forwarding", "mc_forwarding", "stable_secret", "disable_ipv6", "mtu")

DHCP_CLIENTS = ("dhclient", "dhcpcd", "udhcpc")


def read(*, thorough: bool, machine: bool) -> Json:
    """The fields of ``Facts``.

    Args:
        thorough: firewalls, rules, who manages each device and what drives it as well.
        machine: programs, kinds of device and privileges as well.

    Raises:
        Refused: there is no ``ip``, or it fails.
    """
    commands = IP_JSON | (RULES if thorough else {})
    running = {name: _start(argv) for name, argv in commands.items()}
    ended = {name: _end(child) for name, child in running.items()}
    facts = {name: _json(name, *ended[name]) for name in IP_JSON}
    links = facts["links"]
    if thorough:
        facts |= {name: _lines(*ended[name]) for name in RULES}
        facts["tc"] = {name: _tc(name) for name in _uplinks(links)}
        facts["programs"] = [name for name in ("nft", "iptables") if _is_installed(name)]
        facts["managers"] = {link["ifname"]: _managers(link) for link in links}
        facts["nics"] = {link["ifname"]: hardware(link) for link in links if not kind(link)}
        facts |= {"resolvers": resolvers()}
        facts["ssh"] = ssh_device()
    if machine:
        facts |= read_machine()
    return facts | {
        "namespaces": _namespaces(),
        "names": resolv.names(),
        "peer": ssh_peer() or "",
        "sysctls": _sysctls(_uplinks(links) if thorough else []),
        "networks": summaries(),
    }


def read_inside(name: str) -> Json:
    """The fields of ``Facts`` that a named namespace has of its own; needs root.

    Raises:
        Refused: there is no such namespace, or it cannot be read.
    """
    if name not in _namespaces():
        raise Refused(f"there is no namespace {name}: `netmodes list` shows those that are up")
    commands = {what: RULES[what] for what in ("rules", "rules6", "nft")}
    commands |= IP_JSON | {"sysctls": ("sysctl", "-a", "-r", INSIDE)}
    enter = ("ip", "netns", "exec", name)
    running = {what: _start((*enter, *argv)) for what, argv in commands.items()}
    ended = {what: _end(child) for what, child in running.items()}
    lines = {what: _lines(*ended.pop(what)) for what in ("rules", "rules6", "nft", "sysctls")}
    facts = {what: _json(what, *ended[what]) for what in ended}
    facts |= {**lines, "sysctls": _settings(lines["sysctls"])}
    return facts | {"resolvers": resolvers(name), "names": resolv.names_inside(name)}


def _settings(lines: list[str] | None) -> dict[str, str] | None:
    """Settings by name from what ``sysctl`` prints; the dots of a device it writes as slashes."""
    if lines is None:
        return None
    pairs = (line.partition(" = ") for line in lines)
    return {name.replace("/", "."): value for name, _, value in pairs}


def kind(link: Json) -> str | None:
    """A virtual device's kind (``veth``, ``bridge``, …), or None for a real one."""
    found = link.get("linkinfo", {}).get("info_kind")
    return None if found is None else str(found)


def _start(argv: tuple[str, ...]) -> Popen[str] | None:
    """The running command, or None where there is no such program."""
    try:
        return Popen(argv, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, text=True)
    except FileNotFoundError:
        if argv[0] == "ip":
            raise Refused("there is no `ip` on PATH: install iproute2") from None
        return None


def _end(child: Popen[str] | None) -> tuple[int, str, str]:
    """Exit status and output of a command; 127 where there is none, as a shell has it."""
    if child is None:
        return 127, "", ""
    stdout, stderr = child.communicate()
    return child.returncode, stdout, stderr


def _json(name: str, status: int, stdout: str, stderr: str) -> Any:  # noqa: ANN401
    if status != 0:
        raise Refused(f"the machine's {name} cannot be read: `ip` says {stderr.strip()!r}")
    try:
        entries = json.loads(stdout or "[]")
    except ValueError:
        raise Refused("`ip -j` prints no JSON: install iproute2") from None
    # iproute2 prints `{}` for "no such thing" among the entries.
    return [entry for entry in entries if entry]


def _lines(status: int, stdout: str, stderr: str) -> list[str] | None:
    """What a command printed, or None for unknown: it is not there, or may not look."""
    return stdout.splitlines() if status == 0 else None


def _is_installed(program: str) -> bool:
    """Whether root finds a program; an ordinary user's PATH may lack where Debian keeps it."""
    path = os.environ.get("PATH", os.defpath)
    return bool(shutil.which(program, path=path if os.geteuid() == 0 else f"{path}:/usr/sbin"))


def _uplinks(links: list[Json]) -> list[str]:
    """The devices that could be an uplink."""
    return [
        link["ifname"]
        for link in links
        if kind(link) not in INNER and link["ifname"] != "lo" and link.get("addr_info")
    ]


def _tc(device: str) -> list[str] | None:
    shown = [
        _lines(*_end(_start(("tc", "filter", "show", "dev", device, *where))))
        for where in ((), ("ingress",))
    ]
    return None if None in shown else [line for lines in shown for line in lines or ()]


def _managers(link: Json) -> list[str]:
    """Who may undo what we do to a device: the daemons that manage it, and its DHCP clients."""
    index = str(link["ifindex"])
    manager, networkd = (
        Path("/run/NetworkManager/devices", index),
        Path("/run/systemd/netif/links", index),
    )
    found = []
    if manager.exists() and "managed=false" not in manager.read_text():
        found.append("NetworkManager")
    if networkd.exists() and "unmanaged" not in networkd.read_text():
        found.append("systemd-networkd")
    return found + [name for name, argv in _dhcp_clients() if link["ifname"] in argv]


def _dhcp_clients() -> list[tuple[str, list[str]]]:
    """The name and argv of each DHCP client that runs, but for those of other networks."""
    found, here = [], _network_of(Path("/proc/self"))
    for process in Path("/proc").glob("[0-9]*"):
        argv = (_read(process / "cmdline") or "").split("\0")
        name = Path(argv[0]).name
        if name in DHCP_CLIENTS and _network_of(process) in (here, None):
            found.append((name, argv))
    return found


def _network_of(process: Path) -> str | None:
    """Which network namespace a process is in; None if only root may know."""
    try:
        return str((process / "ns/net").readlink())
    except OSError:
        return None


def _namespaces() -> list[str]:
    folder = Path("/run/netns")
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _sysctls(uplinks: list[str]) -> dict[str, Any]:
    """Those that matter, by name, and for each device that could be an uplink its own."""
    every: dict[str, Any] = {name: _read(Path("/proc/sys", *name.split("."))) for name in SYSCTLS}
    every["with ip_forward"] = _with_ip_forward()
    return every | {f"conf {name}": _interface_sysctls(name) for name in uplinks}


def _with_ip_forward() -> dict[str, str]:
    """What turning ``ip_forward`` on and off again would not leave as it is (kernel-facts 20)."""
    conf = Path("/proc/sys/net/ipv4/conf")
    forwarding = {path.parent.name: _read(path) for path in conf.glob("*/forwarding")}
    changed = {f"{name}/forwarding": "1" for name, value in forwarding.items() if value == "1"}
    if _read(conf / "all/accept_redirects") == "0":
        changed["all/accept_redirects"] = "0"
    return {f"net/ipv4/conf/{name}": value for name, value in sorted(changed.items())}


def _interface_sysctls(device: str) -> dict[str, str]:
    """A device's own sysctls where they differ from a new device's, and its ``rp_filter``."""
    found = {}
    for family in ("ipv4", "ipv6"):
        default, own = (Path("/proc/sys/net", family, "conf", name) for name in ("default", device))
        for path in sorted(own.glob("*")):
            value = _read(path)
            differs = path.name not in SETTLED and value != _read(default / path.name)
            if value is not None and (differs or path.name == "rp_filter"):
                found[f"{family}.{path.name}"] = value
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
