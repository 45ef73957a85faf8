"""What a mode would run: printed (``--dry-run``), written as a script (``--export``), rehearsed."""

import sys
from pathlib import Path

import click

from netmodes.cli.export import write_script
from netmodes.cli.output import as_json, fit, printed, say
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.plan.plan import Plan
from netmodes.plan.rehearsal import Rehearsal


def read_facts(path: str | None) -> Facts | None:
    """The facts in a file ("-": stdin), or None for this machine's."""
    if path is None:
        return None
    try:
        return Facts.from_json(sys.stdin.read() if path == "-" else Path(path).read_text())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", "no text")
        raise Refused(
            f"{path} cannot be read ({why}): give a file made by `netmodes facts`"
        ) from None


def show(plan: Plan, export: str | None, force: bool, to_json: bool, confirm: float | None) -> None:
    """Write the script, or print the plan."""
    if export:
        from netmodes.script.bash import render

        text = render(plan, confirm)
        for notice in plan.notices:
            say(f"note: {notice}")
        if export == "-":
            click.echo(text, nl=False)
        else:
            write_script(text, export, force)
    else:
        printed(as_json(plan.to_dict()) if to_json else transcript(plan))
        if confirm is not None:
            say(f"A run undoes this unless somebody confirms it within {confirm:g} s.")


def transcript(plan: Plan) -> str:
    """The commands, each under its why; bash can run the text as it is."""
    notices = [fit(f"note: {notice}", "# ") for notice in plan.notices]
    lines = [
        f"{fit(('guard: ' if step.guard else '') + step.why, '# ')}\n{step}" for step in plan.steps
    ]
    return "".join(f"{line}\n" for line in [*notices, *lines])


def tell(found: Rehearsal, to_json: bool) -> int:
    """Print what a rehearsal found, a line each; the exit status.

    Raises:
        Refused: the mode refuses to run.
    """
    if to_json:
        printed(as_json(found.to_dict()))
        return found.status
    if found.refused:
        raise Refused(found.refused)
    lines = [*found.differences, *(f"unknown: {one}" for one in found.unknown)]
    printed("".join(f"{one}\n" for one in lines or ["as promised"]))
    if found.beyond:
        say(found.beyond)
    return found.status
