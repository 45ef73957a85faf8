"""A machine with many devices and routes, as one with containers, is as before too."""

import json
import sys

import pytest
from labs import Lab
from state import state

BRIDGED = "bridged --uplink enp0s1"

#: 240 cables, and 300 routes by the uplink.
LARGE = """
{
    for i in {1..120}; do echo "link add x$i type veth peer name y$i"; done
    for i in {1..250}; do echo "route add 12.0.$i.0/24 via 192.168.64.1 dev enp0s1"; done
    for i in {1..50}; do echo "route add 13.0.$i.0/24 dev enp0s1 table 100 metric $i"; done
} | ip -batch -
"""

#: What somebody does to the routes of the bridge.
MEANWHILE = """
ip route del 12.0.7.0/24 dev br0
ip route del 13.0.7.0/24 dev br0 table 100
ip route add 14.0.1.0/24 via 192.168.64.1 dev br0
"""


#: Prints which bridges have the same settings.
ALIKE = """
import json; from netmodes.machine.alike import alike
print(json.dumps(alike("x1 x2 x3 x4".split())))
"""


@pytest.fixture
def large_lab(lab: Lab) -> Lab:
    """A lab with many devices, and many routes by the uplink."""
    lab.ok("bash", "-ec", LARGE)
    return lab


@pytest.fixture(params=["live", "script"])
def way(request: pytest.FixtureRequest) -> str:
    """How a network is put up and taken down: by netmodes, or by the script."""
    return str(request.param)


def verbs(lab: Lab, way: str, mode: str) -> tuple[list[str], list[str]]:
    """The commands that put a mode up and take it down."""
    if way == "live":
        return ["netmodes", *mode.split()], ["netmodes", "down", "A"]
    script = lab.export(*mode.split())
    return [script], [script, "down"]


def routes(lab: Lab) -> set[str]:
    """The IPv4 routes of every table."""
    return {line.strip() for line in lab.ok(*"ip -4 route show table all".split()).splitlines()}


@pytest.mark.parametrize("mode", ["host-only", "nat", BRIDGED])
def test_up_and_down(large_lab: Lab, mode: str, way: str) -> None:
    """What was there before is there again, of what was renamed as well."""
    before = state(large_lab.ok)
    up, down = verbs(large_lab, way, mode)
    large_lab.ok(*up)
    large_lab.ok("ip", "link", "set", "nat0" if mode == "nat" else "veth0", "name", "other")
    large_lab.ok(*down)

    assert state(large_lab.ok) == before


def test_routes_that_others_change(large_lab: Lab, way: str) -> None:
    """A route that somebody has deleted stays away, and one that somebody has added stays."""
    before = routes(large_lab)
    up, down = verbs(large_lab, way, BRIDGED)
    large_lab.ok(*up)
    large_lab.ok("bash", "-ec", MEANWHILE)
    large_lab.ok(*down)
    after = routes(large_lab)

    assert sorted(before - after) == [
        "12.0.7.0/24 via 192.168.64.1 dev enp0s1",
        "13.0.7.0/24 dev enp0s1 table 100 scope link metric 7",
    ]
    assert after - before == {"14.0.1.0/24 via 192.168.64.1 dev enp0s1"}


def test_settings(quick_lab: Lab) -> None:
    """Devices with the same settings are known without their files; a setting sets one apart."""
    quick_lab.ok("bash", "-ec", "for i in {1..4}; do ip link add x$i type bridge; done")
    quick_lab.ok("sysctl", "-qw", "net.ipv4.conf.x2.rp_filter=2", "net.ipv6.conf.x4.accept_ra=0")
    printed = quick_lab.ok(sys.executable, "-c", ALIKE)

    assert json.loads(printed) == {"x3": "x1"}


def test_check(quick_lab: Lab) -> None:
    """Every address of the host is tried: one that a rule keeps from the namespace is named."""
    quick_lab.ok("bash", "-c", "for i in {1..20}; do ip addr add 10.8.$i.1/32 dev lo; done")
    quick_lab.ok("netmodes", "nat")
    quick_lab.ok(*"iptables -A INPUT -d 10.8.7.1 -j DROP".split())
    checked = quick_lab.netmodes("check", "A")
    rows = [line for line in checked.stdout.splitlines() if " other addresses 10.8." in line]

    assert len(rows) == 20
    assert [row.split()[5] for row in rows if row.split()[-2:] == ["yes", "?"]] == ["10.8.7.1"]
    assert "what A sends: `-A INPUT -d 10.8.7.1/32 -j DROP`" in checked.stdout
