"""Text and commands in 80 columns, for the templates of an explanation."""

import shlex
from collections.abc import Callable, Iterable

from netmodes.plan.text import lines_of
from netmodes.plan.undo import Argv
from netmodes.show import wrapping

#: Columns.
WIDTH = 80


def fold(argv: Argv, stdin: str | None = None, width: int = WIDTH) -> str:
    """A command and its input in lines of this width, which a shell and ``ip`` join again."""
    if stdin is None:
        return "\n".join(_fold(map(shlex.quote, argv), width))
    read = [line for text in lines_of(stdin) for line in _fold(text.split(), width)]
    return "\n".join([*_fold([*map(shlex.quote, argv), "<<'STDIN'"], width), *read, "STDIN"])


def _fold(words: Iterable[str], width: int) -> list[str]:
    """Words in lines, all but the last of which end in a backslash."""
    folded: list[str] = []
    for word in words:
        if folded and len(folded[-1]) + len(word) < width - 2:
            folded[-1] += f" {word}"
        else:
            folded.append(f"    {word}" if folded else word)
    return [f"{line} \\" for line in folded[:-1]] + folded[-1:]


def wrap(text: str, indent: int = 0) -> str:
    """Prose in lines of 80 columns, all but the first of them indented."""
    margin = " " * indent
    return "\n".join(wrapping.wrap(text, WIDTH, first=margin, more=margin)).lstrip()


def answers(text: str, heading: str, indent: int = 0) -> str:
    """Questions, which begin with ``# ``, and their answers, in lines of 80 columns.

    A heading's own line is never broken.
    """
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    return "\n\n".join(
        (heading + part[2:] if heading else wrap(part[2:]))
        if part.startswith("# ")
        else " " * indent + wrap(part, indent)
        for part in parts
    )


FILTERS: dict[str, Callable[..., str]] = {"fold": fold, "wrap": wrap, "answers": answers}
