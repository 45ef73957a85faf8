"""``--confirm`` and its verb: a network is undone unless somebody confirms it in time."""

import select
import sys
import time

import click

from netmodes.cli.complete import network_names
from netmodes.cli.output import say, show
from netmodes.cli.sudo import become_root
from netmodes.engine import signals
from netmodes.errors import Interrupted, NetmodesError
from netmodes.journal import Journal
from netmodes.machine.ssh import ssh_device


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


@click.command(hidden=True)
@click.argument("name")
@click.argument("seconds", type=float)
@click.argument("pid", type=int)
def watch(name: str, seconds: float, pid: int) -> None:
    """Undo a network unless it is confirmed (what --confirm starts)."""
    from netmodes import network
    from netmodes.engine import confirm as watcher

    if watcher.watch(name, seconds, pid):
        network.down(name, kill=True)


def suggest_confirm(uplink: str) -> None:
    """One line for users who came over SSH through the uplink."""
    if ssh_device() == uplink:
        say(f"You came over SSH through {uplink}: `--confirm 60` undoes this unless you confirm.")


def wait_for_confirmation(name: str, seconds: float) -> None:
    """Wait for Enter here or `netmodes confirm` anywhere; a signal undoes the network.

    Raises:
        Interrupted: a signal came; the network is undone.
        NetmodesError: nobody confirmed in time; the network is undone.
    """
    from netmodes import network

    say(f"Press Enter, or run `netmodes confirm {name}` anywhere, within {seconds:g} s to keep it.")
    with signals.noted() as caught:
        while (run := Journal(name).read()) is not None and not run.confirmed:
            if caught:
                network.down(name, kill=True, echo=show)
                raise Interrupted(caught[0])
            if enter_pressed(0.1):
                network.confirm(name)
    if run is None:
        raise NetmodesError(f"{name} was not confirmed within {seconds:g} s, and is undone")


def enter_pressed(patience: float) -> bool:
    """Whether a line came from the terminal within this many seconds."""
    if not sys.stdin.isatty():
        time.sleep(patience)
        return False
    ready, _, _ = select.select([sys.stdin], [], [], patience)
    return bool(ready) and sys.stdin.readline() != ""
