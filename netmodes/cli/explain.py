"""``netmodes explain``: a mode or a network, line by line."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from netmodes.cli.complete import network_names
from netmodes.cli.output import drawn, say
from netmodes.errors import Refused
from netmodes.journal import Journal
from netmodes.modes import MODES


def modes_and_networks(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The modes, and the networks that are up."""
    modes = [CompletionItem(name, help="mode") for name in MODES if name.startswith(incomplete)]
    return modes + network_names(ctx, param, incomplete)


@click.command()
@click.argument("name", metavar="MODE|NAME", shell_complete=modes_and_networks)
@click.option(
    "--format",
    "how",
    type=click.Choice(["text", "markdown"]),
    default="text",
    help="Text for a terminal, or a page in Markdown.",
)
def explain(name: str, how: str) -> None:
    """Explain a mode or a network, line by line; needs no root.

    Example: netmodes explain host-only
    """
    from netmodes.show import explain as teacher

    found = Journal(name).read()
    if name in MODES:
        if found is not None:
            say(f"{name} is a mode and also a network: this explains the mode.")
        text = teacher.mode(name, how)
    elif found is not None:
        text = teacher.network(found, how)
    else:
        raise Refused(
            f"{name} is neither a mode ({', '.join(MODES)}) nor a network of ours: "
            "`netmodes list` shows those that are up"
        )
    click.echo(drawn(text) if how == "text" else text, nl=False)
