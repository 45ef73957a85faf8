"""One command a mode: its options, and which of them go together."""

from __future__ import annotations

from dataclasses import Field
from functools import partial

import click

from netmodes.cli import render, up
from netmodes.cli.options import flag, options
from netmodes.errors import Refused
from netmodes.machine.read import host_facts
from netmodes.modes.base import Mode


def mode_command(mode: type[Mode]) -> click.Command:
    """The command of one mode."""
    return click.Command(
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
    verbatim: bool,
    export: str | None,
    force: bool,
    facts: str | None,
    json: bool,
    check: bool,
    confirm: float | None = None,
    anyway: bool = False,
    **parameters: str,
) -> None:
    """Render, export or run one mode."""
    if "" in (export, facts):
        raise click.UsageError("--export and --facts need the name of a file")
    if facts and not (dry_run or export):
        raise click.UsageError("--facts goes with --dry-run or --export")
    if force and not export:
        raise click.UsageError("--force goes with --export")
    if check and (dry_run or export):
        raise click.UsageError(
            "--check tries a network that is up: leave out --dry-run and --export"
        )
    if json and export:
        raise click.UsageError("--export writes a script: leave out --json")
    for option in mode.options():
        if option.metadata["required"] and not parameters[option.name]:
            raise click.UsageError(f"{flag(option.name)} is missing: {suggest(option, facts)}")
    wanted = mode(**parameters)
    if dry_run or export:
        plan = render.plan_for(facts, wanted, verbatim, anyway)
        render.show(plan, export, force, json)
        if verbatim:
            up.say_what_to_expect(wanted)
    else:
        up.run(wanted, verbatim, anyway, confirm, check, json)


def suggest(option: Field[str], facts: str | None) -> str:
    """What to name for a required option, on this machine or the one that a file describes."""
    try:
        read = render.read_facts(facts) or host_facts(thorough=False)
        return str(option.metadata["suggest"](read))
    except (Refused, AttributeError, KeyError, TypeError, ValueError):
        return f"name {option.metadata['meaning']}"
