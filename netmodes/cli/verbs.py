"""The verbs for what is up, and for this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

import click

from netmodes.cli.complete import files, network_names
from netmodes.cli.output import as_json, fit, printed, say, show
from netmodes.cli.sudo import become_root
from netmodes.errors import NetmodesError
from netmodes.journal import networks
from netmodes.plan.text import called

if TYPE_CHECKING:
    from netmodes.machine.table import Table


@click.command()
@click.argument("names", nargs=-1, metavar="NAME...", shell_complete=network_names)
@click.option(
    "--all", "every", is_flag=True, help="Every network, and what a reboot left of others."
)
@click.option("--kill", is_flag=True, help="End processes in it: TERM, after 2 s KILL.")
def down(names: tuple[str, ...], every: bool, kill: bool) -> None:
    """Take networks down: undo their commands, newest first.

    Example: netmodes down A
    """
    from netmodes import network

    if bool(names) == every:
        raise click.UsageError("name the networks, or give --all")
    become_root()
    status = 0
    groups = network.together(names or network.every_name())
    if not groups:
        say("No network is up: nothing to do.")
    for group in groups:
        said, verb = called(group), "are" if group[1:] else "is"
        try:
            done = network.down(*group, kill=kill, echo=show)
        except NetmodesError as error:
            say(f"Error: {error}")
            status = error.exit_status
        else:
            say(f"{said} {verb} down." if done else f"{said} {verb} not up: nothing to do.")
    sys.exit(status)


#: How wide the columns of ``list`` are at least.
WIDTHS = (15, 10, 12, 18, 0)


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as lines, each column as wide as its longest word."""
    widths = list(WIDTHS)
    for row in rows:
        widths = [*map(max, widths, map(len, row))]
    for row in rows:
        yield " ".join(map(str.ljust, row, widths)).rstrip()


@click.command(name="list")
@click.option("--json", "to_json", is_flag=True, help="As JSON.")
def list_(to_json: bool) -> None:
    """List the networks that netmodes made; needs no root.

    Example: netmodes list
    """
    found = networks()
    if to_json:
        click.echo(as_json([network.to_dict() for network in found]), nl=False)
        return
    if not found:
        say("No network is up.")
    rows = [(one.name, one.mode, one.state, one.topology.address, one.published) for one in found]
    last = "PUBLISHED" if any(one.published for one in found) else ""
    for line in columns([("NAME", "MODE", "STATE", "ADDRESS", last), *rows] if rows else []):
        printed(f"{line}\n")
    if uplinks := sorted({one.topology.uplink for one in found} - {""}):
        say_what_is_on_ports(uplinks)


def say_what_is_on_ports(uplinks: Sequence[str]) -> None:
    """Warn of addresses that the ports of bridges have."""
    from netmodes.commands.notices import addresses_on_port
    from netmodes.machine.read import host_facts

    for uplink in uplinks:
        if finding := addresses_on_port(uplink, host_facts(thorough=False)):
            printed(fit(f"Note: {finding.notice}") + "\n")


@click.command(name="exec", context_settings={"ignore_unknown_options": True})
@click.argument("name", shell_complete=network_names)
@click.option("--user", metavar="USER", help="Run as USER.  [default: you, also under sudo]")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
def exec_(name: str, user: str | None, command: tuple[str, ...]) -> NoReturn:
    """Run a command in a namespace, and pass on its exit status.

    Example: netmodes exec A -- ping -c 1 192.168.202.1
    """
    from netmodes import network

    become_root()
    network.enter(name, command, user, show)


@click.command()
def facts() -> None:
    """Print this machine's facts, as JSON; needs no root.

    They are what commands printed and files held, untouched, for --facts on another machine, for
    `netmodes lab --like`, and for a bug report; as root with the firewall. They hold addresses,
    MACs, names of devices and networks, the firewall's comments, DHCP clients' command lines,
    programs that listen or are bound to a NIC, and the SSH client's address; no key, and of files
    only resolv.conf, nsswitch.conf, a network manager's notes in /run on devices, and what netmodes
    wrote.

    Example: netmodes facts > server.json
    """
    from netmodes.machine.read import host_facts

    click.echo(host_facts(whole=True, machine=True).to_json())


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--like",
    metavar="FILE",
    help='Copy the machine of these facts ("-": this one) instead.',
    shell_complete=files,
)
@click.option("--quiet", is_flag=True, help="Do not show the commands that make it.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD...]")
def lab(like: str | None, quiet: bool, command: tuple[str, ...]) -> NoReturn:
    """Run a command or your shell on a copy of the article's machine.

    The copy is made of namespaces, needs no root and ends with the command. Nothing in it reaches
    this machine's network, processes or /run; root's lab has the rights of the user who called
    sudo, else nobody's, and sees the current folder read-only where that user may not go.

    Its enp0s1 has 192.168.64.3/24, its router 192.168.64.1 also answers for 8.8.8.8
    (outside.example), and an HTTP server listens on port 80. Another machine on its LAN has
    192.168.64.7: `nsenter --net=/run/lan/neighbour CMD` runs CMD there (or at the `router`).

    With --like it is a copy of another machine, or of this one: devices, addresses, routes, rules,
    neighbours, settings, name servers, and the firewall, which only root may read. Every next hop
    answers, and so does all that is outside. What the copy has not, or has otherwise, is said.

    Example: netmodes lab -- netmodes host-only
    """
    from netmodes.engine.runner import silent
    from netmodes.lab import lab as machine

    if like is not None:
        sys.exit(machine.enter(command, say, table_of(like), say))
    sys.exit(machine.enter(command, silent if quiet else show, greet=say))


def table_of(like: str) -> Table:
    """The facts in a file ("-": this machine's), as they were read."""
    from netmodes.cli.plans import read_facts
    from netmodes.machine.read import host_facts
    from netmodes.machine.table import Table

    facts = host_facts(whole=True) if like == "-" else read_facts(like)
    return (facts and facts.table) or Table()
