"""``netmodes why``: where a packet is lost, what shows it and what fixes it."""

from __future__ import annotations

import sys

import click

from netmodes.cli.complete import network_names
from netmodes.cli.output import block, coloured, fit, show
from netmodes.cli.sudo import become_root
from netmodes.diagnose.target import parse
from netmodes.errors import Refused


@click.command()
@click.argument("name", shell_complete=network_names)
@click.argument("target", metavar="ADDR[:PORT]")
def why(name: str, target: str) -> None:
    """Follow a packet from a network to where it is lost.

    ADDR is an IPv4 address or a host name, PORT a TCP port. It forgets the neighbours on the way,
    then tries each part of it with pings, or with a connection to PORT.

    Exit status: 0 if ADDR answers, 1 if not.

    Example: netmodes why A 8.8.8.8
    """
    from netmodes.network import why as follow

    try:
        parse(target)
    except Refused as error:
        raise click.UsageError(str(error)) from None
    become_root()
    answer = follow(name, target, echo=show)
    for number, hop in enumerate(answer.hops, start=1):
        click.echo(fit(f"{number}. {hop}").replace("\n", "\n   "))
    if answer.finding is not None:
        coloured(block(answer.finding))
    sys.exit(not answer.reached)
