"""The command line: one command a mode, and the verbs for what is up.

stdout carries what was asked for, stderr everything else. Exit status: 0 done; 1 refused or failed,
and taken back; 2 wrong usage; 128 + signal; ``exec`` and ``lab`` pass on their command's.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from netmodes import __version__, signals
from netmodes.errors import Interrupted, NetmodesError, Refused
from netmodes.facts import Facts
from netmodes.journal import Journal, networks
from netmodes.modes import MODES, Mode
from netmodes.modes.base import confirm as confirm_network
from netmodes.modes.base import down as take_down
from netmodes.step import Plan, Record
from netmodes.uplink import stray

__all__ = ["cli", "main"]


class Commands(click.Group):
    """The one place where errors become text."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command; an error of ours is one sentence and its exit status."""
        try:
            return super().invoke(ctx)
        except NetmodesError as error:
            say(f"Error: {error}")
            if error.left is not None:
                say(leftovers(error.left))
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            ctx.exit(130)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they were added: modes first."""
        return list(self.commands)


def leftovers(left: Sequence[str]) -> str:
    """The closing sentence of a taking-back."""
    if not left:
        return "What was done before it was taken back; nothing is left."
    return "What was done before it was taken back, except: " + "; ".join(left) + "."


def say(line: str) -> None:
    """A line for the user; a closed terminal is no reason to stop what is being done."""
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def show(line: str) -> None:
    """A command that is about to run, as it can be pasted."""
    say(f"[#] {line}")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Network modes for Linux network namespaces, every command shown.

    \b
    See what a mode would run:     netmodes host-only --dry-run
    Try everything, break nothing: netmodes lab
    """


def main() -> NoReturn:
    """The entry point."""
    gc.freeze()
    gc.disable()  # a tenth of a run's time, for garbage that goes with the process anyway
    atexit.register(gc.freeze)
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no box drawing
    try:
        cli(prog_name="netmodes")
    except OSError as error:
        say(f"Error: {error}")
        sys.exit(1)
    sys.exit(0)


def open_closed_streams() -> None:
    """Else the lock or a journal would get a closed stream's number, and what is said with it."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def mode_command(mode: type[Mode]) -> click.Command:
    """The command of one mode: its parameters, then what every mode can do."""
    return click.Command(
        mode.mode,
        params=[
            *map(parameter_option, mode.options()),
            *(CONFIRM if mode.thorough else ()),
            *COMMON,
        ],
        callback=lambda **given: run_mode(mode, **given),
        help=_help(mode),
        short_help=mode.summary(),
    )


def parameter_option(option: Any) -> click.Option:  # noqa: ANN401
    """One parameter of a mode as an option."""
    metadata = option.metadata
    names = [f"--{option.name.replace('_', '-')}", *(["-n"] if option.name == "namespace" else [])]
    default = "" if metadata["required"] else f"  [default: {metadata['otherwise']}]"
    return click.Option(
        names,
        **({} if metadata["required"] else {"default": option.default}),
        required=metadata["required"],
        show_default=False,
        metavar=metadata["metavar"],
        help=metadata["meaning"] + default,
    )


COMMON = [
    click.Option(
        ["--dry-run"], is_flag=True, help="Print the commands, run nothing; needs no root."
    ),
    click.Option(
        ["--verbatim"], is_flag=True, help="The article's commands alone, no guard commands."
    ),
    click.Option(
        ["--export"], metavar="FILE", help='Write a bash script instead ("-": to stdout).'
    ),
    click.Option(
        ["--force"], is_flag=True, help="Overwrite FILE; go on where a firewall names the uplink."
    ),
    click.Option(["--facts"], metavar="FILE", help="Render for the machine FILE describes."),
    click.Option(
        ["--json"], is_flag=True, help="Print the record (or with --dry-run the plan) as JSON."
    ),
]


CONFIRM = [
    click.Option(
        ["--confirm"],
        type=click.FloatRange(min=1),
        metavar="SECONDS",
        help="Take everything back unless it is confirmed in time.",
    )
]


def _help(mode: type[Mode]) -> str:
    """A mode's docstring, with its picture as it stands, and an example."""
    summary, _, picture = (mode.__doc__ or "").partition("\n\n")
    example = " --uplink enp0s1" if mode.mode == "bridged" else ""
    lines = [line.removeprefix("    ") for line in picture.rstrip().splitlines()]
    return "\n".join(
        [summary, "", "\b", *lines, "", f"Example: netmodes {mode.mode} -n A{example}"]
    )


