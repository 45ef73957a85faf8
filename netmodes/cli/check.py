"""``netmodes check``: who reaches whom, as it was promised and as it is."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator

import click

from netmodes.cli.complete import running
from netmodes.cli.doctor import block
from netmodes.cli.sudo import become_root
from netmodes.cli.terminal import coloured
from netmodes.cli.words import as_json, fit, show
from netmodes.diagnose.target import parse_host
from netmodes.errors import Refused
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Report, Result

WORDS = {True: "yes", False: "no", None: "?"}

#: The widths of from and to; expected, got and time have what their headings need.
TARGET = 43
ROW = f"{{:<9}} {{:<{TARGET}}} {{:<8}} {{:<4}} {{}}"


def checked(ctx: click.Context, option: click.Parameter, value: str | None) -> str:
    """An address or a name, "" where none is given; what is neither is wrong usage."""
    if value is not None:
        try:
            parse_host(value)
        except Refused as error:
            raise click.UsageError(f"--outside: {error}") from None
    return value or ""


@click.command()
@click.argument("name", shell_complete=running)
@click.option(
    "--outside",
    metavar="ADDR",
    callback=checked,
    help="An address or name outside to try.  [default: the default route's gateway]",
)
@click.option("--json", "to_json", is_flag=True, help="As JSON.")
def check(name: str, outside: str, to_json: bool) -> None:
    """Try who reaches whom in a network, and who should not.

    Each is really tried, with one ping and nothing remembered from before. Without --outside
    nothing further than the default route's gateway is tried, what is beyond it is judged by routes
    and firewall, and no name is looked up: the name server is asked whether it answers.

    Exit status: 1 if something is not as the mode promises, 0 if all is.

    Example: netmodes check A --outside 8.8.8.8
    """
    from netmodes.diagnose.check import check as try_all

    become_root()
    report = try_all(name, outside=outside, echo=show)
    coloured(as_json(report.to_dict()) if to_json else table(report))
    sys.exit(bool(report.differing))


def table(report: Report) -> str:
    """The promises, a row each, with why one is not kept; beneath them what mends it."""
    rows = [ROW.format("FROM", "TO", "EXPECTED", "GOT", "TIME")]
    rows += [line for result in report.results for line in _rows(result)]
    rows.append(fit(verdict(report)))
    return "\n".join([*rows, *map(block, findings(report))]).rstrip() + "\n"


def verdict(report: Report) -> str:
    """What the rows come to, in a sentence."""
    name, mode, every = report.namespace, report.mode, len(report.results)
    if count := len(report.differing):
        return f"{name} is not as {mode} promises: {count} of {every} differ."
    if count := len(report.untried):
        what = f"{name} is as {mode} promises, as far as it could be tried"
        return f"{what}: {count} of {every} could not."
    return f"{name} is as {mode} promises."


def findings(report: Report) -> Iterator[Finding]:
    """What is wrong, once for each thing to do."""
    said = set()
    for finding in (result.finding for result in report.differing):
        if finding is not None and finding.remedy not in said:
            said.add(finding.remedy)
            yield finding


def _rows(result: Result) -> list[str]:
    cell, time = result.cell, result.milliseconds
    place = f"from {result.place}" if cell.source == "neighbour" and result.place else ""
    target = " ".join(filter(None, (cell.target, result.tried, place)))
    took = "" if time is None else f"{time:.3g} ms"
    words = (WORDS[cell.reachable], WORDS[result.reached], took)
    *above, last = textwrap.wrap(target, TARGET, break_on_hyphens=False) or [""]
    rows = [ROW.format(cell.source, line, "", "", "").rstrip() for line in above]
    rows.append(ROW.format("" if above else cell.source, last, *words).rstrip())
    mark = "differs: " if result.differs else ""
    reason = fit(mark + result.reason, "    ").splitlines() if result.reason else []
    return [*rows, *reason]
