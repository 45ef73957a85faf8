"""What the terminal behind stdout can show."""

from __future__ import annotations

import locale
import sys

__all__ = ["drawn"]

#: What stands for box drawing where there is none.
ASCII = str.maketrans({**dict.fromkeys("┌┐└┘├┤┬┴┼", "+"), "─": "-", "│": "|"})


def drawn(text: str) -> str:
    """Text with box drawing, for stdout: in ASCII where the locale has no UTF-8."""
    encodings = (locale.nl_langinfo(locale.CODESET), getattr(sys.stdout, "encoding", None))
    if all(encoding is None or "utf" in encoding.lower() for encoding in encodings):
        return text
    return text.translate(ASCII)
