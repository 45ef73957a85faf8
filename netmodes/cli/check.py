"""``netmodes check``: which promises of its mode a network keeps."""

from __future__ import annotations

import sys

import click

from netmodes.cli.complete import network_names
from netmodes.cli.output import as_json, coloured, show, table
from netmodes.cli.sudo import become_root
from netmodes.diagnose.target import validate_host
from netmodes.errors import Refused


def validate_outside(ctx: click.Context, option: click.Parameter, value: str | None) -> str:
    """The value of --outside, "" for none; refuse what is neither an address nor a name."""
    if value is not None:
        try:
            validate_host(value)
        except Refused as error:
            raise click.UsageError(f"--outside: {error}") from None
    return value or ""


@click.command()
@click.argument("name", shell_complete=network_names)
@click.option(
    "--outside",
    metavar="ADDR",
    callback=validate_outside,
    help="An address or name outside to try.  [default: the default route's gateway]",
)
@click.option("--json", "to_json", is_flag=True, help="As JSON.")
def check(name: str, outside: str, to_json: bool) -> None:
    """Check who reaches whom in a network, and who must not.

    It tries each promise of the mode with a ping, and forgets neighbours first. Without --outside
    it sends nothing beyond the default route's gateway, and judges the way from there by routes and
    firewall; it looks no name up, but asks whether the name server answers.

    Exit status: 0 if every promise is kept, 1 if one is not.

    Example: netmodes check A --outside 8.8.8.8
    """
    from netmodes.network import check as try_all

    become_root()
    report = try_all(name, outside=outside, echo=show)
    coloured(as_json(report.to_dict()) if to_json else table(report))
    sys.exit(bool(report.differing))
