"""The real command line inside this process, and its sessions as a console shows them.

``python tests/support/console.py FILE…`` writes each session again, from its first line.
"""

import os
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import click
from packets import without_copy
from places import FACTS

from netmodes import Facts
from netmodes.cli import cli
from netmodes.modes.anew import with_shares

PROMPT = "$ netmodes "


def commands() -> dict[str, click.Command]:
    """Every command by its name."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: command for name, command in found.items() if command}


@dataclass(frozen=True)
class Done:
    """The result of one call of the command line."""

    status: int | str | None
    stdout: str
    stderr: str


def machine(name: str) -> Facts:
    """The facts of a machine of tests/facts, whose networks have what they share."""
    facts = Facts.from_json((FACTS / f"{name}.json").read_text())
    return with_shares(facts) if facts.before else facts


def netmodes(*arguments: str) -> Done:
    """Call the command line; only what it does not catch itself is raised."""
    stdout, stderr = StringIO(), StringIO()
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr):
            cli(arguments, prog_name="netmodes")
    except SystemExit as end:
        return Done(end.code, stdout.getvalue(), stderr.getvalue())
    raise AssertionError("the command line returned rather than exit")


def session(line: str) -> str:
    """A line typed in tests/facts, then all that it prints and its exit status, if not 0."""
    arguments = shlex.split(line.removeprefix(PROMPT))
    harmless = {"--dry-run", "--facts"} <= set(arguments) and "" not in arguments
    assert harmless, f"this could run for real: {line}"
    with patch.dict(os.environ, COLUMNS="80"), without_copy():
        done = netmodes(*arguments)
    status = f"[exit {done.status}]\n" if done.status else ""
    return f"{line}\n{done.stdout}{done.stderr}{status}"


def main(files: list[str]) -> None:
    """Write these sessions again."""
    paths = [Path(file).resolve() for file in files]
    os.chdir(FACTS)
    for path in paths:
        path.write_text(session(path.read_text().partition("\n")[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
