"""Text that somebody else may have written: a journal, a facts file, a device's name.

What enters is checked to be text, and one line where that is meant; what leaves for a terminal or
a shell is written so that neither acts on it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: What reading JSON raises that is not as it was written.
NOT_AS_WRITTEN = (
    *(ValueError, LookupError, TypeError, AttributeError),
    *(RecursionError, OverflowError),
)

#: Characters of a rule that are shown; a set in it may have thousands of addresses.
MOST = 300

#: The greatest number of names that are named each.
EACH = 3

#: A name of a device or a namespace of ours.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def text(value: Any) -> str:  # noqa: ANN401
    """This value.

    Raises:
        ValueError: it is no text.
    """
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def text_or_none(value: Any) -> str | None:  # noqa: ANN401
    """This value; ValueError if it is neither text nor None."""
    return None if value is None else text(value)


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """These values; ValueError if one is no text, or if they are one text themselves."""
    if isinstance(values, str):
        raise ValueError(f"{values!r} is no list")
    return tuple(map(text, values))


def text_by_name(values: Mapping[str, Any]) -> dict[str, str]:
    """These values by name; ValueError if one is no line of text."""
    return {one_line(name): one_line(value) for name, value in values.items()}


def plain(value: Any) -> str:  # noqa: ANN401
    """This value; ValueError unless it is such a name as we give, or "" for none."""
    if not PLAIN.fullmatch(text(value)) and value:
        raise ValueError(f"{value!r} is no plain name")
    return str(value)


def without_empty(value: Any) -> Any:  # noqa: ANN401
    """A value for JSON, without what is empty in its objects."""
    if isinstance(value, dict):
        return {name: without_empty(each) for name, each in value.items() if each}
    return list(map(without_empty, value)) if isinstance(value, list | tuple) else value


def lines_of(text: str) -> list[str]:
    """The lines of a text: what ends one is a newline, as for those who print it, and for bash."""
    return text.removesuffix("\n").split("\n") if text else []


def visible(text: str, keep: str = "\n\t") -> str:
    """A text whose control characters, bytes that are no UTF-8, and changes of direction are shown.

    Args:
        text: what others may have named.
        keep: the characters to leave as they are.
    """
    if text.translate(dict.fromkeys(map(ord, keep))).isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else _escaped(one) for one in text)


def called(names: Sequence[str]) -> str:
    """These names in words, those of many by the first and the last."""
    if len(names) > EACH:
        return f"{names[0]} to {names[-1]}"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def shortened(text: str) -> str:
    """A text of one line, without what is too much to read."""
    return text if len(text) <= MOST else f"{text[:MOST]} …"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode().replace(r"\udc", r"\x")  # a byte


def one_line(value: Any) -> str:  # noqa: ANN401
    """This value; ValueError if it is no text, or has a character that is not printed."""
    if not text(value).isprintable():
        raise ValueError(f"{value!r} is not one line of text")
    return str(value)


def comment(value: str) -> str:
    """Lines of text as comments of a shell."""
    return "\n".join(f"# {visible(line, keep='')}".rstrip() for line in value.split("\n"))


def document(value: str, end: str) -> str:
    """A text as a quoted here-document, which a line of the text cannot end."""
    while end in value.split("\n"):
        end += "_"
    newline = "\n" if value and not value.endswith("\n") else ""
    return f"<<'{end}'\n{value}{newline}{end}"


def parted(words: str) -> list[str]:
    """What commas part, as the elements of a set of nft's; those in quotes part nothing."""
    found = map(str.strip, re.findall(r'(?:"[^"]*"|[^",])+', words))
    return [one for one in found if one]
