"""What the command line prints: what was asked for on stdout, everything else on stderr."""

import contextlib
import json
import locale
import os
import shutil
import sys
from collections.abc import Iterator, Sequence

import click

from netmodes.cli.progress import LINE
from netmodes.plan.finding import Finding
from netmodes.plan.report import Report, Result
from netmodes.plan.text import lines_of, visible
from netmodes.show.wrapping import wrap

#: Replaces box drawing where the locale has none.
ASCII = str.maketrans({**dict.fromkeys("┌┐└┘├┤┬┴┼", "+"), "─": "-", "│": "|"})

COLOURS = {"error": "red", "warning": "yellow"}

WORDS = {True: "yes", False: "no", None: "?"}

#: The columns of the table; TO is the widest.
TARGET = 43
ROW = f"{{:<9}} {{:<{TARGET}}} {{:<8}} {{:<4}} {{}}"


def fit(text: str, begin: str = "", more: str = "") -> str:
    """Text wrapped to the terminal's width, or to 80 columns.

    Commands stay on one line: what is indented, and what is in backticks.

    Args:
        text: sentences, a line each.
        begin: what every line begins with.
        more: what follows it on the later lines of a sentence.
    """
    return "\n".join(part for line in lines_of(text) for part in _fit(line, begin, more))


def _fit(line: str, begin: str, more: str) -> list[str]:
    width = shutil.get_terminal_size((80, 24)).columns
    if line.startswith("  ") or len(begin + line) <= width:
        return [begin + line]
    return wrap(line, width, first=begin, more=begin + more)


def leftovers(left: Sequence[str]) -> str:
    """The closing sentence of an undo: whether anything is left."""
    if not left:
        return "What was done before that is undone; nothing is left."
    return "What was done before that is undone, except: " + "; ".join(left) + "."


def say(text: str) -> None:
    """Tell the user a sentence."""
    _tell(fit(text))


def show(line: str) -> None:
    """Show a command that is about to run, or a comment."""
    words = line.removeprefix("# ")
    _tell(f"[#] {line}" if words == line else fit(words, "[#] # "))


def _tell(text: str) -> None:
    """Write to stderr, and go on if the terminal is closed."""
    LINE.clear()
    with contextlib.suppress(OSError):
        click.echo(visible(text), err=True)


def printed(text: str) -> None:
    """Print what was asked for."""
    click.echo(visible(text), nl=False)


def as_json(data: object) -> str:
    """Data as JSON, for stdout."""
    return json.dumps(data, indent=2) + "\n"


def drawn(text: str) -> str:
    """Text with box drawing, for stdout: in ASCII where the locale has no UTF-8."""
    encodings = (locale.nl_langinfo(locale.CODESET), getattr(sys.stdout, "encoding", None))
    if all(encoding is None or "utf" in encoding.lower() for encoding in encodings):
        return text
    return text.translate(ASCII)


def coloured(text: str) -> None:
    """Print text that has colours, on a terminal that knows some, unless NO_COLOR is set.

    NO_COLOR is no-color.org's.
    """
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    click.echo(text, nl=False, color=False if plain else None)


def block(finding: Finding) -> str:
    """A finding as people read it; each of its commands stays on one line."""
    level, _, what = fit(f"{finding.level}: {finding.what}", more="  ").partition(":")
    coloured = click.style(level, fg=COLOURS.get(level), bold=True)
    fix = f"  fix: {finding.fix}"
    remedy = fix if finding.fix else fit(f"fix: {finding.advice}", "  ", "     ")
    return f"{coloured}:{visible(what)}\n  see: {visible(finding.evidence)}\n{visible(remedy)}\n"


def table(report: Report) -> str:
    """A row for each promise, with why it is not kept; below them, what fixes that."""
    rows = [ROW.format("FROM", "TO", "EXPECTED", "GOT", "TIME")]
    rows += [line for result in report.results for line in _rows(result)]
    rows.append(fit(verdict(report)))
    shown = map(visible, rows)
    return "\n".join([*shown, *map(block, findings(report))]).rstrip() + "\n"


def verdict(report: Report) -> str:
    """A summary of the rows, in a sentence."""
    name, mode, every = report.namespace, report.mode, len(report.results)
    if count := len(report.differing):
        return f"{name} is not as {mode} promises: {count} of {every} differ."
    if count := len(report.untried):
        what = f"{name} is as {mode} promises, as far as it could be tried"
        return f"{what}: {count} of {every} could not."
    return f"{name} is as {mode} promises."


def findings(report: Report) -> Iterator[Finding]:
    """The findings; each fix once."""
    said = set()
    for finding in (result.finding for result in report.differing):
        if finding is not None and finding.remedy not in said:
            said.add(finding.remedy)
            yield finding


def _rows(result: Result) -> list[str]:
    promise, time = result.promise, result.milliseconds
    place = f"from {result.place}" if promise.source == "neighbour" and result.place else ""
    target = " ".join(filter(None, (promise.target, result.tried, place)))
    took = "" if time is None else f"{time:.3g} ms"
    words = (WORDS[promise.reachable], WORDS[result.reached], took)
    *above, last = wrap(target, TARGET, cut=True) or [""]
    rows = [ROW.format(promise.source, line, "", "", "").rstrip() for line in above]
    rows.append(ROW.format("" if above else promise.source, last, *words).rstrip())
    mark = "differs: " if result.differs else ""
    reason = fit(mark + result.reason, "    ").split("\n") if result.reason else []
    return [*rows, *reason]
