"""The lab: a throw-away copy of the article's machine, made of namespaces, without root.

    the machine (host)              the router, and all that is outside
    ┌─────────────────────────┐     ┌──────────────────────────┐
    │ enp0s1  192.168.64.3/24 ├─────┤ lan0  192.168.64.1/24    │
    │ HTTP on port 80         │  ┌──┤ lo    8.8.8.8/32         │
    └─────────────────────────┘  │  │ DNS: outside.example     │
    another machine of the LAN   │  └──────────────────────────┘
    ┌─────────────────────────┐  │
    │ eth0    192.168.64.7/24 ├──┘
    └─────────────────────────┘

As on Ubuntu, the machine asks 127.0.0.53 for names, which its namespaces cannot reach.
``nsenter --net=/run/lan/neighbour CMD`` runs a command on the other machine of the LAN.

The lab is in a user namespace, also for root, so that nothing in it can reach the real machine's
network, its sysctls or root's files. It ends with its command.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from netmodes.commands import iproute, sysctl
from netmodes.errors import CommandFailed, NetmodesError, Refused
from netmodes.lab import nameserver, servers
from netmodes.machine.abilities import UNSHARE, no_user_namespaces, user_namespaces
from netmodes.machine.entries import kind
from netmodes.machine.path import find, search_path
from netmodes.machine.read import host_facts
from netmodes.plan.programs import ITSELF, missing
from netmodes.plan.step import Step

HOST, NEIGHBOUR, LAN, UPLINK = "host", "neighbour", "lan0", "enp0s1"
ROUTER_IP, HOST_IP, NEIGHBOUR_IP = "192.168.64.1", "192.168.64.3", "192.168.64.7"
OUTSIDE_IP, OUTSIDE_NAME, STUB_IP = "8.8.8.8", "outside.example", "127.0.0.53"
MAC = "4a:9e:7e:55:59:ee"

#: What a lab is made with.
NEEDS = ("unshare", "cp", "ip", "mount", "setpriv", "sh", "sysctl")

#: Moves the lab's own namespaces to /run/lan, so that /run/netns is empty.
PREPARE = """
mkdir /run/lan && mount --rbind /run/netns /run/lan && mount -t tmpfs tmpfs /run/netns && exec "$@"
"""

#: Loaded modules put one of these into every new namespace, down and without a route.
TUNNELS = ("erspan", "gre", "gretap", "ip6gre", "ip6tnl", "ipip", "sit", "vti", "vti6")

#: Kinds of device that lead only to other namespaces of the lab.
HARMLESS = ("veth", "bridge", "dummy", *TUNNELS)


def steps() -> Iterator[Step]:
    """The lab's set-up, run on the router; the machine is the namespace ``host``."""
    yield iproute.add_bridge(LAN)
    for name, port, device in ((HOST, "port1", UPLINK), (NEIGHBOUR, "port2", "eth0")):
        yield iproute.add_namespace(name)
        yield iproute.add_veth(port, device)
        yield iproute.into_namespace(device, name)
        yield iproute.plug_in(port, LAN)
        yield iproute.set_up(port)

    yield iproute.set_up("lo")
    yield iproute.add_address(f"{ROUTER_IP}/24", LAN)
    yield iproute.add_address(f"{OUTSIDE_IP}/32", "lo")
    yield iproute.set_up(LAN)
    yield sysctl.write("net.ipv4.ip_forward", 1, "the router answers for all that is outside")
    yield Step(("ip", "route", "add", "unreachable", "default"), "nothing else is outside")

    yield iproute.set_up("lo", HOST)
    yield Step(
        ("ip", "link", "set", UPLINK, "address", MAC), f"{UPLINK} has the article's MAC", HOST
    )
    yield Step(
        ("ip", "addr", "add", f"{HOST_IP}/24", "metric", "100", "brd", "+", "dev", UPLINK),
        "the address that DHCP gave in the article",
        HOST,
    )
    yield iproute.set_up(UPLINK, HOST)
    default = ("default", "via", ROUTER_IP, "dev", UPLINK, "proto", "dhcp", "src", HOST_IP)
    why = "the default route that DHCP gave in the article"
    yield Step(("ip", "route", "add", *default, "metric", "100"), why, HOST)

    yield iproute.add_address(f"{NEIGHBOUR_IP}/24", "eth0", NEIGHBOUR)
    yield iproute.set_up("eth0", NEIGHBOUR)
    yield iproute.add_default_route(ROUTER_IP, NEIGHBOUR)


