"""What the Tab key offers for a parameter, beyond what click offers by itself."""

from contextlib import suppress

import click
from click.shell_completion import CompletionItem

from netmodes.errors import NetmodesError
from netmodes.journal import networks


def network_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The networks that are up, each with its mode, without those already typed."""
    named = ctx.params.get(param.name or "") or ()
    return [
        CompletionItem(network.name, help=network.mode)
        for network in networks()
        if network.name.startswith(incomplete) and network.name not in named
    ]


def uplink_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The NICs that bridged takes, by every name."""
    from netmodes.commands import uplink
    from netmodes.machine.read import host_facts

    with suppress(NetmodesError):
        names = uplink.names(host_facts(thorough=False))
        return [name for name in names if name.startswith(incomplete)]
    return []


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own completion of files."""
    return [CompletionItem(incomplete, type="file")]
