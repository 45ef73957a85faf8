"""The lab's HTTP and name servers: programs that end with this process."""

import socket
import subprocess
import sys
import time
from pathlib import Path

from netmodes.errors import NetmodesError
from netmodes.lab import nameserver

#: Kills the program after it when this process ends, however it ends (setpriv(1)).
DIE_TOO = ("setpriv", "--pdeathsig", "KILL")

PAGE = "<h1>Welcome to the lab!</h1>\n<p>This page is served on port 80 of its host.</p>\n"

Server = subprocess.Popen[bytes]


def page(place: tuple[str, ...]) -> Server:
    """Start an HTTP server on port 80; ``place`` goes before the command: ``ip netns exec …``."""
    folder = Path("/run/www")
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    return _start((*place, sys.executable, "-m", "http.server", "80", "--directory", str(folder)))


def names(place: tuple[str, ...], ip: str, name: str, address: str) -> Server:
    """Start a name server at this IP, which knows one name and its address."""
    return _start((*place, sys.executable, "-IS", nameserver.__file__, ip, name, address))


def _start(argv: tuple[str, ...]) -> Server:
    null = subprocess.DEVNULL
    return subprocess.Popen((*DIE_TOO, *argv), stdin=null, stdout=null, stderr=null, cwd="/")


def wait_for_page(ip: str, seconds: float = 10) -> None:
    """Wait until port 80 of this address answers.

    Raises:
        NetmodesError: it does not.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection((ip, 80), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise NetmodesError("the lab's HTTP server did not start: is port 80 forbidden here?")
