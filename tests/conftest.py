"""What the tests stand on: the article's machine as facts, and as a lab of namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from labs import Lab
from state import State, state

from netmodes import Facts

FACTS = Path(__file__).parent / "facts"


@pytest.fixture(scope="session")
def labs() -> Iterator[Callable[[], Lab]]:
    """Gives a new lab; the next one is made ready meanwhile."""
    ready = [Lab()]

    def take() -> Lab:
        ready.append(Lab())
        return ready.pop(0)

    yield take
    with ready.pop():
        pass


@pytest.fixture
def lab(labs: Callable[[], Lab]) -> Iterator[Lab]:
    """A lab of the test's own."""
    with labs() as made:
        yield made


@pytest.fixture(scope="session")
def untouched(labs: Callable[[], Lab]) -> State:
    """The state of a lab in which nothing has happened."""
    with labs() as made:
        return state(made.ok)


@pytest.fixture
def quick_lab(lab: Lab) -> Lab:
    """A lab whose pings wait a fifth of a second for an answer that may not come."""
    lab.replace("ping", 'exec "$REAL" "$@" -W 0.2')
    return lab


@pytest.fixture
def article() -> Facts:
    """The facts of the article's machine."""
    return Facts.from_json((FACTS / "article.json").read_text())
