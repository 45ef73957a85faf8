"""Values of JSON that must be text: a journal or a facts file may be damaged, or someone else's."""

from collections.abc import Iterable, Mapping
from typing import Any


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
    """These values by name; ValueError if one is no text."""
    return {name: text(value) for name, value in values.items()}


def without_empty(value: Any) -> Any:  # noqa: ANN401
    """A value for JSON, without what is empty in its objects."""
    if isinstance(value, dict):
        return {name: without_empty(each) for name, each in value.items() if each}
    return list(map(without_empty, value)) if isinstance(value, list | tuple) else value
