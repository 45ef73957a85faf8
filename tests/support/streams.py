"""Streams through a running lab: pings counted, numbered lines over TCP compared."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from labs import Lab

LINES = str(Path(__file__).with_name("lines.py"))

#: The IPv6 gateway, what is beyond it, and its router (which else would take its routes away).
ROUTER = """
sysctl -qw net.ipv6.conf.all.forwarding=1
ip addr add fd00:64::1/64 dev lan0 nodad
ip addr add 2001:4860:4860::8888/128 dev lo
"""


@dataclass
class Pings:
    """The result of the streams: of each the packets lost, and the worst round trip in ms."""

    lost: list[int] = field(default_factory=list)
    worst: list[float] = field(default_factory=list)

    def add(self, summary: str) -> None:
        """Count what a ping says at its end."""
        found = re.search(r"(\d+) packets transmitted, (\d+) received", summary)
        trips = re.search(r"= [\d.]+/[\d.]+/([\d.]+)/", summary)
        assert found, f"no stream: {summary}"
        assert int(found[1]) > 20, f"hardly a stream: {summary}"
        self.lost.append(int(found[1]) - int(found[2]))
        self.worst.append(float(trips[1]) if trips else float("inf"))


@contextmanager
def pings(lab: Lab, outward: tuple[str, ...], inward: tuple[str, ...]) -> Iterator[Pings]:
    """A packet every 10 ms to each target meanwhile, from the machine and from its router."""
    streams = [
        lab.start(
            *("ping", "-q", "-i", "0.01", target),
            router=target in inward,
            stdout=subprocess.PIPE,
        )
        for target in (*outward, *inward)
    ]
    counted = Pings()
    try:
        time.sleep(0.3)
        yield counted
        time.sleep(0.2)
    finally:
        for stream in streams:
            stream.send_signal(signal.SIGINT)
        summaries = [stream.communicate(timeout=30)[0] for stream in streams]
    for summary in summaries:
        counted.add(summary)


@contextmanager
def connection(lab: Lab, address: str, port: int, *, inward: bool) -> Iterator[list[int]]:
    """One TCP connection meanwhile; afterwards the number of lines sent, and of those received."""

    def start(*arguments: str, router: bool) -> subprocess.Popen[str]:
        argv = lab.argv(sys.executable, LINES, *arguments, router=router)
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)

    listener = start("listen", str(port), router=not inward)
    assert listener.stdout is not None
    assert listener.stdout.readline() == "listening\n"
    sender = start("send", address, str(port), router=inward)
    counts: list[int] = []
    try:
        yield counts
    finally:
        printed = [end.communicate(timeout=30)[0] for end in (sender, listener)]
    counts += [int(number or -1) for number in printed]
