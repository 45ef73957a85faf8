"""The pictures, tables, counts, links and command lines of README and docs."""

import itertools
import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest
from console import commands
from pages import PAGES, PICTURE, PICTURED, blocks, picture
from places import ROOT

from netmodes import MODES, Mode

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text()
REACH = (ROOT / "docs/modes.md").read_text()
RELIABILITY = (ROOT / "docs/reliability.md").read_text()


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_picture(mode: type[Mode]) -> None:
    """The README shows each mode's picture with the article's values."""
    assert mode.draw("A", mode.article) in README


def test_session() -> None:
    """The picture of a session is drawn from its text; `scripts/regenerate` writes it."""
    assert PICTURE.read_text() == picture(blocks(PICTURED, "console")[0])


def test_sessions_that_fail() -> None:
    """No session is of a shell that did not find a program, or could not become root."""
    shown = [
        line for page in PAGES for block in blocks(page, "console") for line in block.split("\n")
    ]

    assert [line for line in shown if line.startswith(("bash: ", "sudo: ", "sh: "))] == []
    assert not [line for line in shown if "these are not facts" in line]


@pytest.mark.parametrize("name", [one for one, command in commands().items() if not command.hidden])
def test_every_command_has_a_page(name: str) -> None:
    """README links a page for each mode and verb, and a verb's page has its help."""
    page = (ROOT / f"docs/{name}.md").read_text()

    assert f"(docs/{name}.md)" in README
    assert name in MODES or f"$ netmodes {name} --help\n" in page


def test_length() -> None:
    """README is read in five minutes."""
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """Each link of a page leads to a file, and to a heading where it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, heading = target.partition("#")
        if path.startswith("http"):
            continue
        found = page.parent / path if path else page
        assert found.exists(), target
        assert not heading or heading in anchors(found), target


def anchors(page: Path) -> list[str]:
    """The names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def command_lines(page: Path) -> set[str]:
    """What a page has of netmodes to type: in backticks, behind a prompt, and in recipes."""
    text = page.read_text()
    found = re.findall(r"`(netmodes [^`]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    found += re.findall(r"^(?:\$ |    )(?:\.venv/bin/)?(netmodes .*)", text, re.MULTILINE)
    return {*found, *re.findall(r"^netmodes .*", "\n".join(blocks(page, "sh")), re.MULTILINE)}


def words(line: str) -> list[str]:
    """The words of a command line, up to what is for the shell or stands for others."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&…")
    lexer.whitespace_split = True
    found = [*itertools.takewhile(lambda word: not re.match(r"[;<>|&…]|\.\.\.", word), lexer)]
    return found[:-1] if found[-1] in ("1", "2") and re.search(r"\d>", line) else found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_command_lines(page: Path) -> None:
    """Each command line of a page is one that netmodes takes; prose may leave out arguments."""
    for line in command_lines(page):
        _, verb, *arguments = [*words(line), ""]
        if verb in ("", "--version", "NAME", "MODE", "VERB") or "--help" in arguments:
            continue
        with suppress(click.MissingParameter):
            commands()[verb].make_context(verb, arguments[:-1])


def test_faults() -> None:
    """The counts that the docs quote are of every mode, both ways, and all restored."""
    quoted = re.search(r"```text\nfault sweep: (.*?)```", RELIABILITY, re.S)
    assert quoted is not None
    total, _, _, *rows = quoted[1].splitlines()

    parts = [
        re.fullmatch(r"(.+?) +(netmodes|script) +(up|down|leave)((?: +\d+)+)", row) for row in rows
    ]
    read = [part.groups() for part in parts if part]
    counts = sum(int(cell) for *_, cells in read for cell in cells.split())
    assert len(read) == len(rows)
    assert total == f"{counts} faults tried, {counts} machines as before"
    assert f"{counts:,} faults were tried" in README
    assert {tuple(row[:3]) for row in read} >= {
        (mode, way, verb)
        for mode in MODES
        for way in ("netmodes", "script")
        for verb in ("up", "down")
    }


#: The row of the table for each promise.
ROWS = {
    ("namespace", "itself"): "| namespace | itself |",
    ("host", "namespace"): "| host | namespace |",
    ("namespace", "the host's end of the cable"): "| namespace | the host's end of the cable, or",
    ("namespace", "the bridge"): "| namespace | the host's end of the cable, or",
    ("namespace", "the host's other addresses"): "| namespace | the host's other addresses |",
    ("namespace", "the gateway"): "| namespace | the LAN and the internet |",
    ("namespace", "outside"): "| namespace | the LAN and the internet |",
    ("outside", "namespace"): "| the LAN | namespace |",
}


@pytest.mark.parametrize("mode", MODES)
def test_reach(mode: str) -> None:
    """The table of who reaches whom is what the modes promise."""
    (heading,) = (line for line in REACH.splitlines() if line.startswith("| from | to |"))
    column = [name.strip() for name in heading.split("|")].index(mode)

    for cell in MODES[mode].promises:
        if begin := ROWS.get((cell.source, cell.target)):
            (row,) = (line for line in REACH.splitlines() if line.startswith(begin))
            assert (row.split("|")[column].strip() == "yes") is cell.reachable
