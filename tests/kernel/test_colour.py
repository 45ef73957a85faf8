"""Colours: on a terminal a finding has them, unless nobody wants any; in a file it has none."""

import os
import pty
import subprocess

import pytest
from labs import NETMODES, Lab

#: What prints findings, and the first of what is in colour there.
COMMANDS = {
    "doctor": "\x1b[33m\x1b[1mwarning\x1b[0m",
    "show": "\x1b[31m\x1b[1mveth0  down !\x1b[0m",
    "check A": "\x1b[31m\x1b[1merror\x1b[0m",
    "why A 192.168.202.1": "\x1b[31m\x1b[1merror\x1b[0m",
    "host-only --check": "\x1b[31m\x1b[1merror\x1b[0m",
}


def on_terminal(lab: Lab, environment: dict[str, str], *command: str) -> str:
    """What a command prints on a terminal."""
    terminal, theirs = pty.openpty()
    subprocess.run(
        lab.argv(*command),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=lab.environment | environment,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    return shown


@pytest.mark.parametrize("command", COMMANDS)
def test_colour(quick_lab: Lab, command: str) -> None:
    """Whoever says a finding has the level in colour on a terminal, and there alone."""
    quick_lab.environment.pop("NO_COLOR", None)
    quick_lab.ok("netmodes", "host-only")
    quick_lab.ok("ip", "link", "set", "veth0", "down")

    plain = quick_lab.netmodes(*command.split()).stdout
    shown = on_terminal(quick_lab, {}, NETMODES, *command.split())
    none = [
        on_terminal(quick_lab, {name: value}, NETMODES, *command.split())
        for name, value in (("NO_COLOR", "1"), ("TERM", "dumb"))
    ]

    assert COMMANDS[command] in shown
    assert "\x1b" not in "".join([plain, *none])
    for unwanted in none:
        assert {"error", "warning"} & {*unwanted.replace(":", " ").split()}
