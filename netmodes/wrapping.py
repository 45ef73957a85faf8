"""Text in lines of a width, where what can be pasted stays whole."""

from __future__ import annotations

import re
import textwrap

#: A command within a sentence; and what stands for its blanks while the sentence is wrapped.
COMMAND = re.compile("`[^`]*`")
HELD = "\0"


def wrap(
    text: str,
    width: int,
    *,
    first: str = "",
    more: str = "",
    whole: re.Pattern[str] = COMMAND,
    cut: bool = False,
) -> list[str]:
    """A text in lines.

    Args:
        text: one sentence, or more.
        width: of a line, in columns.
        first: what the first line begins with.
        more: what the others begin with.
        whole: what is not broken at its blanks.
        cut: a word that is wider than a line is cut, else it sticks out.
    """
    lines = textwrap.wrap(
        whole.sub(lambda found: found[0].replace(" ", HELD), text),
        width,
        initial_indent=first,
        subsequent_indent=more,
        break_long_words=cut,
        break_on_hyphens=False,
    )
    return [line.replace(HELD, " ") for line in lines]
