"""What every test stands on: the article's machine as facts, and a turn of its own to run."""

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from places import FACTS

from netmodes import Facts

pytest_plugins = ["pytester", "slices", "counts", "booted"]

# No test asserts a time. "few" is for the other Pythons: what is drawn depends on none.
settings.register_profile("netmodes", deadline=None)
settings.load_profile("netmodes")
settings.register_profile("few", max_examples=10, deadline=None, derandomize=True)

# Tests see what users see, whatever the caller's environment asks of Python, or says of SSH.
for name in [name for name in os.environ if name.startswith(("PYTHON", "SSH_CONNECTION"))]:
    del os.environ[name]

# What a shell's background and nohup ignore is heard in all that is started; here it is no end.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda number, frame: None)


@pytest.fixture(autouse=True)
def room(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Tests of several workers run side by side, but for those that must be alone: they measure.

    Who waits for the room holds the gate, so that nobody can go in before him.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    folder = tmp_path_factory.getbasetemp().parent  # the same for every worker
    alone = request.node.get_closest_marker("alone") is not None
    with flocked(folder / "room") as enter:
        with flocked(folder / "gate") as wait:
            wait(fcntl.LOCK_EX)
            enter(fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal so wide that each sentence is a line."""
    monkeypatch.setenv("COLUMNS", "1000")


@contextmanager
def flocked(path: Path) -> Iterator[Callable[[int], None]]:
    """Gives a function that locks this file; at the end it is free again."""
    with path.open("w") as file:
        yield lambda how: fcntl.flock(file, how)


@pytest.fixture
def article() -> Facts:
    """The facts of the article's machine."""
    return Facts.from_json((FACTS / "article.json").read_text())


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Of two states of a machine, thousands of lines each, what differs is told alone."""
    if op != "==" or not (isinstance(left, dict) and isinstance(right, dict)):
        return None
    keys = sorted(key for key in {**left, **right} if left.get(key) != right.get(key))
    each = (f"{key}: {left.get(key)!r}, {right.get(key)!r}" for key in keys)
    return ["they are the same, but for", *each]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that must be alone come first, before others run that would take long to wait for; then
    those that take longest, so that nobody waits for them at the end.
    """
    first = ("alone", "long")
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in first])
