"""``netmodes show``: the network of this machine, drawn as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict

import click

from netmodes.cli.complete import network_names
from netmodes.cli.output import as_json, block, coloured, drawn, fit
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts, namespace_facts
from netmodes.show.text import WRONG, draw
from netmodes.show.view import ONLY_ROOT, View, view

#: The first row of a device that is not up, or that a finding is about.
NOT_UP = re.compile(rf"[\w.@:-]+(  \w+)?(  (down|no carrier)({WRONG})?|{WRONG})")


@click.command(name="show")
@click.argument("name", required=False, shell_complete=network_names)
@click.option(
    "--format",
    "how",
    type=click.Choice(["text", "mermaid"]),
    default="text",
    help="A picture for a terminal, or a graph for GitHub.",
)
@click.option("--json", "to_json", is_flag=True, help="As JSON.")
def show_network(name: str | None, how: str, to_json: bool) -> None:
    """Draw the host and all networks, or one network, as they are.

    The picture has devices, MACs, addresses, bridge ports, cables and routes. A "!" marks a device
    with a problem; the text below says which. Without root it says what it cannot see.

    Example: netmodes show A
    """
    facts = host_facts(thorough=False)
    seen = view(facts, namespaces_of(facts), name)
    if to_json:
        click.echo(as_json(asdict(seen)), nl=False)
    elif how == "mermaid":
        from netmodes.show.mermaid import graph

        click.echo(graph(seen), nl=False)
    else:
        coloured(picture(seen))


def namespaces_of(facts: Facts) -> Mapping[str, Facts | None]:
    """The facts of each namespace of ours; None where they cannot be read."""
    return {network.name: _read(network.name) for network in facts.known("networks")}


def _read(name: str) -> Facts | None:
    if os.geteuid() != 0:
        return None
    try:
        return namespace_facts(name)
    except Refused:
        return None


def picture(seen: View) -> str:
    """The picture in colour, with the findings and what could not be seen below it."""
    red = NOT_UP.sub(lambda found: click.style(found[0], fg="red", bold=True), drawn(draw(seen)))
    parts = [red, *map(block, seen.findings)]
    if unseen := [place.name for place in seen.namespaces if place.unseen == ONLY_ROOT]:
        note = f"Only root can look inside {', '.join(unseen)}: `sudo netmodes show`"
        parts.append(f"{fit(note)}\n")
    return "\n".join(parts)
