"""The lab: a throw-away copy of the article's machine, made of namespaces, without root.

    the machine (host)              the router, and all that is outside
    ┌─────────────────────────┐     ┌──────────────────────────┐
    │ enp0s1  192.168.64.3/24 ├─────┤ lan0  192.168.64.1/24    │
    │ HTTP on port 80         │     │ lo    8.8.8.8/32         │
    └─────────────────────────┘     └──────────────────────────┘

Everything is inside a user namespace of its own, also for root, so that nothing in it can reach
the real machine's network, its sysctls or root's files; it goes when its command ends.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from netmodes import iproute
from netmodes.errors import CommandFailed, NetmodesError, Refused
from netmodes.facts import Facts, kind
from netmodes.findings import missing, no_user_namespaces
from netmodes.machine import UNSHARE, user_namespaces
from netmodes.step import Step

__all__ = ["enter", "is_lab", "run", "steps"]

#: The program after it is killed when this process ends, however it ends (setpriv(1)).
DIE_TOO = ("setpriv", "--pdeathsig", "KILL")

HOST, LAN, UPLINK = "host", "lan0", "enp0s1"
ROUTER_IP, HOST_IP, OUTSIDE_IP = "192.168.64.1", "192.168.64.3", "8.8.8.8"
MAC = "4a:9e:7e:55:59:ee"

PAGE = "<h1>Welcome to the lab!</h1>\n<p>This page is served on port 80 of its host.</p>\n"

#: Modules that are loaded put one of these into every new namespace; down, and with no route.
TUNNELS = ("erspan", "gre", "gretap", "ip6gre", "ip6tnl", "ipip", "sit", "vti", "vti6")

#: Kinds of device that lead nowhere but to other namespaces of the lab.
HARMLESS = ("veth", "bridge", "dummy", *TUNNELS)


def steps() -> Iterator[Step]:
    """The lab's own set-up, from the router's place; the machine is the namespace ``host``."""
    yield iproute.add_namespace(HOST)
    yield iproute.add_veth(LAN, UPLINK)
    yield iproute.move(UPLINK, HOST)

    yield iproute.set_up("lo")
    yield iproute.add_address(f"{ROUTER_IP}/24", LAN)
    yield iproute.add_address(f"{OUTSIDE_IP}/32", "lo")
    yield iproute.set_up(LAN)
    yield iproute.sysctl("net.ipv4.ip_forward", 1, "the router answers for all that is outside")
    yield Step(("ip", "route", "add", "unreachable", "default"), "there is nothing else outside")

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
    why = "and the default route that came with it"
    yield Step(("ip", "route", "add", *default, "metric", "100"), why, HOST)


def enter(command: Sequence[str]) -> NoReturn:
    """Become a new lab that runs a command, or the user's shell.

    Raises:
        Refused: this machine forbids user namespaces, or ``unshare`` is missing.
    """
    os.environ.update(_environment())
    _refuse_forbidden()
    itself = str(Path(__file__).with_name("__main__.py"))
    argv = (*UNSHARE, "--", sys.executable, itself, "lab", "--within", "--", *command)
    os.execvp(argv[0], argv)


def _refuse_forbidden() -> None:
    forbidden = user_namespaces()
    if forbidden is None:
        raise Refused(str(missing("unshare")))
    if forbidden:
        raise Refused(str(no_user_namespaces(**forbidden)))


def run(command: Sequence[str], echo: Callable[[str], None]) -> int:
    """Make the lab around this process, which is the router, and run a command in it.

    Returns:
        The command's exit status, 128 more than a signal's number.
    """
    _fresh_run()
    for step in steps():
        echo(str(step))
        _run(step)
    server = _serve()
    try:
        return _status(
            subprocess.run(_inside(command or _shell()), env=_environment(), check=False).returncode
        )
    except KeyboardInterrupt:
        return 130
    finally:
        server.kill()
        _end_the_rest()


def _end_the_rest() -> None:
    """End what the command has left in the background, or it would keep the lab alive."""
    ours = Path("/proc/self/ns/user").readlink()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.joinpath("ns/user").readlink() == ours and process.name != str(os.getpid()):
                os.kill(int(process.name), signal.SIGKILL)


def is_lab() -> bool:
    """Whether this process is where no packet can reach a real NIC; in doubt it is not.

    A lab maps one user id, where the machine maps all and a container many; and only devices that
    lead to other namespaces may be there.
    """
    try:
        mapped = Path("/proc/self/uid_map").read_text().split()
        links = Facts.read(thorough=False).known("links")
    except (OSError, NetmodesError):
        return False
    return mapped[2] == "1" and all(
        kind(link) in HARMLESS or "LOOPBACK" in link["flags"] for link in links
    )


def _fresh_run() -> None:
    """Empty /run and /etc/netns for this process: sockets in /run lead out of the lab."""
    resolver = Path("/etc/resolv.conf")
    content = resolver.read_bytes() if resolver.exists() else b""
    for folder in ("/run", "/etc/netns"):
        if Path(folder).is_dir():
            subprocess.run(("mount", "-t", "tmpfs", "tmpfs", folder), check=True)
    if resolver.is_symlink() and not resolver.exists():
        resolver.resolve().parent.mkdir(parents=True)
        resolver.resolve().write_bytes(content)


def _run(step: Step) -> None:
    done = subprocess.run(step.command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(str(step), done.returncode, done.stderr)


def _serve() -> subprocess.Popen[bytes]:
    """An HTTP server in the machine, which dies with this process."""
    folder = Path("/run/www")
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    serve = ("-m", "http.server", "80", "--directory", str(folder))
    argv = (*DIE_TOO, "ip", "netns", "exec", HOST, sys.executable, *serve)
    server = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _wait_for_port(server)
    return server


def _wait_for_port(server: subprocess.Popen[bytes], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection((HOST_IP, 80), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    server.kill()
    raise NetmodesError("the lab's HTTP server did not start: is port 80 forbidden here?")


def _inside(command: Sequence[str]) -> tuple[str, ...]:
    """The command in the machine, which has names of namespaces of its own: none yet."""
    prepare = f'mount -t tmpfs tmpfs {iproute.NAMESPACES} && exec "$@"'
    fresh = ("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", prepare, "sh")
    return (*DIE_TOO, "ip", "netns", "exec", HOST, *fresh, *command)


def _shell() -> tuple[str, ...]:
    """The user's shell, its prompt marked; bash sets its own, so it is marked after that."""
    shell = os.environ.get("SHELL", "/bin/sh")
    if Path(shell).name != "bash":
        return (shell,)
    marked = Path("/run/lab.bashrc")
    marked.write_text('[ -f ~/.bashrc ] && . ~/.bashrc\nPS1="[lab] $PS1"\n')
    return (shell, "--rcfile", str(marked))


def _environment() -> dict[str, str]:
    """PATH with this netmodes first, and a prompt for shells that take it from here."""
    own = {str(Path(sys.executable).parent), str(Path(sys.argv[0]).parent)}
    # /usr/sbin, where Debian keeps sysctl, is not on an ordinary user's PATH.
    path = os.pathsep.join([*sorted(own), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    return {**os.environ, "PATH": path, "PS1": "[lab] # ", "NETMODES_LAB": "1"}


def _status(returncode: int) -> int:
    return 128 - returncode if returncode < 0 else returncode
