"""An option of a mode: a field of text, and how the command line asks for it."""

from collections.abc import Callable
from dataclasses import field
from typing import Any

from netmodes.machine.facts import Facts

#: A name, or None for a free one. A mode that is made has a name, which no annotation can tell.
Name = Any


def option(
    default: str,
    meaning: str,
    otherwise: str = "",
    *,
    metavar: str = "NAME",
    required: bool = False,
    multiple: bool = False,
    short: str = "",
    completes: str = "",
    suggest: Callable[[Facts], str] | None = None,
) -> Any:  # noqa: ANN401
    """A mode's option, whose value is text; "" is settled on the machine's facts.

    Args:
        default: the value if none is given.
        meaning: one line for ``--help``.
        otherwise: what "" settles to, in words; "" for the article's value.
        metavar: the shape of the value, for ``--help``.
        required: a value must be given.
        multiple: it may be given several times; the text has commas between the values.
        short: its one-letter form on the command line.
        completes: what the Tab key offers: "uplink" for what bridged takes.
        suggest: what to name on this machine where a required option is missing, in words.
    """
    metadata = {
        "meaning": meaning,
        "otherwise": otherwise or default,
        "metavar": metavar,
        "required": required,
        "multiple": multiple,
        "short": short,
        "completes": completes,
        "suggest": suggest or (lambda facts: f"name {meaning}"),
    }
    return field(default=default, metadata=metadata)
