"""The options of a mode's command: its own, then those of every mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field
from typing import Any

import click

from netmodes.cli.complete import device_names, files
from netmodes.modes.base import Mode


def options(mode: type[Mode]) -> Iterator[click.Option]:
    """All options of one mode, in the order of its help."""
    yield from (mode_option(mode, option) for option in mode.options())
    if mode.confirms:
        yield CONFIRM
    if mode.objects:
        yield click.Option(["--anyway"], is_flag=True, help=f"Go on {mode.objects}.")
    yield from EVERY


def flag(name: str) -> str:
    """An option as the command line spells it."""
    return f"--{name.replace('_', '-')}"


def mode_option(mode: type[Mode], option: Field[str]) -> click.Option:
    """One option of a mode, for click."""
    metadata = option.metadata
    names = [flag(option.name), *filter(None, [metadata["short"]])]
    more: dict[str, Any] = {"default": option.default}
    meaning = metadata["meaning"]
    if metadata["multiple"]:
        given = [option.default] if option.default else []
        more = {"multiple": True, "callback": joined, "default": given}
        meaning += "; may be repeated"
    note = "required" if metadata["required"] else f"default: {mode.otherwise(option)}"
    return click.Option(
        names,
        **more,
        show_default=False,
        metavar=metadata["metavar"],
        help=f"{meaning}  [{note}]" if note != "default: " else meaning,
        shell_complete=device_names if metadata["completes"] == "device" else None,
    )


def joined(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> str:
    """The values of a repeated option, with commas between, as a mode takes them."""
    return ",".join(values)


#: The options of every mode.
EVERY = [
    click.Option(
        ["--dry-run"], is_flag=True, help="Print the commands, run nothing; needs no root."
    ),
    click.Option(
        ["--verbatim"], is_flag=True, help="Only the article's commands, no guard commands."
    ),
    click.Option(
        ["--export"],
        metavar="FILE",
        help='Write a bash script instead ("-": to stdout).',
        shell_complete=files,
    ),
    click.Option(["--force"], is_flag=True, help="Overwrite FILE."),
    click.Option(["--check"], is_flag=True, help="Then check who reaches whom; undo all if wrong."),
    click.Option(
        ["--facts"],
        metavar="FILE",
        help="Render for the machine that FILE describes.",
        shell_complete=files,
    ),
    click.Option(["--json"], is_flag=True, help="Print the record as JSON (--dry-run: the plan)."),
]


CONFIRM = click.Option(
    ["--confirm"],
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Undo everything unless you confirm in time.",
)
