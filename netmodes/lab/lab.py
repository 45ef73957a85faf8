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
``nsenter --net=/run/lan/neighbour CMD`` runs a command on the other machine of the LAN, and with
/run/lan/router at the router.

The lab is in namespaces whose root is an ordinary user outside, also for root, so that nothing in
it can reach the real machine's network, its sysctls, processes or root's files. It ends with its
command.
"""

import json
import os
import signal
import site
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from netmodes.commands import iproute
from netmodes.engine.runner import silent
from netmodes.engine.signals import shell_status
from netmodes.errors import CommandFailed, NetmodesError, Refused
from netmodes.journal import OWN_NAMESPACE
from netmodes.lab import fidelity, kernel, making, nameserver, places, servers, walls
from netmodes.lab.copy import Copy, copied, kinds_of
from netmodes.lab.kinds import LAN
from netmodes.lab.left import LeftOut
from netmodes.lab.machine import HOST, HOST_IP, OUTSIDE_IP, OUTSIDE_NAME, ROUTER_IP, STUB_IP, steps
from netmodes.machine.inside import go_into
from netmodes.machine.path import find, search_path
from netmodes.machine.read import host_facts, whole_table
from netmodes.machine.table import Table
from netmodes.place import NAMESPACES
from netmodes.plan.programs import missing
from netmodes.plan.step import Step

#: In a lab, the program that stands for the real one.
SUDO = Path("/run/lab.bin/sudo")
SUDO_RUNS = """\
#!/bin/sh
while :; do
    case ${1-} in -n | -E | -H | -S | --) shift ;; *) exec env -- "$@" ;; esac
done
"""

#: What a lab is made with.
NEEDS = ("cp", "ip", "sysctl")

#: Where a copy tells what it has not, or has otherwise, and how much of that is said.
COPY, MOST = Path("/run/copy.json"), 20

#: Variables of the session outside: it does not go through the lab's NIC, and sudo is for no one.
FOREIGN = ("SSH_CONNECTION", "SUDO_")

#: Loaded modules put one of these into every new namespace, down and without a route.
TUNNELS = ("erspan", "gre", "gretap", "ip6gre", "ip6tnl", "ipip", "sit", "vti", "vti6")

#: Kinds of device that lead only to other namespaces of the lab.
HARMLESS = ("veth", "bridge", "dummy", *TUNNELS)


def enter(
    command: Sequence[str],
    echo: Callable[[str], None],
    like: Table | None = None,
    greet: Callable[[str], None] = silent,
) -> int:
    """Run a command in a new lab, or the user's shell if there is none.

    Args:
        command: the command.
        echo: shows a line.
        like: the facts of a machine to copy in place of the article's.
        greet: tells the user of a shell where they are.

    Returns:
        The command's exit status, 128 more than a signal's number.

    Raises:
        Refused: this machine forbids user namespaces, or a program is missing.
    """
    make = _article if like is None else partial(_copy, like, copied(like))

    def run() -> int:
        make(echo)
        _make_sudo()
        if not command:
            greet("This is the lab: try `netmodes host-only`. `exit` leaves, and nothing stays.")
        return _status_of(command or _shell())

    return enclosed(run, command)


def enclosed(run: Callable[[], int], command: Sequence[str] = ()) -> int:
    """Run this, which may run a command, in a new lab in which nothing is yet; its status.

    Raises:
        Refused: this machine forbids user namespaces, or a program is missing.
    """
    for name in NEEDS:
        if find(name) is None:
            raise Refused(str(missing(name)))
    environment = _environment()
    walls.enclose(places.needed(command, environment["PATH"]))
    os.environ.clear()
    os.environ.update(environment)
    kernel.be_seen(False)  # this process goes on outside the lab's PID namespace
    return walls.inside(partial(_seen, run))


def _seen(run: Callable[[], int]) -> int:
    kernel.be_seen(True)
    return run()


def _copy(like: Table, plan: Copy, echo: Callable[[str], None]) -> None:
    """Make a copy of a machine, and say what it has not, or has otherwise."""
    left = become(like, plan)
    COPY.write_text(json.dumps([asdict(each) for each in left], indent=2))
    for each in left[:MOST]:
        echo(f"Note: {each}.")
    if len(left) > MOST:
        echo(f"Note: {len(left) - MOST} more are in {COPY}.")


def become(like: Table, plan: Copy) -> list[LeftOut]:
    """Make a copy of a machine around this process; what it has not, or has otherwise."""
    left = make(like, plan)
    return left + fidelity.settled(lambda: fidelity.unlike(like, whole_table(), left))


def make(like: Table, plan: Copy) -> list[LeftOut]:
    """Make a copy of a machine around this process; what was left out, unless nobody was told."""
    _run_step(iproute.add_namespace(HOST))
    _move_to_machine()
    missing_kinds = making.missing(kinds_of(like))
    return making.make(copied(like, missing_kinds) if missing_kinds else plan)


def _article(echo: Callable[[str], None]) -> None:
    """Make the article's machine, its router and a neighbour."""
    for step in steps():
        echo(str(step))
        _run_step(step)
    servers.names(ROUTER_IP, OUTSIDE_NAME, OUTSIDE_IP)
    _move_to_machine()
    servers.names(STUB_IP, OUTSIDE_NAME, OUTSIDE_IP)
    servers.page()
    _wait_for_servers()
    _resolve_names()


