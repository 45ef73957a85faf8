"""What the command line says: on stderr, but for what was asked for."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import textwrap
from collections.abc import Sequence

import click

__all__ = ["as_json", "fit", "leftovers", "say", "show"]

#: Commands within a sentence; and what stands for their blanks while the sentence is wrapped.
QUOTED = re.compile("`[^`]*`")
HELD = "\0"


def fit(text: str, begin: str = "", more: str = "") -> str:
    """Text in lines as wide as the terminal, or 80.

    What can be pasted stays on one line: what is indented, and what stands in backticks.

    Args:
        text: sentences, a line each.
        begin: what every line begins with.
        more: what comes after it where a sentence goes on.
    """
    held = QUOTED.sub(lambda found: found[0].replace(" ", HELD), text)
    lines = [wrapped for line in held.splitlines() for wrapped in _wrap(line, begin, more)]
    return "\n".join(lines).replace(HELD, " ")


def _wrap(line: str, begin: str, more: str) -> list[str]:
    width = shutil.get_terminal_size((80, 24)).columns
    if line.startswith("  ") or len(begin + line) <= width:
        return [begin + line]
    return textwrap.wrap(
        line,
        width,
        initial_indent=begin,
        subsequent_indent=begin + more,
        break_long_words=False,
        break_on_hyphens=False,
    )


def leftovers(left: Sequence[str]) -> str:
    """The closing sentence of a taking-back."""
    if not left:
        return "What was done before it was taken back; nothing is left."
    return "What was done before it was taken back, except: " + "; ".join(left) + "."


def say(text: str) -> None:
    """A sentence for the user."""
    _tell(fit(text))


def show(line: str) -> None:
    """A command that is about to run, as it can be pasted; or a comment."""
    words = line.removeprefix("# ")
    _tell(f"[#] {line}" if words == line else fit(words, "[#] # "))


def _tell(text: str) -> None:
    """A closed terminal is no reason to stop what is being done."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def as_json(data: object) -> str:
    """Any data of ours, for stdout."""
    return json.dumps(data, indent=2) + "\n"
