"""The article's observations, repeated: what was tried, its result, what the article says.

    observe.py MODE...         in a lab
    observe.py --uml MODE...   in a lab in user-mode Linux, for a kernel without `dummy`

Exit status 1 if a result differs.
"""

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path

from netmodes import MODES
from netmodes.lab import lab


@dataclass(frozen=True)
class Row:
    """One observation.

    Args:
        shows: what it shows, in plain words.
        command: what was tried, on the host.
        article: the article's result.
        sign: a regular expression found in the result; only its groups are shown, if it has any.
    """

    shows: str
    command: str
    article: str
    sign: str


@dataclass(frozen=True)
class Table:
    """The command that puts a mode up, the observations, and a server that A runs meanwhile."""

    up: str
    rows: tuple[Row, ...]
    server: str = ""


WIDTH = 80

#: This netmodes first on PATH, no proxy, and results in English.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if "_proxy" not in name.lower()},
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "LC_ALL": "C",
}

PING, CURL, IN_A = "ping -c 2 -i 0.2 -W 2", "curl -sS -m 5", "ip netns exec A"
ALL_BACK, NO_CONNECTION = "2 received, 0% packet loss", r"curl: \(7\) .*"

ISOLATED = Table(
    "netmodes isolated",
    (
        Row(
            "The host has lost sight of the card.",
            "ip link show dummy0",
            'Device "dummy0" does not exist.',
            r'Device "dummy0" does not exist\.',
        ),
        Row(
            "A has it, switched on and with an address.",
            f"{IN_A} ip addr show",
            "lo and dummy0 are up, dummy0 has 192.168.222.10/24",
            r"(?s)(lo: <LOOPBACK,UP,LOWER_UP>)"
            r".*(dummy0: <BROADCAST,NOARP,UP,LOWER_UP>[^\n]* state UNKNOWN)"
            r".*(inet 192\.168\.222\.10/24 scope global dummy0)",
        ),
        Row(
            "A does not reach the host's web server.",
            f"{IN_A} {CURL} 192.168.64.3",
            "cannot connect",
            NO_CONNECTION,
        ),
        Row(
            "A reaches a web server of its own,",
            f"{IN_A} curl -sSi -m 5 --retry 9 --retry-connrefused 192.168.222.10",
            "an nginx runs in A",
            r"HTTP/1\.\d 200 OK",
        ),
        Row(
            "which the host does not reach.",
            f"{CURL} 192.168.222.10",
            "cannot connect",
            NO_CONNECTION,
        ),
    ),
    f"{IN_A} python3 -m http.server 80",
)

HOST_ONLY = Table(
    "netmodes host-only",
    (
        Row("The host reaches A.", f"{PING} 192.168.202.11", "0% loss", ALL_BACK),
        Row("A reaches the host,", f"{IN_A} {PING} 192.168.202.1", "0% loss", ALL_BACK),
        Row(
            "and the host's web server.",
            f"{IN_A} {CURL} -i 192.168.202.1",
            "200, and the page",
            r"(?s)(HTTP/1\.\d 200 OK).*(<h1>.*</h1>)",
        ),
        Row(
            "A does not reach the internet: it knows no way there,",
            f"{IN_A} {PING} 8.8.8.8",
            "connect: Network is unreachable",
            "connect: Network is unreachable",
        ),
        Row(
            "so there is nobody to ask who google.com is,",
            f"{IN_A} {CURL} google.com",
            "cannot resolve",
            r"curl: \(6\) .*",
        ),
        Row(
            "and it knows no way to the host's other address either.",
            f"{IN_A} {CURL} 192.168.64.3",
            "cannot connect",
            NO_CONNECTION,
        ),
    ),
)

BRIDGED = Table(
    "netmodes bridged --uplink enp0s1",
    (
        Row(
            "A reaches the internet (here the lab's router answers for it).",
            f"{IN_A} {PING} 8.8.8.8",
            "replies",
            r"\d+ bytes from 8\.8\.8\.8: icmp_seq=\d+ ttl=\d+",
        ),
    ),
)

