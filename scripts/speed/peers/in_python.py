"""host-only in a running Python, and its lines in one bash: prints the times as JSON."""

import json
import subprocess
import sys
import time
from collections.abc import Callable

from netmodes import HostOnly

NETWORK = HostOnly(namespace="A")


def timed(act: Callable[[], object]) -> float:
    """How many milliseconds it takes."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def bash(lines: list[str]) -> float:
    """How long one bash takes to run them."""
    argv = ["bash", "-ec", "\n".join(lines)]
    return timed(lambda: subprocess.run(argv, stdout=subprocess.DEVNULL, check=True))


def once() -> tuple[float, float, float, float]:
    """Up and down by netmodes, and up and down by the lines that it ran."""
    up: list[str] = []
    down: list[str] = []
    times = timed(lambda: NETWORK.up(echo=up.append)), timed(lambda: NETWORK.down(echo=down.append))
    time.sleep(0.1)  # the kernel takes a namespace apart in its own time
    by_bash = bash(up), bash(down)
    time.sleep(0.1)
    return *times, *by_bash


once()
columns = zip(*(once() for _ in range(int(sys.argv[1]))), strict=True)
names = [
    ("in a running Python, up", "netmodes"),
    ("in a running Python, down", "netmodes"),
    ("in a running Python, up", "its lines, by `bash -c`"),
    ("in a running Python, down", "its lines, by `bash -c`"),
]
print(json.dumps([(*name, values) for name, values in zip(names, columns, strict=True)]))
