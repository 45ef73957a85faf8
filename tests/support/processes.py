"""Programs that tests run on this machine."""

import subprocess
from typing import Any


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
