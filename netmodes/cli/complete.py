"""What the Tab key offers for a parameter, beyond what click offers by itself."""

import socket

import click
from click.shell_completion import CompletionItem

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


def device_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The host's devices without its loopback and what networks of ours made."""
    ours = {name for one in networks() for name in (one.topology.host_device, one.topology.bridge)}
    names = [name for _, name in socket.if_nameindex() if name not in ours]
    return [name for name in names if name.startswith(incomplete) and name != "lo"]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own completion of files."""
    return [CompletionItem(incomplete, type="file")]
