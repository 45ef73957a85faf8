"""Who imports what: imports point one way, and what is slow to import is imported where used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from console import FACTS

import netmodes

pytestmark = pytest.mark.pure

PACKAGE = Path(netmodes.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

#: What touches the system; modes and all below them only describe.
ACTING = {"runner", "updown", "lab", "inside", "cli", "script"}

REPORT = """
import atexit, sys
slow = {"click", "jinja2", "plumbum"}
atexit.register(lambda: print(*sorted(slow & sys.modules.keys()), file=sys.stderr))
from netmodes.cli import main
main()
"""


def imports(nodes: list[ast.stmt]) -> Iterator[str]:
    """The modules that these statements import, at whatever depth, by their full names."""
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_once(source: Path) -> set[str]:
    """What is imported with a module: not inside its functions, nor for type checkers alone."""
    body = ast.parse(source.read_text(encoding="utf-8")).body
    return set(imports([node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]))


def ever(source: Path) -> set[str]:
    """What is imported anywhere in a module, but for type checkers alone."""
    body = ast.parse(source.read_text(encoding="utf-8")).body
    return set(imports([node for node in body if "TYPE_CHECKING" not in ast.unparse(node)]))


def importers(package: str) -> set[str]:
    """The modules that ever import a package."""
    return {
        path.stem
        for path in SOURCES
        if any(name.partition(".")[0] == package for name in ever(path))
    }


@pytest.mark.parametrize(
    ("package", "owner"), [("plumbum", "runner"), ("jinja2", "script"), ("click", "cli")]
)
def test_owner(package: str, owner: str) -> None:
    """Only the runner imports plumbum, only the renderer jinja2, only the command line click."""
    assert importers(package) == {owner}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_nothing_slow_at_once(source: Path) -> None:
    """No module brings plumbum or jinja2 with it."""
    brought = {name.partition(".")[0] for name in at_once(source)}

    assert not brought & {"plumbum", "jinja2"}


@pytest.mark.parametrize(
    "source", sorted((PACKAGE / "modes").glob("*.py")), ids=lambda path: path.stem
)
def test_modes_describe(source: Path) -> None:
    """A mode's module imports nothing that acts."""
    ours = {name.split(".")[1] for name in at_once(source) if name.startswith("netmodes.")}

    assert not ours & ACTING


@pytest.mark.parametrize(
    "name", ["step", "errors", "journal", "facts", "iproute", "names", "addressing", "uplink"]
)
def test_one_way(name: str) -> None:
    """What modes are made of imports neither modes nor anything that acts."""
    ours = {name.split(".")[1] for name in ever(PACKAGE / f"{name}.py") if "netmodes." in name}

    assert not ours & (ACTING | {"modes"}) - ({"script"} if name == "step" else set())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["host-only", "--help"],
        ["host-only", "--dry-run", "--facts", str(FACTS / "article.json")],
        ["list"],
        ["no-such-command"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_loaded(arguments: list[str]) -> None:
    """Help, a dry run and the list load neither plumbum nor jinja2."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr.splitlines()[-1] == "click"


def test_library_without_click() -> None:
    """The library loads none of the three until it is used."""
    report = "import sys, netmodes; print({'click', 'jinja2', 'plumbum'} & sys.modules.keys())"

    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "set()\n"
