"""Programs that tests run on this machine, and what they wait for."""

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import netmodes


def run(
    *argv: str,
    timeout: float = 60,
    **more: Any,  # noqa: ANN401
) -> subprocess.CompletedProcess[str]:
    """Run a program that reads nothing, to whatever end."""
    return subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        **more,
    )


def wait_until(true: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Until this is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"in {seconds} s it did not come to this: {what}"
        time.sleep(0.1)


def as_anyone() -> tuple[str, ...]:
    """A Python with netmodes, run as an ordinary user."""
    if os.geteuid() != 0:
        return (sys.executable,)
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    path = f"PYTHONPATH={Path(netmodes.__file__).parent.parent}:{sysconfig.get_path('purelib')}"
    for python in (sys.executable, "/usr/bin/python3"):
        argv = (*user, "env", path, python)
        if run(*argv, "-c", "import netmodes.cli").returncode == 0:
            return argv
    pytest.skip("an ordinary user can read no Python here that has netmodes")
