"""What the terminal behind stdout can show, and what its user wants to see."""

from __future__ import annotations

import locale
import os
import sys

import click

__all__ = ["coloured", "drawn"]

#: What stands for box drawing where there is none.
ASCII = str.maketrans({**dict.fromkeys("┌┐└┘├┤┬┴┼", "+"), "─": "-", "│": "|"})


def drawn(text: str) -> str:
    """Text with box drawing, for stdout: in ASCII where the locale has no UTF-8."""
    encodings = (locale.nl_langinfo(locale.CODESET), getattr(sys.stdout, "encoding", None))
    if all(encoding is None or "utf" in encoding.lower() for encoding in encodings):
        return text
    return text.translate(ASCII)


def coloured(text: str) -> None:
    """Print text that has colours; without them in a file, or for NO_COLOR (no-color.org)."""
    click.echo(text, nl=False, color=False if os.environ.get("NO_COLOR") else None)
