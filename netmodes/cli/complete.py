"""What a shell's Tab key offers for a parameter, beside what click knows by itself."""

from __future__ import annotations

import socket

import click
from click.shell_completion import CompletionItem

from netmodes.journal import networks


def running(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The networks that are up, each with its mode; not those that are named already."""
    named = ctx.params.get(param.name or "") or ()
    return [
        CompletionItem(network.name, help=network.mode)
        for network in networks()
        if network.name.startswith(incomplete) and network.name not in named
    ]


def interfaces(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The host's devices, but for its loopback."""
    names = [name for _, name in socket.if_nameindex()]
    return [name for name in names if name.startswith(incomplete) and name != "lo"]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own completion of files."""
    return [CompletionItem(incomplete, type="file")]