def run_mode(
    mode: type[Mode],
    *,
    dry_run: bool,
    verbatim: bool,
    export: str | None,
    force: bool,
    facts: str | None,
    json: bool,
    confirm: float | None = None,
    **parameters: str,
) -> None:
    """Render, export or run one mode."""
    if "" in (export, facts):
        raise click.UsageError("--export and --facts need the name of a file")
    if facts and not (dry_run or export):
        raise click.UsageError("--facts goes with --dry-run or --export")
    wanted = mode(**parameters)
    if not (dry_run or export):
        run_up(wanted, verbatim, force, confirm, json)
        return
    plan = plan_for(facts, wanted, verbatim, force)
    if export:
        from netmodes.script import render

        write_script(render(plan), export, force)
    else:
        click.echo(_json(plan.to_dict()) if json else transcript(plan), nl=False)
    if verbatim:
        say_what_to_expect(wanted)


def run_up(mode: Mode, verbatim: bool, force: bool, confirm: float | None, as_json: bool) -> None:
    """Run a mode, have it confirmed, and say how to go on."""
    become_root()
    suggest_confirm(mode.parameters.get("uplink"), confirm)
    record = mode.up(verbatim=verbatim, force=force, confirm=confirm, echo=show)
    if confirm is not None and record.outcomes:
        wait_for_confirmation(mode.namespace, confirm)
    report(mode, record, verbatim, as_json)


def plan_for(facts: str | None, mode: Mode, verbatim: bool, force: bool) -> Plan:
    """The plan of a mode for this machine, or for the one that a file describes."""
    try:
        return mode.plan(read_facts(facts), verbatim=verbatim, force=force)
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
    notices = [f"# note: {notice}\n" for notice in plan.notices]
    lines = [f"# {guard[step.guard]}{step.why}\n{step}\n" for step in plan.steps]
    return "".join([*notices, *lines])


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


def suggest_confirm(uplink: str | None, confirm: float | None) -> None:
    """One line for who came over SSH through the uplink."""
    from netmodes import watcher

    peer = watcher.ssh_peer() if uplink and confirm is None else None
    if peer and (watcher.route_to(peer) or {}).get("dev") == uplink:
        say(f"You came over SSH through {uplink}: with `--confirm 60` it comes back by itself.")


def wait_for_confirmation(name: str, seconds: float) -> None:
    """Wait for Enter here or `netmodes confirm` anywhere; a signal takes everything back.

    Raises:
        NetmodesError: nobody confirmed in time; everything has been taken back.
    """
    say(f"Press Enter, or run `netmodes confirm {name}` anywhere, within {seconds:g} s to keep it.")
    with signals.noted() as caught:
        while (network := Journal(name).read()) is not None and not network.confirmed:
            if caught:
                take_down(name, kill=True, echo=show)
                raise Interrupted(caught[0])
            if enter_pressed(0.1):
                confirm_network(name)
    if network is None:
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


def report(mode: Mode, record: Record, verbatim: bool, as_json: bool) -> None:
    """Say how to go on."""
    name = mode.namespace
    if as_json:
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


