"""The sessions and the Python of README and docs are run as they stand."""

from pathlib import Path

import pytest
from labs import Lab
from pages import PAGES, SECOND, blocks, run, steady
from places import ROOT

#: The pages whose Python tests/kernel/test_library.py runs.
LIBRARY = ("library.md", "pytest.md")


def having(language: str) -> list[Path]:
    """The pages that have a block in this language."""
    return [page for page in PAGES if page.name not in LIBRARY and blocks(page, language)]


def name(page: Path) -> str:
    """A page's name as a test's."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", having("console"), ids=name)
def test_sessions(lab: Lab, page: Path) -> None:
    """Typed one after another on the lab's machine, the sessions print what the page shows."""
    sessions = blocks(page, "console")

    shown = run(lab, sessions)

    assert [*map(steady, shown)] == [*map(steady, sessions)]


#: What is typed over SSH, of each page that has it.
RECIPES = {page: block for page in PAGES for block in blocks(page, "sh") if "--confirm" in block}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=map(name, RECIPES))
def test_recipe(lab: Lab, recipe: str) -> None:
    """The commands of a recipe work, the last at a second terminal."""
    *before, waits, last = [line.partition("#")[0] for line in recipe.splitlines()]

    done = lab.sh("\n".join([*before, f"{waits} &", SECOND, last, "wait $!"]))

    assert done.returncode == 0, done.stderr
    assert "Error: " not in done.stderr


@pytest.mark.parametrize("page", having("python"), ids=name)
def test_program(lab: Lab, page: Path) -> None:
    """The Python of a page prints the commands, and the page that the host serves."""
    for program in blocks(page, "python"):
        shown = lab.ok("python3", "-c", program)

        assert "ip link add veth0 type veth peer name veth1" in shown
        assert "Welcome to the lab!" in shown
        assert lab.ok("ip", "netns", "list") == ""
