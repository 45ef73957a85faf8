"""Labs, for the tests that need a kernel."""

import os
from collections.abc import Callable, Iterator

import pytest
from labs import Lab, RootLab
from state import State, state


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
def root_lab() -> Iterator[RootLab]:
    """A lab with real users and sudo."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a lab with other users")
    with RootLab() as made:
        yield made
