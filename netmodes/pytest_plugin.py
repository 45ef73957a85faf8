"""netmodes for pytest: a whole session in a lab, and fixtures that put networks up for its tests.

Nothing of netmodes is imported before a test asks for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from netmodes import Handle, Mode

#: What a lab has in its environment, and so says that the session is in one.
IN_LAB = "NETMODES_LAB"

#: Without root and outside a lab.
NO_ROOT = "networks need root: run pytest with --netmodes-lab, or as root on a machine for tests"

KEY = pytest.StashKey["Networks"]()


class Networks:
    """The networks of one test or module, which go in reverse order at its end."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.up = list["Handle"]()

    def __call__(self, kind: type[Mode], **options: Any) -> Handle:  # noqa: ANN401
        """Put a network up for as long as the fixture lasts, in a namespace with a free name.

        Args:
            kind: the mode: HostOnly, Nat, …
            options: the mode's own; ``namespace`` names it.

        Raises:
            NetmodesError: it does not come up; what was done is undone.
            TypeError: ``kind`` is no class.
            KeyboardInterrupt: the same, by Ctrl-C.
        """
        from netmodes import Interrupted

        if not isinstance(kind, type):
            raise TypeError(f"{kind!r} is no mode's class: network(HostOnly, address=...)")
        options.setdefault("namespace", None)
        try:
            handle = self.stack.enter_context(kind(**options))
        except Interrupted as error:
            raise KeyboardInterrupt from error  # else the session would go on
        self.up.append(handle)
        return handle

    def told(self) -> str:
        """The commands that ran, a picture of each network, and what its promises have come to."""
        lines = [line for handle in self.up if handle.record for line in handle.record.lines]
        names = [name for handle in self.up for name in handle.namespace.split(",")]
        shown = [_said(verb, name) for name in names for verb in ("show", "check")]
        return "\n".join([*lines, *shown])


def _said(*arguments: str) -> str:
    """What the command line prints; where all is not well, what it prints again, for networks of
    other workers come and go.
    """
    argv = (sys.executable, "-m", "netmodes", *arguments)
    for _ in range(2):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
    return f"$ netmodes {' '.join(arguments)}\n{done.stdout or done.stderr}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, and the same in a configuration file."""
    group = parser.getgroup("netmodes")
    lab = "run the whole session in a netmodes lab, which needs no root"
    required = "fail tests that need networks where there can be none, rather than skip them"
    for name, meaning in (("lab", lab), ("required", required)):
        group.addoption(f"--netmodes-{name}", action="store_true", help=meaning)
        parser.addini(f"netmodes_{name}", meaning, type="bool", default=False)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the session again in a lab, before anything of it is imported."""
    if _wants("lab", early_config) and IN_LAB not in os.environ:
        _start_in_lab(early_config)


def _wants(name: str, config: pytest.Config) -> bool:
    given = getattr(config.known_args_namespace, f"netmodes_{name}")
    return bool(given or config.getini(f"netmodes_{name}"))


def _start_in_lab(config: pytest.Config) -> NoReturn:
    if capture := config.pluginmanager.getplugin("capturemanager"):
        capture.suspend_global_capture(in_=True)  # what it takes would be lost
    argv = (sys.executable, *sys.orig_argv[1:])
    try:
        os.execv(sys.executable, (sys.executable, "-m", "netmodes", "lab", "--quiet", "--", *argv))
    except OSError as error:
        wrong = f"--netmodes-lab: {sys.executable} cannot be run ({error.strerror})"
        raise pytest.UsageError(f"{wrong}: see who may") from None


@pytest.fixture
def network(request: pytest.FixtureRequest) -> Iterator[Callable[..., Handle]]:
    """A factory of networks: ``network(HostOnly)``, ``network(Nat, publish=["8080:80"])``.

    Each is a handle, as of a ``with``; all are taken down at the end of the test.
    """
    yield from _networks(request)


@pytest.fixture(scope="module")
def module_network(request: pytest.FixtureRequest) -> Iterator[Callable[..., Handle]]:
    """The same, for networks that all tests of a module share; they go at its end."""
    yield from _networks(request)


@pytest.fixture(scope="session")
def session_network(request: pytest.FixtureRequest) -> Iterator[Callable[..., Handle]]:
    """The same, for networks that all tests of a session share; with workers each has its own."""
    yield from _networks(request)


def _networks(request: pytest.FixtureRequest) -> Iterator[Networks]:
    """The networks of a test or module, if there can be any."""
    if os.geteuid() != 0:
        refuse = pytest.fail if _wants("required", request.config) else pytest.skip
        refuse(NO_ROOT)
    networks = Networks()
    request.node.stash[KEY] = networks
    with networks.stack:
        yield networks


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell of a failed test's networks, while they are up."""
    report = yield
    if call.when != "teardown" and report.failed:
        for networks in (node.stash.get(KEY, None) for node in item.listchain()):
            if networks and networks.up:
                report.sections.append(("netmodes", networks.told()))
    return report
