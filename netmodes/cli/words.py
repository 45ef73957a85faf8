"""What the command line says: on stderr, but for what was asked for."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence

import click

__all__ = ["as_json", "leftovers", "say", "show"]


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


def as_json(data: object) -> str:
    """Any data of ours, for stdout."""
    return json.dumps(data, indent=2) + "\n"