TABLES = {"isolated": ISOLATED, "host-only": HOST_ONLY, "bridged": BRIDGED}


def main(first: str, *others: str) -> int:
    """Observe in user-mode Linux, in a new lab, or here, which is one."""
    places = {"--uml": in_uml, "--within": in_this_lab}
    return places[first](others) if first in places else in_lab((first, *others))


def in_uml(modes: Sequence[str]) -> int:
    """Observe in a lab in user-mode Linux, which shows everything at its end."""
    from uml import AS_CALLER, boot  # tests/support/uml.py

    line("What happens in it is shown at its end, in some twenty seconds.")
    try:
        argv = (*AS_CALLER, sys.executable, __file__, *modes)
        status, output = boot(shlex.join(argv), timeout=300)
    except (RuntimeError, TimeoutError) as error:
        status, output = 1, f"Error: {error}\n"
    line(output.rstrip("\n"))
    return status


def in_lab(modes: Sequence[str]) -> int:
    """Observe in a new lab; of the lab's own lines only errors are shown."""
    netmodes = str(Path(sys.executable).with_name("netmodes"))
    argv = (netmodes, "lab", "--", sys.executable, __file__, "--within", *modes)
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False)
    for said in done.stderr.rstrip().split("\n"):
        if not said.startswith("[#] "):
            say(said)
    return done.returncode


def in_this_lab(modes: Sequence[str]) -> int:
    """Observe here; nothing is sent unless this is a lab."""
    if not lab.is_lab():
        say("Error: this is no lab, so nothing is tried")
        return 1
    os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    describe(*cleandoc(lab.__doc__ or "").split("\n\n")[:2])
    results = [result for mode in modes for result in try_mode(mode)]
    say(f"{sum(results)} of {len(results)} observations are as in the article.")
    line("")
    return 0 if all(results) else 1


def try_mode(name: str) -> list[bool]:
    """Put one mode up, observe, take it down."""
    table = TABLES[name]
    say(f" {name} ".center(WIDTH, "="))
    mode = MODES[name]
    describe(mode.summary(), mode.draw("A", mode.article))
    if not shown(table.up):
        return [False]
    with in_background(table.server):
        results = [observe(row) for row in table.rows]
    return results if shown("netmodes down A") else [*results, False]


def describe(sentence: str, picture: str) -> None:
    """Print what is tried, and its picture."""
    say(sentence)
    line(f"\n{picture}")


def shown(command: str) -> bool:
    """Run a command that shows what it does; whether it succeeds."""
    line(f"\n[#] {command}")
    return subprocess.run(shlex.split(command), env=ENVIRONMENT, check=False).returncode == 0


@contextmanager
def in_background(command: str) -> Iterator[None]:
    """Run a command meanwhile, if there is one."""
    if not command:
        yield
        return
    line(f"\n[#] {command} &")
    server = subprocess.Popen(shlex.split(command), env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.kill()
        server.wait()


def observe(row: Row) -> bool:
    """Try one thing; print its result, the article's, and whether they agree."""
    say(row.shows)
    line(f"[#] {row.command}")
    output = answer(row.command)
    match = re.search(row.sign, output)
    result = output.rstrip().split("\n") if match is None else match.groups() or (match.group(),)
    for number, part in enumerate(result):
        item("" if number else "the result", part)
    item("the article", row.article)
    item("", "ok" if match else "NOT OK")
    return match is not None


def answer(command: str) -> str:
    """What a command prints on stdout and stderr, within a minute."""
    try:
        done = subprocess.run(
            shlex.split(command),
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "nothing within a minute"
    return done.stdout


def line(text: str) -> None:
    """Print a line at once: the next command may print, too."""
    print(text, flush=True)


def say(text: str) -> None:
    """Print a paragraph."""
    line("\n" + textwrap.fill(text, WIDTH))


def item(label: str, text: str) -> None:
    """Print a labelled line under a command."""
    beside = f"    {label:<12} "
    line(textwrap.fill(text, WIDTH, initial_indent=beside, subsequent_indent=" " * len(beside)))


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
