"""One command a mode: its options, which of them go together, and its run."""

import sys
from contextlib import suppress
from functools import partial

import click

from netmodes.cli import plans
from netmodes.cli.confirm import wait_for_confirmation
from netmodes.cli.options import flag, options
from netmodes.cli.output import coloured, drawn, say, show, table
from netmodes.cli.sudo import become_root
from netmodes.engine.prepare import foresee
from netmodes.engine.record import Record
from netmodes.engine.runner import Runner
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.modes.base import Mode
from netmodes.plan.report import NotAsPromised
from netmodes.plan.text import called


class ModeCommand(click.Command):
    """The command of a mode, whose help has its picture."""

    def get_help(self, ctx: click.Context) -> str:
        """The help, in ASCII where the locale has no UTF-8."""
        return drawn(super().get_help(ctx))


def mode_command(mode: type[Mode]) -> click.Command:
    """The command of one mode."""
    return ModeCommand(
        mode.mode,
        params=[*options(mode)],
        callback=partial(run_mode, mode),
        help=_help(mode),
        short_help=mode.summary(),
    )


def _help(mode: type[Mode]) -> str:
    """A mode's summary, its picture with the article's values, and an example."""
    picture = mode.draw("A", mode.article)
    needed = "".join(f" {flag(name)} {value}" for name, value in mode.needed().items())
    example = f"Example: netmodes {mode.mode} -n A{needed}"
    return "\n".join([mode.summary(), "", "\b", picture, "", example])


def run_mode(
    mode: type[Mode],
    *,
    dry_run: bool,
    rehearse: bool,
    verbatim: bool,
    export: str | None,
    unit: bool,
    force: bool,
    facts: str | None,
    json: bool,
    check: bool,
    confirm: float | None = None,
    anyway: bool = False,
    count: int | None = None,
    namespace: str,
    **parameters: str,
) -> None:
    """Render, export or run one mode."""
    renders = dry_run or export
    wrong = {
        "--export and --facts need the name of a file": "" in (export, facts),
        "--facts goes with --dry-run, --export or --rehearse": facts and not (renders or rehearse),
        "--rehearse runs the commands, in a copy: leave out --dry-run and --export": rehearse
        and renders,
        "--force goes with --export": force and not export,
        "--check tries a network that is up: leave out --dry-run and --export": check and renders,
        "--export writes a script: leave out --json": json and export,
        "--unit prints a unit: leave out --dry-run, --export, --rehearse and --json": unit
        and (renders or rehearse or json),
        "--unit is of a script that waits for nobody: leave out --check and --confirm": unit
        and (check or confirm is not None),
        "--count numbers one name: give one -n": count and "," in namespace,
    }
    for words in filter(wrong.get, wrong):
        raise click.UsageError(words)
    names = [f"{namespace}{number}" for number in range(1, count + 1)] if count else namespace
    wanted = mode(namespace=names, **parameters)
    if unit:
        click.echo(wanted.unit(), nl=False)
        return
    read = plans.read_facts(facts)
    refuse_missing(wanted, read)
    if rehearse:
        found = wanted.rehearse(read, verbatim=verbatim, anyway=anyway, confirm=confirm)
        sys.exit(plans.tell(found, json))
    if renders:
        plan = wanted.plan(read, verbatim=verbatim, anyway=anyway, confirm=confirm)
        if dry_run and read is None:
            foresee(plan, Runner())
        plans.show(plan, export, force, json, confirm)
        if verbatim:
            say_what_to_expect(wanted)
    else:
        run(wanted, verbatim, anyway, confirm, check, json)


def refuse_missing(wanted: Mode, facts: Facts | None) -> None:
    """Refuse a mode without an option that it needs on this machine, and say what to name."""
    for option in wanted.missing:
        meaning = f"name {option.metadata['meaning']}"
        with suppress(Refused):
            read = facts or host_facts(thorough=False)
            if option not in wanted.on(read).missing:
                continue
            meaning = option.metadata["suggest"](read)
        raise click.UsageError(f"{flag(option.name)} is missing: {meaning}")


def run(
    mode: Mode, verbatim: bool, anyway: bool, confirm: float | None, check: bool, to_json: bool
) -> None:
    """Run a mode, show what its check found, and wait for the confirmation."""
    become_root()
    try:
        record = mode.up(verbatim=verbatim, anyway=anyway, confirm=confirm, check=check, echo=show)
    except NotAsPromised as error:
        coloured(table(error.report))
        raise
    if record.report is not None and not to_json:
        coloured(table(record.report))
    if confirm is not None and record.outcomes:
        wait_for_confirmation(mode.network, confirm)
    if to_json:
        click.echo(record.to_json())
    say_how_to_go_on(mode, record, verbatim)


def say_how_to_go_on(mode: Mode, record: Record, verbatim: bool) -> None:
    """Name the commands for a network that is up."""
    name, several = mode.name, len(mode.names) > 1
    said = f"{called(mode.names)} {'are' if several else 'is'} up"
    if not record.outcomes:
        say(f"{said} already.")
        return
    if verbatim:
        say_what_to_expect(mode)
    where, what = ("in one", "them") if several else ("in it", "it")
    say(
        f"{said}: `netmodes exec {name} -- CMD` runs {where}, "
        f"`netmodes down {mode.network}` undoes {what}."
    )


def say_what_to_expect(mode: Mode) -> None:
    """Warn of what a mode's guard commands would prevent."""
    if mode.verbatim_note:
        say(f"Without guard commands {mode.verbatim_note}.")
