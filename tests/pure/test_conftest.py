"""What tests start is as users have it, whoever started the tests."""

import os
import signal
import sys

import pytest
from places import ROOT, SUPPORT
from processes import run

pytestmark = pytest.mark.once

#: Started with a signal ignored and a wish for Python, as conftest is then; the rest it starts.
IGNORING = """trap '' $SIGNAL; exec "$@" """
STARTING = "import conftest, os; os.execvp('sh', ['sh', '-c', 'env; kill -s $SIGNAL $$'])"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_inherits_nothing(name: str) -> None:
    """A signal that was ignored is heard, and no PYTHON variable is left."""
    path = f"{ROOT / 'tests'}:{SUPPORT}"
    environment = {**os.environ, "SIGNAL": name[3:], "PYTHONPATH": path}
    done = run("sh", "-c", IGNORING, "sh", sys.executable, "-c", STARTING, env=environment)

    assert done.returncode == -signal.Signals[name], done.stderr
    assert "\nPYTHON" not in f"\n{done.stdout}"
