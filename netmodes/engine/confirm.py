"""``--confirm``: everything comes back unless somebody says in time that the host is reachable.

A watcher of its own session is there before the first command. It survives the command line, its
process group and its terminal, holds no lock while it waits, and acts by the journal alone.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from netmodes.engine.runner import Runner
from netmodes.errors import Refused
from netmodes.journal import Journal
from netmodes.machine.entries import Json
from netmodes.machine.path import environment
from netmodes.machine.query import route_to
from netmodes.machine.read import host_facts
from netmodes.machine.ssh import ssh_peer
from netmodes.plan.programs import ITSELF

#: Seconds between two looks at the journal.
PAUSE = 0.1


def arm(name: str, seconds: float) -> None:
    """Start the watcher for the run of this process; systemd would end it with the SSH session."""
    argv = [sys.executable, ITSELF, "watch", name, str(seconds), str(os.getpid())]
    if Path("/run/systemd/system").is_dir():
        argv = ["systemd-run", "--collect", "--quiet", "--", *argv]
    null = subprocess.DEVNULL
    subprocess.Popen(
        argv,
        stdin=null,
        stdout=null,
        stderr=null,
        start_new_session=True,
        cwd="/",
        env=environment(),
    )


def watch(name: str, seconds: float, pid: int) -> bool:
    """Wait for the confirmation; whether everything must come back.

    Args:
        name: the namespace's name.
        seconds: how long to wait.
        pid: the process that puts it up; when it is gone unconfirmed, there is no use in waiting.
    """
    deadline, begun = time.monotonic() + seconds, False
    while True:
        alive = Path("/proc", str(pid)).exists()
        network = Journal(name).read()
        begun = begun or network is not None
        if network is None and (begun or not alive):
            return False
        if network is not None and network.confirmed:
            return False
        if not alive or time.monotonic() > deadline:
            return True
        time.sleep(PAUSE)


def confirm(name: str) -> None:
    """Say that all is well; the lock is held.

    Raises:
        Refused: there is no such network (any more).
    """
    if Journal(name).read() is None:
        raise Refused(f"{name} is not up: it was undone, or never put up")
    Journal(name).write("confirmed")


def unreachable(runner: Runner) -> str | None:
    """The next hop that does not answer, in words, or None: of each default route, of the SSH peer.

    An old neighbour entry would answer for a host that is cut off, so those go first; each next
    hop is pinged from its route's own device and source (docs/kernel.md#reachability).
    """
    for family in ("-4", "-6"):
        runner.quietly(("ip", family, "neigh", "flush", "all"))
    for hop in _next_hops():
        source = ("-I", hop["prefsrc"]) if "prefsrc" in hop else ()
        ping = ("ping", "-c", "1", "-W", "1", "-I", hop["dev"], *source, hop["gateway"])
        if not any(runner.run(ping).status == 0 for _ in range(3)):
            return f"{hop['gateway']} does not answer through {hop['dev']} any more"
    return None


def _next_hops() -> Iterator[Json]:
    facts = host_facts(thorough=False)
    routes = [*facts.known("routes"), *facts.known("routes6")]
    yield from (route for route in routes if route["dst"] == "default" and "gateway" in route)
    if (peer := ssh_peer()) is not None and (hop := route_to(peer)) is not None:
        yield {"gateway": peer, **hop}
