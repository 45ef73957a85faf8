"""Text from the templates, by jinja2."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]

#: The templates' folder: in the package in a wheel; beside it in a checkout or editable install.
TEMPLATES = (PACKAGE / "templates", PACKAGE.parent / "templates")


def render(name: str, filters: dict[str, Callable[..., str]], **values: Any) -> str:  # noqa: ANN401
    """The text of a template file; a value that it uses and that is not given is an error."""
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
    """A template as it is, not rendered."""
    return next(path.read_text() for folder in TEMPLATES if (path := folder / name).exists())
