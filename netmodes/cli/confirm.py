"""``--confirm`` and its verb: a network is undone unless somebody confirms it in time."""

import os
import select
import sys
import termios
import time
from contextlib import suppress

import click

from netmodes.cli.complete import network_names
from netmodes.cli.output import say, show
from netmodes.cli.sudo import become_root
from netmodes.engine import confirm as watcher
from netmodes.engine import signals
from netmodes.errors import Interrupted, NetmodesError, Refused
from netmodes.journal import Journal, uptime
from netmodes.machine.path import command_line
from netmodes.machine.ssh import ssh_peer

#: Seconds that a living watcher has to act once the time is over, and that two clocks may differ.
GRACE, SLACK = 2.0, 1.0


@click.command()
@click.argument("name", shell_complete=network_names)
def confirm(name: str) -> None:
    """Keep a network that was put up with --confirm.

    Example: netmodes confirm A
    """
    from netmodes import network

    become_root()
    network.confirm(name)
    say(f"{name} stays.")


def seconds(ctx: click.Context, option: click.Parameter, value: str | None) -> float | None:
    """The value of --confirm."""
    try:
        return None if value is None else watcher.seconds_from(value)
    except Refused as error:
        raise click.BadParameter(str(error)) from None


def wait_for_confirmation(name: str, seconds: float) -> None:
    """Wait for Enter here or `netmodes confirm` anywhere; a signal undoes the network.

    A watcher that is gone, or does not act, is not waited for.

    Raises:
        Interrupted: a signal came; the network is undone.
        NetmodesError: nobody confirmed in time; the network is undone.
    """
    from netmodes import network

    say(f"{how_to_keep(name)} within {seconds:g} s to keep it.")
    forget_typed()
    deadline = uptime() + seconds
    with signals.noted() as caught:
        run = Journal(name).read()
        while run and watcher.waits(run):
            late = uptime() - deadline
            if caught or late > (GRACE if watcher.is_watched(run) else 0):
                network.undo_unconfirmed(run, echo=show)
            elif enter_pressed(0.1):
                network.confirm(name)
    if (now := Journal(name).read()) and run and now.id == run.id:
        return
    if caught:
        interrupted = Interrupted(caught[0])
        interrupted.left = []
        raise interrupted
    if uptime() < deadline - SLACK:
        raise NetmodesError(f"{name} was taken down before it was confirmed")
    raise NetmodesError(f"{name} was not confirmed within {seconds:g} s, and is undone")


def how_to_keep(name: str) -> str:
    """What to do; over SSH a second session comes first, for it proves that one can log in."""
    line = f"`{command_line('confirm', name)}`"
    if not sys.stdin or not sys.stdin.isatty():
        return f"Run {line} anywhere"
    if ssh_peer():
        return f"Log in once more and run {line} there, or press Enter here,"
    return f"Press Enter, or run {line} anywhere,"


def forget_typed() -> None:
    """What was typed or pasted before the question is no answer to it."""
    with suppress(OSError, termios.error):
        if is_ours():
            termios.tcflush(0, termios.TCIFLUSH)


def is_ours() -> bool:
    """Whether this process is in the foreground of its terminal.

    Raises:
        OSError: it has none.
    """
    return os.tcgetpgrp(0) == os.getpgrp()


def enter_pressed(patience: float) -> bool:
    """Whether an empty line came from the terminal within this many seconds."""
    with suppress(OSError, ValueError):  # closed, or not our terminal any more
        if is_ours() and select.select([sys.stdin], [], [], patience)[0]:
            typed = sys.stdin.readline()
            if typed.strip():
                say("Enter alone keeps it, Ctrl-C undoes it.")
            return typed.isspace()
    time.sleep(patience)
    return False
