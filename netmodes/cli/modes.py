"""One command a mode: its parameters, then what every mode can do."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import click

from netmodes.cli.options import flag, options
from netmodes.cli.output import as_json, coloured, fit, say, show, table
from netmodes.cli.sudo import become_root
from netmodes.commands.uplink import suggestion
from netmodes.engine import signals
from netmodes.engine.record import Record
from netmodes.errors import Interrupted, NetmodesError, Refused
from netmodes.journal import Journal
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.machine.ssh import ssh_device
from netmodes.modes.base import Mode
from netmodes.plan.plan import Plan
from netmodes.plan.promise import NotAsPromised


def mode_command(mode: type[Mode]) -> click.Command:
    """The command of one mode: its parameters, then what every mode can do."""
    return click.Command(
        mode.mode,
        params=[*options(mode)],
        callback=lambda **given: run_mode(mode, **given),
        help=_help(mode),
        short_help=mode.summary(),
    )


def _help(mode: type[Mode]) -> str:
    """A mode's summary, its picture with the article's values, and an example."""
    picture = mode.draw("A", mode.article)
    needed = "".join(f" {flag(name)} {value}" for name, value in mode.needed().items())
    example = f"Example: netmodes {mode.mode} -n A{needed}"
    return "\n".join([mode.summary(), "", "\b", picture, "", example])


def run_mode(
    mode: type[Mode],
    *,
    dry_run: bool,
    verbatim: bool,
    export: str | None,
    force: bool,
    facts: str | None,
    json: bool,
    check: bool,
    confirm: float | None = None,
    anyway: bool = False,
    **parameters: str,
) -> None:
    """Render, export or run one mode."""
    if "" in (export, facts):
        raise click.UsageError("--export and --facts need the name of a file")
    if facts and not (dry_run or export):
        raise click.UsageError("--facts goes with --dry-run or --export")
    if force and not export:
        raise click.UsageError("--force goes with --export")
    if check and (dry_run or export):
        raise click.UsageError("--check tries what runs: --dry-run and --export go without it")
    if json and export:
        raise click.UsageError("--export writes a script: --json goes without it")
    for name, value in mode.needed().items():
        if not parameters[name]:
            hint = uplink_to_take(facts) if name == "uplink" else f"one is {flag(name)} {value}"
            raise click.UsageError(f"{flag(name)} is missing: {hint}")
    wanted = mode(**parameters)
    if not (dry_run or export):
        run_up(wanted, verbatim, anyway, confirm, check, json)
        return
    plan = plan_for(facts, wanted, verbatim, anyway)
    if export:
        from netmodes.script.bash import render

        write_script(render(plan), export, force)
    else:
        click.echo(as_json(plan.to_dict()) if json else transcript(plan), nl=False)
    if verbatim:
        say_what_to_expect(wanted)


def uplink_to_take(facts: str | None) -> str:
    """Which uplink there is to name, on this machine or the one that a file describes."""
    try:
        return suggestion("", read_facts(facts) or host_facts(thorough=False))
    except (Refused, AttributeError, KeyError, TypeError, ValueError):
        return "name the NIC that leads outside"


def run_up(
    mode: Mode, verbatim: bool, anyway: bool, confirm: float | None, check: bool, to_json: bool
) -> None:
    """Run a mode, have it checked and confirmed, and say how to go on."""
    become_root()
    if mode.confirms:
        suggest_confirm(mode.parameters[mode.confirms], confirm)
    try:
        record = mode.up(verbatim=verbatim, anyway=anyway, confirm=confirm, check=check, echo=show)
    except NotAsPromised as error:
        coloured(table(error.report))
        raise
    if record.report is not None and not to_json:
        coloured(table(record.report))
    if confirm is not None and record.outcomes:
        wait_for_confirmation(mode.namespace, confirm)
    report(mode, record, verbatim, to_json)


def plan_for(facts: str | None, mode: Mode, verbatim: bool, anyway: bool) -> Plan:
    """The plan of a mode for this machine, or for the one that a file describes."""
    try:
        return mode.plan(read_facts(facts), verbatim=verbatim, anyway=anyway)
    except NetmodesError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if facts is None:
            raise
        raise Refused(f"{facts} is not as `netmodes facts` writes it ({error!r})") from error


def say_what_to_expect(mode: Mode) -> None:
    """What the article's commands alone come to."""
    if mode.verbatim_note:
        say(f"Without guard commands {mode.verbatim_note}.")


def read_facts(path: str | None) -> Facts | None:
    """The facts of a file ("-": stdin), or None for this machine's."""
    if path is None:
        return None
    try:
        return Facts.from_json(sys.stdin.read() if path == "-" else Path(path).read_text())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", "no text")
        raise Refused(
            f"{path} cannot be read ({why}): give a file made by `netmodes facts`"
        ) from None


def transcript(plan: Plan) -> str:
    """The commands, each under its why; bash can run it as it is."""
    guard = {True: "guard: ", False: ""}
    notices = [fit(f"note: {notice}", "# ") for notice in plan.notices]
    lines = [f"{fit(guard[step.guard] + step.why, '# ')}\n{step}" for step in plan.steps]
    return "".join(f"{line}\n" for line in [*notices, *lines])


def write_script(text: str, path: str, force: bool) -> None:
    """Write the script, executable; never over another file unless forced."""
    if path == "-":
        click.echo(text, nl=False)
        return
    try:
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL), 0o755
        )
    except FileExistsError:
        raise Refused(f"{path} exists: choose another file, or use --force") from None
    except OSError as error:
        raise Refused(f"{path} cannot be written ({error.strerror}): choose another file") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if stat.S_ISREG(mode := os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, stat.S_IMODE(mode) | 0o111)


def suggest_confirm(uplink: str, confirm: float | None) -> None:
    """One line for who came over SSH through the uplink."""
    if confirm is None and ssh_device() == uplink:
        say(f"You came over SSH through {uplink}: with `--confirm 60` it comes back by itself.")


def wait_for_confirmation(name: str, seconds: float) -> None:
    """Wait for Enter here or `netmodes confirm` anywhere; a signal takes everything back.

    Raises:
        NetmodesError: nobody confirmed in time; everything has been taken back.
    """
    from netmodes import network as ours

    say(f"Press Enter, or run `netmodes confirm {name}` anywhere, within {seconds:g} s to keep it.")
    with signals.noted() as caught:
        while (run := Journal(name).read()) is not None and not run.confirmed:
            if caught:
                ours.down(name, kill=True, echo=show)
                raise Interrupted(caught[0])
            if enter_pressed(0.1):
                ours.confirm(name)
    if run is None:
        raise NetmodesError(f"{name} was not confirmed within {seconds:g} s, and is taken back")


def enter_pressed(patience: float) -> bool:
    """Whether a line came from the terminal within this many seconds."""
    import select
    import time

    if not sys.stdin.isatty():
        time.sleep(patience)
        return False
    ready, _, _ = select.select([sys.stdin], [], [], patience)
    return bool(ready) and sys.stdin.readline() != ""


def report(mode: Mode, record: Record, verbatim: bool, to_json: bool) -> None:
    """Say how to go on."""
    name = mode.namespace
    if to_json:
        click.echo(record.to_json())
    if not record.outcomes:
        say(f"{name} is up already.")
        return
    if verbatim:
        say_what_to_expect(mode)
    say(
        f"{name} is up: `netmodes exec {name} -- CMD` runs in it, "
        f"`netmodes down {name}` takes it back."
    )