def enter(command: Sequence[str]) -> NoReturn:
    """Become a new lab that runs a command, or the user's shell if there is none.

    Raises:
        Refused: this machine forbids user namespaces, or ``unshare`` is missing.
    """
    os.environ.update(_environment())
    os.environ.pop("SSH_CONNECTION", None)  # the session does not go through the lab's NIC
    for name in NEEDS:
        if find(name) is None:
            raise Refused(str(missing(name)))
    if forbidden := user_namespaces():
        raise Refused(str(no_user_namespaces(**forbidden)))
    argv = (*UNSHARE, "--", sys.executable, ITSELF, "lab", "--within", "--", *command)
    os.execvp(argv[0], argv)


def run(command: Sequence[str], echo: Callable[[str], None]) -> int:
    """Make the lab around this process, which is the router, and run a command in it.

    Returns:
        The command's exit status, 128 more than a signal's number.
    """
    _own_files()
    for step in steps():
        echo(str(step))
        _run(step)
    started = list(_servers())
    try:
        done = subprocess.run(_on_machine(command or _shell()), env=_environment(), check=False)
        return done.returncode if done.returncode >= 0 else 128 - done.returncode
    except KeyboardInterrupt:
        return 130
    finally:
        for server in started:
            server.kill()
        _end_the_rest()


def _end_the_rest() -> None:
    """End the processes that the command left in the background: they would keep the lab alive."""
    ours = Path("/proc/self/ns/user").readlink()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.joinpath("ns/user").readlink() == ours and process.name != str(os.getpid()):
                os.kill(int(process.name), signal.SIGKILL)


def is_lab() -> bool:
    """Whether no packet of this process can reach a real NIC; False if that is unknown.

    A lab maps one user id (the machine maps all, a container many), and all its devices lead to
    other namespaces.
    """
    try:
        mapped = Path("/proc/self/uid_map").read_text().split()
        links = host_facts(thorough=False).known("links")
    except (OSError, NetmodesError):
        return False
    return mapped[2] == "1" and all(
        kind(link) in HARMLESS or "LOOPBACK" in link["flags"] for link in links
    )


def _own_files() -> None:
    """Mount a /run and an /etc of the lab's own: sockets in the machine's /run lead out of it."""
    _mount("-t", "tmpfs", "tmpfs", "/run")
    # Not an overlay: it needs an /etc without mounts in it, and a container's has some.
    copy = ("cp", "-a", "/etc", "/run/lab.etc")  # without the files that a user may not read
    subprocess.run(copy, capture_output=True, check=False)
    shutil.rmtree("/run/lab.etc/netns", ignore_errors=True)
    _mount("--bind", "/run/lab.etc", "/etc")


def _mount(*words: str) -> None:
    subprocess.run(("mount", *words), check=True, capture_output=True)


def _run(step: Step) -> None:
    done = subprocess.run(step.command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(str(step), done.returncode, done.stderr)


def _servers() -> Iterator[servers.Server]:
    """Start an HTTP and a name server on the machine, and a name server on the router."""
    on_host = ("ip", "netns", "exec", HOST)
    yield servers.page(on_host)
    yield servers.names((), ROUTER_IP, OUTSIDE_NAME, OUTSIDE_IP)
    yield servers.names(on_host, STUB_IP, OUTSIDE_NAME, OUTSIDE_IP)
    servers.wait_for_page(HOST_IP)
    if not nameserver.wait_for(ROUTER_IP, OUTSIDE_NAME):
        raise NetmodesError("the lab's name server did not start: is port 53 forbidden here?")
    for path, server in (("/etc", STUB_IP), ("/run/systemd/resolve", ROUTER_IP)):
        Path(path).mkdir(parents=True, exist_ok=True)
        Path(path, "resolv.conf").unlink(missing_ok=True)
        Path(path, "resolv.conf").write_text(f"nameserver {server}\n")


def _on_machine(command: Sequence[str]) -> tuple[str, ...]:
    """The command, run on the machine, with an empty /run/netns of its own."""
    fresh = ("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", PREPARE, "sh")
    return (*servers.DIE_TOO, "ip", "netns", "exec", HOST, *fresh, *command)


def _shell() -> tuple[str, ...]:
    """The user's shell, its prompt marked; bash's after its own start file, which sets one."""
    shell = os.environ.get("SHELL", "/bin/sh")
    if Path(shell).name != "bash":
        return (shell,)
    marked = Path("/run/lab.bashrc")
    marked.write_text('[ -f ~/.bashrc ] && . ~/.bashrc\nPS1="[lab] $PS1"\n')
    return (shell, "--rcfile", str(marked))


def _environment() -> dict[str, str]:
    """The environment with this netmodes first on PATH, and a prompt for most shells."""
    own = {str(Path(sys.executable).parent), str(Path(sys.argv[0]).parent)}
    path = os.pathsep.join([*sorted(own), search_path()])
    return {**os.environ, "PATH": path, "PS1": "[lab] # ", "NETMODES_LAB": "1"}
