"""The command line: one command a mode, and the verbs for what is up.

stdout carries what was asked for, stderr everything else. Exit status: 0 done; 1 refused, or failed
and undone; 2 wrong usage; 128 + signal; ``exec`` and ``lab`` pass on their command's.
"""

import io
import os
import signal
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn, cast

import click

from netmodes import __version__
from netmodes.cli import progress
from netmodes.cli.output import fit, leftovers, say
from netmodes.errors import NetmodesError
from netmodes.plan.text import visible

#: Where each verb is, in the order of ``--help``; it is imported once it is called.
VERBS = {
    "down": "verbs.down",
    "confirm": "confirm.confirm",
    "list": "verbs.list_",
    "exec": "verbs.exec_",
    "check": "diagnose.check",
    "why": "diagnose.why",
    "explain": "show.explain",
    "show": "show.show_network",
    "doctor": "diagnose.doctor",
    "facts": "verbs.facts",
    "lab": "verbs.lab",
}


class Commands(click.Group):
    """The modes and the verbs, and the one place where errors become text."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command; print an error as a sentence, and exit with its status."""
        NetmodesError.in_python = False
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            text = visible(fit(f"Error: {error.format_message()}")).removeprefix("Error: ")
            raise click.UsageError(text, error.ctx) from None
        except NetmodesError as error:
            say(f"Error: {error}")
            if error.left is not None:
                say(leftovers(error.left))
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            ctx.exit(130)
        finally:
            NetmodesError.in_python = True

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Modes first."""
        from netmodes.modes import MODES

        return [*MODES, *VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A verb, without the time that it takes to import the modes, or a mode."""
        if cmd_name in VERBS:
            module, _, name = VERBS[cmd_name].partition(".")
            return cast("click.Command", getattr(import_module(f"{__name__}.{module}"), name))
        from netmodes.cli.modes import mode_command
        from netmodes.modes import MODES

        if cmd_name in MODES:
            return mode_command(MODES[cmd_name])
        # By these click guesses what was meant.
        self.commands = dict.fromkeys(self.list_commands(ctx), self)
        return None


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
    # Without it plumbum imports what is for HTTP, which takes as long as the rest of it.
    sys.modules.setdefault("urllib.request", ModuleType("urllib.request"))
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may know no box drawing
    progress.show()
    try:
        sys.exit(cli(prog_name="netmodes"))
    except SystemExit as done:
        end(int(done.code or 0))
    except OSError as error:
        say(f"Error: {error}")
        end(1)


def end(status: int) -> NoReturn:
    """End with this status, or with 1 if stdout cannot be written.

    Python would flush again what a stream has refused, and exit with 120: drop it.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            status = status or int(stream is sys.stdout)
    sys.exit(status)


def open_closed_streams() -> None:
    """Open /dev/null in place of each closed stream: a journal or lock must not get its number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
