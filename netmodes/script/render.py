"""Text for people, from the templates; only here is jinja2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]

#: Inside the package in a wheel; beside it in a checkout and in an editable install.
TEMPLATES = (PACKAGE / "templates", PACKAGE.parent / "templates")


def render(name: str, filters: dict[str, Callable[..., str]], **values: Any) -> str:  # noqa: ANN401
    """A template of ours with these values; what it asks for and does not get is an error.

    Args:
        name: its file.
        filters: functions that it may use, by name.
        values: what it may say.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - bash and plain text, not HTML
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters)
    return environment.get_template(name).render(values)


def template(name: str) -> str:
    """A template's own text."""
    return next(path.read_text() for folder in TEMPLATES if (path := folder / name).exists())
