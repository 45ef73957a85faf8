"""``netmodes check``, ``why`` and ``doctor``: is it as it should be, and what fixes it if not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from shlex import quote

import click

from netmodes.cli.complete import network_names, uplink_names
from netmodes.cli.output import as_json, block, coloured, fit, printed, show, table
from netmodes.cli.sudo import become_root
from netmodes.commands import notices
from netmodes.commands.uplink import uplink_errors
from netmodes.diagnose import doctor as findings
from netmodes.diagnose.target import parse, validate_host
from netmodes.errors import Refused
from netmodes.machine import abilities
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.modes import MODES
from netmodes.modes.bridged import Bridged
from netmodes.plan.finding import Finding


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

    It deletes old neighbour entries, then tries each promise with a ping; a target of this
    machine that answers none is tried by TCP as well. Without --outside it
    sends nothing beyond the default route's gateway: a packet that does not leave this machine
    tells the rest of the way. It then looks up no name, but asks whether the name server answers.
    What it runs goes to stderr, the table to stdout.

    Exit status: 0 if every promise is kept, 1 if one is not.

    Example: netmodes check A --outside 8.8.8.8
    """
    from netmodes.network import check as try_all

    become_root()
    report = try_all(name, outside=outside, echo=show)
    coloured(as_json(report.to_dict()) if to_json else table(report))
    sys.exit(bool(report.differing))


@click.command()
@click.argument("name", shell_complete=network_names)
@click.argument("target", metavar="ADDR[:PORT]")
def why(name: str, target: str) -> None:
    """Follow a packet from a network to where it is lost.

    ADDR is an IPv4 address or a host name, PORT a TCP port; UDP cannot be tried, for only its
    receiver knows what arrived. It deletes old neighbour entries on the way, then sends pings, and
    opens a connection to PORT. Where a firewall has rules, it has just these packets traced, by a
    table of its own that ends with it. It needs root.

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
        printed(fit(f"{number}. {hop}").replace("\n", "\n   ") + "\n")
    if answer.finding is not None:
        coloured(block(answer.finding))
    sys.exit(not answer.reached)


@click.command()
@click.option(
    "--uplink",
    metavar="NAME",
    help="The NIC to examine.  [default: the default route's]",
    shell_complete=uplink_names,
)
@click.option("--json", "to_json", is_flag=True, help="As JSON.")
def doctor(uplink: str | None, to_json: bool) -> None:
    """Find what keeps modes from working here, and what fixes it.

    It needs no root, and says what it could not see without root.

    Exit status: 1 if it finds an error, 0 if only warnings or nothing.

    Example: netmodes doctor --uplink enp0s1
    """
    found = list(dict.fromkeys(examine(look(uplink), uplink)))
    if to_json:
        click.echo(as_json([asdict(finding) for finding in found]), nl=False)
    else:
        text = "\n".join(map(block, found)) or "Nothing to fix.\n"
        coloured(text)
    sys.exit(any(finding.level == "error" for finding in found))


def look(uplink: str | None) -> Facts:
    """This machine's facts, for this uplink; without `ip`, none about its network."""
    around = abilities.read()
    if "ip" in around["missing"]:
        return replace(Facts(links=[], routes=[], routes6=[], networks=[]), **around)
    facts = host_facts(uplink=uplink or (lambda facts: findings.default_nic(facts) or ""))
    return replace(facts, **around)


def refusal(name: str, facts: Facts) -> Iterator[Finding]:
    """Why bridged would refuse this uplink, in its own words."""
    if facts.bridged(name) or [*uplink_errors(name, facts)]:
        return
    try:
        yield from Bridged(uplink=name).objected(facts)
    except Refused as error:
        what, _, advice = str(error).rpartition(": ")
        evidence = f"ip -d addr show dev {quote(name)}"
        yield Finding("error", what, evidence, advice=advice, about=name)


def examine(facts: Facts, uplink: str | None) -> Iterator[Finding]:
    """All findings: the machine's, the uplink's, the modes'."""
    yield from findings.of_machine(facts)
    if name := uplink or findings.default_nic(facts):
        yield from findings.of_uplink(name, facts)
        yield from refusal(name, facts)
    for name, mode in MODES.items():
        for address in mode.own_addresses():
            yield from notices.of_subnet(name, address, facts)
