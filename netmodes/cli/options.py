"""The options of a mode's command: its own, then those of every mode."""

from collections.abc import Iterator
from dataclasses import Field
from typing import Any

import click
from click.core import ParameterSource

from netmodes.cli.complete import files, uplink_names
from netmodes.cli.confirm import seconds
from netmodes.modes.base import Mode

#: The greatest number of namespaces that are numbered.
MOST = 1000


def options(mode: type[Mode]) -> Iterator[click.Option]:
    """All options of one mode, in the order of its help."""
    name, *others = mode.options()
    yield mode_option(mode, name)
    yield COUNT
    yield from (mode_option(mode, option) for option in others)
    if mode.confirms:
        yield CONFIRM
    if mode.objects:
        yield switch("--anyway", f"Go on {mode.objects}.")
    yield from EVERY


def flag(name: str) -> str:
    """An option as the command line spells it."""
    return f"--{name.replace('_', '-')}"


def mode_option(mode: type[Mode], option: Field[str]) -> click.Option:
    """One option of a mode, for click."""
    metadata = option.metadata
    names = [flag(option.name), *filter(None, [metadata["short"]])]
    callback = None if metadata["required"] else one  # which says more of what is missing
    more: dict[str, Any] = {"default": option.default, "callback": callback}
    meaning = metadata["meaning"]
    if metadata["multiple"]:
        given = [option.default] if option.default else []
        more = {"multiple": True, "callback": joined, "default": given}
        meaning += "; may be repeated"
    note = f"default: {mode.otherwise(option)}"
    if metadata["required"]:
        note = "required" + metadata["otherwise"]
    return click.Option(
        names,
        **more,
        show_default=False,
        metavar=metadata["metavar"],
        help=f"{meaning}  [{note}]" if note != "default: " else meaning,
        shell_complete=uplink_names if metadata["completes"] == "uplink" else None,
    )


def one(ctx: click.Context, option: click.Parameter, value: str) -> str:
    """A value; an empty one, as of an empty variable, would be as good as none."""
    source = ctx.get_parameter_source(str(option.name))
    if not value and source is ParameterSource.COMMANDLINE:
        raise click.BadParameter("it is empty: give a value, or leave it out")
    return value


def joined(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> str:
    """The values of a repeated option, with commas between, as a mode takes them."""
    return ",".join(one(ctx, option, value) for value in values)


def number(ctx: click.Context, option: click.Parameter, value: int | None) -> int | None:
    """The value of --count."""
    if value is not None and not 1 <= value <= MOST:
        raise click.BadParameter(f"it takes 1 to {MOST} namespaces")
    return value


def switch(name: str, meaning: str) -> click.Option:
    """An option without a value."""
    return click.Option([name], is_flag=True, help=meaning)


def file(name: str, meaning: str) -> click.Option:
    """An option whose value is a file."""
    return click.Option([name], metavar="FILE", help=meaning, shell_complete=files)


COUNT = click.Option(
    ["--count"],
    type=int,
    callback=number,
    metavar="N",
    help="N namespaces, numbered: web1, web2 ...",
)

#: The options of every mode.
EVERY = [
    switch("--dry-run", "Print the commands, run nothing; needs no root."),
    switch("--rehearse", "Try it in a copy of this machine; touch nothing here."),
    switch("--verbatim", "Only the article's commands, no guard commands."),
    file("--export", 'Write a bash script instead ("-": to stdout).'),
    switch("--unit", "Print a systemd unit that runs the script at boot."),
    switch("--force", "Let --export overwrite FILE."),
    switch("--check", "Then check every promise; undo all if one fails."),
    file("--facts", "For another machine: FILE by `netmodes facts`."),
    switch("--json", "Print the record as JSON (--dry-run: the plan)."),
]

CONFIRM = click.Option(
    ["--confirm"],
    callback=seconds,
    metavar="SECONDS",
    help="Undo everything unless you confirm in time.",
)
