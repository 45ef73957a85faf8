"""The unit of ``--unit`` under a systemd that has booted: from boot on, with a service inside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from booted import Run, needs_debian
from places import ROOT
from processes import wait_until
from units import service

from netmodes import HostOnly

pytestmark = needs_debian

#: The network's unit, that of a service in it, and both.
A, INSIDE, BOTH = "netmodes-A", "inside", "netmodes-A inside"

#: The script, where the unit looks for it.
SCRIPT = "/etc/netmodes/A.sh"


@pytest.fixture
def installed(debian: Path) -> Iterator[None]:
    """Before it boots the Debian has the script, its unit, and a service in the namespace."""
    unit = HostOnly().unit()
    script = (ROOT / "scripts/exported/host-only.sh").read_text()
    files = {
        "etc/netmodes/A.sh": script,
        "etc/systemd/system/netmodes-A.service": unit,
        "etc/systemd/system/inside.service": service(unit, "/bin/sleep infinity"),
    }
    for name, text in files.items():
        (debian / name).parent.mkdir(exist_ok=True)
        (debian / name).write_text(text)
    wants = debian / "etc/systemd/system"
    links = {
        wants / "multi-user.target.wants/netmodes-A.service": "../netmodes-A.service",
        wants / "netmodes-A.service.wants/inside.service": "../inside.service",
    }
    for link, target in links.items():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(target)
    yield
    for path in [*links, *(debian / name for name in files)]:
        path.unlink()


def states(machine: Run, units: str = BOTH) -> list[str]:
    """Each unit's state."""
    return machine(f"systemctl is-active {units}").stdout.split()


def test_life(installed: None, machine: Run) -> None:
    """After a boot A and its service are up; both are restarted, and stopped, at once."""
    assert states(machine) == ["active", "active"]
    assert machine("ip netns pids A").stdout == machine("pidof sleep").stdout
    assert machine(f"systemctl restart {A}").returncode == 0
    assert states(machine) == ["active", "active"]
    assert machine(f"systemctl stop {A}").returncode == 0
    assert states(machine) == ["inactive", "inactive"]
    assert machine("ls /run/netns /sys/class/net").stdout.split() == [
        *("/run/netns:", "/sys/class/net:"),
        *("enp0s1", "lo"),
    ]


def test_refused(installed: None, machine: Run) -> None:
    """Where A cannot be, neither is its service; once it can, starting that brings both."""
    machine(f"systemctl stop {A}; ip link add veth0 type bridge")

    refused = machine(f"systemctl start {INSIDE}")
    said = machine(f"journalctl -u {A} -o cat --no-pager").stdout
    machine("ip link del veth0")

    assert refused.returncode != 0
    assert "Error: device veth0 exists already: delete it or choose another name\n" in said
    assert machine(f"systemctl start {INSIDE}").returncode == 0
    assert states(machine) == ["active", "active"]


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_cut(installed: None, machine: Run, signal: str) -> None:
    """A start that is cut leaves nothing, and the next one is as if it had not been."""
    machine(f"systemctl stop {A}; sed -i 's/^    run ip netns exec/    run sleep 2; &/' {SCRIPT}")
    machine(f"systemctl start --no-block {A}")
    wait_until(lambda: "A" in machine("ls /run/netns").stdout, "it runs")

    machine(f"systemctl kill --kill-who=main --signal {signal} {A}")
    wait_until(lambda: states(machine, A) == ["failed"], "systemd has heard of it")

    assert machine("ls -A /run/netns /run/netmodes").stdout.split() == [
        *("/run/netmodes:", ".lock", "/run/netns:")
    ]
    assert machine(f"systemctl start {A}").returncode == 0