def become_root() -> None:
    """Go on as root: run this command again under one sudo, if need be.

    Raises:
        Refused: not root, and there is no sudo.
    """
    if os.geteuid() == 0:
        return
    import shlex
    import shutil

    from netmodes import __main__ as itself

    if not shutil.which("sudo"):
        raise Refused("this needs root, and there is no sudo: run it as root, or in `netmodes lab`")
    show(shlex.join(["sudo", "netmodes", *sys.argv[1:]]))
    os.execvp("sudo", ["sudo", "--", sys.executable, str(itself.__file__), *sys.argv[1:]])


for mode in MODES.values():
    cli.add_command(mode_command(mode))


@cli.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "every", is_flag=True, help="Every network of ours.")
@click.option("--kill", is_flag=True, help="End the processes inside, rather than refuse.")
def down(names: tuple[str, ...], every: bool, kill: bool) -> None:
    """Take networks back.

    Example: netmodes down A
    """
    if bool(names) == every:
        raise click.UsageError("name the networks, or give --all")
    become_root()
    status = 0
    for name in dict.fromkeys(names) or [network.plan.namespace for network in networks()]:
        try:
            done = take_down(name, kill=kill, echo=show)
        except NetmodesError as error:
            say(f"Error: {error}")
            status = error.exit_status
        else:
            say(f"{name} is down." if done else f"{name} is not up: nothing to do.")
    sys.exit(status)


@cli.command()
@click.argument("name")
def confirm(name: str) -> None:
    """Keep a network that was put up with --confirm.

    Example: netmodes confirm A
    """
    become_root()
    confirm_network(name)
    say(f"{name} stays.")


@cli.command(hidden=True)
@click.argument("name")
@click.argument("seconds", type=float)
@click.argument("pid", type=int)
def watch(name: str, seconds: float, pid: int) -> None:
    """Take a network back unless it is confirmed (what --confirm starts)."""
    from netmodes import watcher

    if watcher.watch(name, seconds, pid):
        take_down(name, kill=True)


@cli.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(as_json: bool) -> None:
    """Show the networks that are up; needs no root.

    Example: netmodes list
    """
    found = [network.summary() for network in networks()]
    if as_json:
        click.echo(_json(found), nl=False)
        return
    rows = [(net["name"], net["mode"], net["state"], net["parameters"]["address"]) for net in found]
    for row in [("NAME", "MODE", "STATE", "ADDRESS"), *rows] if rows else []:
        click.echo(f"{row[0]:<15} {row[1]:<10} {row[2]:<12} {row[3]}")
    for uplink in sorted({net["parameters"].get("uplink", "") for net in found} - {""}):
        if notice := stray(uplink, Facts.read(thorough=False)):
            click.echo(f"Note: {notice}")


PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.option("--user", help="Run as this user, rather than the one that calls (also under sudo).")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
def exec(name: str, user: str | None, command: tuple[str, ...]) -> NoReturn:
    """Run a command inside a network, and pass on its exit status.

    Example: netmodes exec A -- ping -c 1 192.168.202.1
    """
    from netmodes.inside import enter

    become_root()
    enter(name, command, user, show)


@cli.command()
def facts() -> None:
    """Print this machine's facts, as JSON; needs no root.

    Example: netmodes facts > server.json
    """
    click.echo(Facts.read().to_json())


@cli.command(context_settings=PASS_ON)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD...]")
@click.option("--within", is_flag=True, hidden=True)
def lab(command: tuple[str, ...], within: bool) -> NoReturn:
    """Run a command or your shell on a copy of the article's machine.

    The machine is made of namespaces and goes with the command; nothing in it reaches this one.
    It needs no root: enp0s1 is 192.168.64.3/24, its router 192.168.64.1 also answers for 8.8.8.8,
    and an HTTP server listens on port 80.

    Example: netmodes lab -- netmodes host-only
    """
    from netmodes import lab as machine

    if within and not machine.is_lab():
        raise Refused("this is no lab: `netmodes lab` makes one")
    sys.exit(machine.run(command, show) if within else machine.enter(command))


def _json(data: object) -> str:
    return json.dumps(data, indent=2) + "\n"