def is_lab() -> bool:
    """Whether no packet of this process can reach a real NIC; False if that is unknown.

    A lab maps one user id (the machine maps all, a container many) that is not the machine's root,
    and all its devices lead to other namespaces.
    """
    try:
        mapped = Path("/proc/self/uid_map").read_text().split()
        links = host_facts(thorough=False).known("links")
    except (OSError, NetmodesError):
        return False
    return (
        mapped[2] == "1"
        and not places.is_root_outside()
        and all(link.kind in HARMLESS or "LOOPBACK" in link.flags for link in links)
    )


def _run_step(step: Step) -> None:
    done = subprocess.run(step.command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(str(step), done.returncode, done.stderr)


def _move_to_machine() -> None:
    """Go from the router to the machine, whose /run/netns is empty: it knows no names of these."""
    router = NAMESPACES / "router"
    router.touch()
    kernel.mount(OWN_NAMESPACE, router, flags=kernel.BIND)
    go_into(NAMESPACES / HOST)
    kernel.mount("sysfs", "/sys", "sysfs")
    LAN.mkdir()
    kernel.mount(NAMESPACES, LAN, flags=kernel.MOVE)
    kernel.mount("tmpfs", NAMESPACES, "tmpfs", options="mode=755")


def _wait_for_servers() -> None:
    servers.wait_for_page(HOST_IP)
    if not nameserver.wait_for(ROUTER_IP, OUTSIDE_NAME):
        raise NetmodesError("the lab's name server did not start: is port 53 forbidden here?")


def _resolve_names() -> None:
    """Ask the name server for names, as Ubuntu does."""
    for place, server in (("/etc", STUB_IP), ("/run/systemd/resolve", ROUTER_IP)):
        servers.resolve(f"{place}/resolv.conf", f"nameserver {server}\n")


def _status_of(command: Sequence[str]) -> int:
    """Run a command, and hear of all that ends meanwhile, as a first process must; its status."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        # Ctrl-C is for the command, which ends as it likes; SIG_IGN it would inherit.
        signal.signal(signal.SIGINT, lambda *_: None)
    with subprocess.Popen(command, env=os.environ) as child:
        while child.returncode is None:
            ended, status = os.wait()
            if ended == child.pid:
                child.returncode = os.waitstatus_to_exitcode(status)
    return shell_status(child.returncode)


def _make_sudo() -> None:
    """For the article's lines: in a lab one is root already, and the real one fails."""
    SUDO.parent.mkdir()
    SUDO.write_text(SUDO_RUNS)
    SUDO.chmod(0o755)


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
    own = {str(Path(program).parent.absolute()) for program in (sys.executable, sys.argv[0])}
    path = os.pathsep.join([*sorted(own), str(SUDO.parent), search_path()])
    lab = {"PATH": path, "PS1": "[lab] # ", "NETMODES_LAB": "1", "TMPDIR": str(walls.TMPDIR)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, **lab, **(_home() if places.is_root_outside() else {})}


def _home() -> dict[str, str]:
    """A home for a user who may have none, though Python packages stay where root has them."""
    home = {"HOME": str(walls.HOME)}
    if site.getusersitepackages() in sys.path:
        home["PYTHONUSERBASE"] = site.getuserbase()
    return home
