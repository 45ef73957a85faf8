"""The systemd unit of ``--unit``, and the service that its head shows."""

import shutil
import subprocess
from pathlib import Path

import pytest
from console import netmodes
from units import service

from netmodes import HostOnly

pytestmark = pytest.mark.once


def test_several() -> None:
    """The unit of several namespaces is named after the first, and so is its script."""
    printed = netmodes("nat", "-n", "web", "--count", "3", "--unit").stdout

    assert "Description=Network of namespaces web1, web2 and web3 (netmodes nat)\n" in printed
    assert "ExecStart=/usr/bin/env bash /etc/netmodes/web1.sh up\n" in printed
    assert "systemctl enable --now netmodes-web1.service\n" in printed


@pytest.mark.parametrize(
    "other", [("--dry-run",), ("--export", "-"), ("--json",), ("--check",), ("--confirm", "9")]
)
def test_alone(other: tuple[str, ...]) -> None:
    """It goes with nothing that runs, renders or waits."""
    done = netmodes("bridged", "--unit", *other)

    assert (done.status, done.stdout) == (2, "")
    assert "Error: --unit " in done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
def test_verify(tmp_path: Path) -> None:
    """systemd finds nothing wrong with the unit, nor with a service of its example."""
    unit = HostOnly().unit()
    (tmp_path / "netmodes-A.service").write_text(unit)
    (tmp_path / "inside.service").write_text(service(unit, "/bin/sleep infinity"))

    argv = ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
