"""``netmodes show`` and ``explain``: what is up, drawn; a mode or a network, line by line."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from netmodes.cli.complete import network_names
from netmodes.cli.output import as_json, block, coloured, drawn, fit, printed, say
from netmodes.errors import Refused
from netmodes.journal import journal_of
from netmodes.machine.facts import Facts
from netmodes.machine.path import as_root
from netmodes.machine.read import host_facts, namespace_facts
from netmodes.modes import MODES
from netmodes.place import plain_files, refuse_elsewhere
from netmodes.plan.text import visible

if TYPE_CHECKING:
    from netmodes.show.view import View

Command = Callable[..., Any]


def formats(first: str, other: str, meaning: str) -> Callable[[Command], Command]:
    """The option --format."""
    choice = click.Choice([first, other])
    return click.option("--format", "how", type=choice, default=first, help=meaning)


@click.command(name="show")
@click.argument("name", required=False, shell_complete=network_names)
@formats("text", "mermaid", "A picture for a terminal, or a graph for GitHub.")
@click.option("--json", "to_json", is_flag=True, help="As JSON.")
def show_network(name: str | None, how: str, to_json: bool) -> None:
    """Draw the host and all networks, or one network, as they are.

    The picture has devices, MACs, addresses, bridge ports, cables and routes. A "!" marks a device
    with a problem; the text below says which. Without root it says what it cannot see.

    Example: netmodes show A
    """
    from netmodes.show.view import view

    refuse_elsewhere()
    facts = host_facts(thorough=False)
    ours = [one.name for one in facts.known("networks")]
    there = {*facts.known("namespaces")}.difference(plain_files(ours))
    facts = replace(facts, namespaces=sorted(there))
    seen = view(facts, {one: _read(one) for one in ours}, name)
    if to_json:
        click.echo(as_json(asdict(seen)), nl=False)
    elif how == "mermaid":
        from netmodes.show.mermaid import graph

        printed(graph(seen))
    else:
        coloured(picture(seen))


def _read(name: str) -> Facts | None:
    """The facts of a namespace; None where they cannot be read."""
    if os.geteuid() != 0:
        return None
    try:
        return namespace_facts(name)
    except Refused:
        return None


def picture(seen: View) -> str:
    """The picture in colour, with the findings and what could not be seen below it."""
    from netmodes.show.text import NOT_UP, draw
    from netmodes.show.view import ONLY_ROOT

    red = NOT_UP.sub(
        lambda found: click.style(found[0], fg="red", bold=True), visible(drawn(draw(seen)))
    )
    parts = [red, *map(block, seen.findings)]
    if unseen := [place.name for place in seen.namespaces if place.unseen == ONLY_ROOT]:
        note = f"Only root can look inside {', '.join(unseen)}: `{as_root('show')}`"
        parts.append(f"{fit(note)}\n")
    return "\n".join(parts)


def modes_and_networks(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The modes, and the networks that are up."""
    modes = [CompletionItem(name, help="mode") for name in MODES if name.startswith(incomplete)]
    return modes + network_names(ctx, param, incomplete)


@click.command()
@click.argument("name", metavar="MODE|NAME", shell_complete=modes_and_networks)
@formats("text", "markdown", "Text for a terminal, or a page in Markdown.")
def explain(name: str, how: str) -> None:
    """Explain a mode or a network, line by line; needs no root.

    Example: netmodes explain host-only
    """
    from netmodes.show import explain as teacher

    found = journal_of(name).read()
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
    printed(drawn(text) if how == "text" else text)
