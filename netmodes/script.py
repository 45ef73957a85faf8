"""A plan as text for people: the bash script and the picture (templates/)."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from netmodes.iproute import PACKAGES
from netmodes.step import BEFORE, Plan

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["picture", "render"]

HERE = Path(__file__).resolve().parent

#: Inside the package in a wheel; beside it in a checkout and in an editable install.
TEMPLATES = (HERE / "templates", HERE.parent / "templates")

#: What the script itself runs, beside the plan's commands.
OWN_PROGRAMS = {"flock": "util-linux", "ip": "iproute2", "stat": "coreutils"}


def render(plan: Plan) -> str:
    """The plan as a bash script with ``up`` (the default) and ``down``.

    The same lines, whys, probes and undos; the same journal, so ``netmodes list`` and
    ``netmodes down`` see what it made.
    """
    commands = [
        argv for step in plan.steps for argv in (step.argv, step.undo.argv if step.undo else ())
    ]
    used = {argv[0]: PACKAGES[argv[0]] for argv in commands if argv}
    return (
        _environment()
        .get_template("script.sh.j2")
        .render(
            plan=plan,
            picture=picture(plan),
            json=json.dumps(plan.to_dict()),
            programs=sorted({**used, **OWN_PROGRAMS}.items()),
            uses_before=any(BEFORE in word for argv in commands for word in argv),
            uses_present=any(check.expect for check in plan.checks),
        )
    )


def picture(plan: Plan) -> str:
    """What the plan makes, drawn with its names and addresses."""
    template = _environment().get_template("picture.j2")
    return template.render(mode=plan.mode, p=plan.parameters).rstrip("\n")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - bash, not HTML: every value goes through `quote`
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        quote=shlex.quote, join_quoted=_join, comment=_comment, heredoc=_heredoc
    )
    return environment


def _join(argv: Iterable[str]) -> str:
    """An argv for bash; ``BEFORE`` becomes the shell's variable."""
    return " ".join('"$before"'.join(map(_quoted, word.split(BEFORE))) or "''" for word in argv)


def _quoted(word: str) -> str:
    return shlex.quote(word) if word else ""


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def _heredoc(stdin: str | None) -> str:
    return "" if stdin is None else f" <<'STDIN'\n{stdin}STDIN"
