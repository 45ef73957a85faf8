"""The lab's HTTP and name servers."""

import socket
import subprocess
import sys
import time
from pathlib import Path

from netmodes.errors import NetmodesError
from netmodes.lab import nameserver

PAGE = "<h1>Welcome to the lab!</h1>\n<p>This page is served on port 80 of its host.</p>\n"


def page() -> None:
    """Start an HTTP server on port 80."""
    folder = Path("/run/www")
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    _start((sys.executable, "-IS", "-m", "http.server", "80", "--directory", str(folder)))


def names(ip: str, name: str, address: str, place: tuple[str, ...] = ()) -> None:
    """Start a name server at this IP, which knows one name and its address.

    Args:
        place: the command that runs it elsewhere; none here.
    """
    _start((*place, sys.executable, "-IS", nameserver.__file__, ip, name, address))


def resolve(place: str, text: str) -> None:
    """Give the lab this resolv.conf."""
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)


def _start(argv: tuple[str, ...]) -> None:
    """Start a program that Ctrl-C does not reach."""
    null = subprocess.DEVNULL
    subprocess.Popen(argv, stdin=null, stdout=null, stderr=null, cwd="/", start_new_session=True)


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
