"""``netmodes doctor``: what may keep the modes from working on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace

import click

from netmodes.cli.complete import device_names
from netmodes.cli.output import as_json, block, coloured
from netmodes.commands import notices
from netmodes.diagnose import doctor as findings
from netmodes.machine import abilities
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.modes import MODES
from netmodes.plan.finding import Finding


@click.command()
@click.option(
    "--uplink",
    metavar="NAME",
    help="The NIC to examine.  [default: the default route's]",
    shell_complete=device_names,
)
@click.option("--json", "to_json", is_flag=True, help="As JSON.")
def doctor(uplink: str | None, to_json: bool) -> None:
    """Find what keeps modes from working here, and what fixes it.

    It needs no root, and says what it could not see without root.

    Exit status: 1 if it finds an error, 0 if only warnings or nothing.

    Example: netmodes doctor --uplink enp0s1
    """
    found = list(dict.fromkeys(examine(look(), uplink)))
    if to_json:
        click.echo(as_json([asdict(finding) for finding in found]), nl=False)
    else:
        text = "\n".join(map(block, found)) or "Nothing to fix.\n"
        coloured(text)
    sys.exit(any(finding.level == "error" for finding in found))


def look() -> Facts:
    """This machine's facts; without `ip`, none about its network."""
    around = abilities.read()
    nothing = Facts(links=[], routes=[], routes6=[], networks=[])
    return replace(nothing if "ip" in around["missing"] else host_facts(), **around)


def examine(facts: Facts, uplink: str | None) -> Iterator[Finding]:
    """All findings: the machine's, the uplink's, the modes'."""
    yield from findings.of_machine(facts)
    if name := uplink or findings.default_nic(facts):
        yield from findings.of_uplink(name, facts)
    for name, mode in MODES.items():
        for address in mode.own_addresses():
            yield from notices.of_subnet(name, address, facts)
