"""Text wrapped to a width, with each command on one line."""

import re
import textwrap

#: A command in a sentence, and what replaces its blanks while the sentence is wrapped.
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
    """The lines of a text.

    Args:
        text: one sentence, or more.
        width: columns of a line.
        first: what the first line begins with.
        more: what the others begin with.
        whole: what is never broken at its blanks.
        cut: cut a word that is wider than a line.
    """
    if text.isprintable() and text == text.strip() != "" and len(first + text) <= width:
        return [first + text]  # as most are, of which a picture may have thousands
    lines = textwrap.wrap(
        whole.sub(lambda found: found[0].replace(" ", HELD), text),
        width,
        initial_indent=first,
        subsequent_indent=more,
        break_long_words=cut,
        break_on_hyphens=False,
    )
    return [line.replace(HELD, " ") for line in lines]
