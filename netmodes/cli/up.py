"""A mode's run: as root, checked and confirmed if wanted, and how to go on from there."""

from __future__ import annotations

import click

from netmodes.cli.confirm import suggest_confirm, wait_for_confirmation
from netmodes.cli.output import coloured, say, show, table
from netmodes.cli.sudo import become_root
from netmodes.engine.record import Record
from netmodes.modes.base import Mode
from netmodes.plan.report import NotAsPromised


def run(
    mode: Mode, verbatim: bool, anyway: bool, confirm: float | None, check: bool, to_json: bool
) -> None:
    """Run a mode, show what its check found, and wait for the confirmation."""
    become_root()
    if mode.confirms and confirm is None:
        suggest_confirm(mode.parameters[mode.confirms])
    try:
        record = mode.up(verbatim=verbatim, anyway=anyway, confirm=confirm, check=check, echo=show)
    except NotAsPromised as error:
        coloured(table(error.report))
        raise
    if record.report is not None and not to_json:
        coloured(table(record.report))
    if confirm is not None and record.outcomes:
        wait_for_confirmation(mode.namespace, confirm)
    if to_json:
        click.echo(record.to_json())
    say_how_to_go_on(mode, record, verbatim)


def say_how_to_go_on(mode: Mode, record: Record, verbatim: bool) -> None:
    """Name the commands for a network that is up."""
    name = mode.namespace
    if not record.outcomes:
        say(f"{name} is up already.")
        return
    if verbatim:
        say_what_to_expect(mode)
    say(
        f"{name} is up: `netmodes exec {name} -- CMD` runs in it, `netmodes down {name}` undoes it."
    )


def say_what_to_expect(mode: Mode) -> None:
    """Warn of what a mode's guard commands would prevent."""
    if mode.verbatim_note:
        say(f"Without guard commands {mode.verbatim_note}.")
