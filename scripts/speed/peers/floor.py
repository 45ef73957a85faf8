"""The floor of netmodes's stack: imports click and plumbum, and runs a file's lines by plumbum."""

import shlex
from pathlib import Path

import click
from plumbum import local


@click.command()
@click.argument("file")
def main(file: str) -> None:
    """Run each line of FILE."""
    for line in Path(file).read_text().split("\n"):
        program, *arguments = shlex.split(line)
        local[program](*arguments)


main()
