"""The page: the machine, the goals, and each part's tables."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

import goals
import many
from figures import Figures, table
from machines import FailedError, here

HEAD = """\
# Speed

`./scripts/bench --write` measures everything side by side in one run, and writes this page. In each
round each takes its turn once, in alternating order; a round before them, with one namespace, does
not count. Ratios hold on other machines, milliseconds do not.
"""
PLOT = "![Milliseconds for each of N namespaces, up and down](speed.svg)"


def render(parts: Sequence[ModuleType], figures: Figures) -> str:
    """The page as Markdown."""
    return "\n".join(_lines(parts, figures))


def _lines(parts: Sequence[ModuleType], figures: Figures) -> Iterator[str]:
    yield HEAD
    yield table(["machine", ""], machine().items()) + "\n"
    for module in (goals, *parts):
        yield f"## {module.TITLE}\n\n{module.WORDS}\n"
        if module is many:
            yield f"{PLOT}\n"
        yield from (f"{part}\n" for part in module.report(figures))
    if figures.left_out:
        yield "## Left out\n"
        yield from (f"- {line}" for line in figures.left_out)


def machine() -> dict[str, str]:
    """The machine of the figures, and the day."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    git = ("git", "-C", str(Path(__file__).parent), "-c", "safe.directory=*")
    return {
        "day": f"{datetime.now(timezone.utc):%d %B %Y}",
        "commit": said(*git, "describe", "--always", "--dirty"),
        "processors": f"{os.cpu_count()} of {model[1] if model else platform.machine()}",
        "kernel": platform.release().partition("-")[0],
        "ip": said("ip", "-V"),
        "Python": platform.python_version(),
        "sudo": said("sudo", "--version"),
    }


def said(*command: str) -> str:
    """What a command prints first, if it may run here."""
    try:
        return here(*command).partition("\n")[0]
    except FailedError:
        return "unknown"
