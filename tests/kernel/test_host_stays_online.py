"""Bridged keeps its host online: nothing lost on the way up, and all comes back as it was."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from labs import Lab
from places import SUPPORT
from processes import wait_until
from state import state
from streams import ROUTER, Pings, connection, pings

#: Host to gateway and to what is beyond it; LAN to host. Both families.
OUTWARD = ("192.168.64.1", "8.8.8.8", "fd00:64::1", "2001:4860:4860::8888")
INWARD = ("192.168.64.3", "fd00:64::3")

#: What else the machine is busy with can only lose more.
TRIES = 3

#: A static IPv6 address that the kernel tests for duplicates, without the wait for that here.
STATIC = """
ip addr add fd00:64::3/64 dev enp0s1 nodad
ip addr change fd00:64::3/64 dev enp0s1
ip -6 route add default via fd00:64::1 dev enp0s1
"""

SLOWLY = """
import sys, time
from netmodes import Bridged
getattr(Bridged(uplink="enp0s1"), sys.argv[1])(echo=lambda line: time.sleep(float(sys.argv[2])))
"""

#: Up and down; before each command, and after the last, the source of what goes outside.
SOURCES = """
import subprocess
from netmodes import Bridged

def look(line):
    for address in ("8.8.8.8", "2001:4860:4860::8888"):
        route = subprocess.run(["ip", "route", "get", address], capture_output=True, text=True)
        print(*route.stdout.partition(" src ")[2].split()[:1])

network = Bridged(uplink="enp0s1")
network.up(echo=look)
look("up")
network.down(echo=look)
look("down")
"""

#: In the place of `ip`: the hand-over ends after $CUT lines, and fails.
CUT = """
if [ "$*" = "-batch -" ]; then head -n "$CUT" | "$REAL" -batch -; exit 1; fi
exec "$REAL" "$@"
"""

#: Several addresses of both families, a label, a peer, seven kinds of route, two tables, and
#: neighbours; another NIC's routes that are equal to the uplink's, before or after them.
RICH = """
ip addr add 192.168.64.4/24 brd + dev enp0s1 label enp0s1:1
ip addr add 10.9.0.2/16 dev enp0s1 noprefixroute
ip addr add 10.10.0.1 peer 10.10.0.2/32 dev enp0s1
ip addr add fd00:64::3/64 dev enp0s1 nodad
ip route add 10.20.0.0/16 via 192.168.64.1 mtu 1400 metric 50
ip route add 10.30.0.0/16 dev enp0s1 scope link src 192.168.64.3
ip route add 10.40.0.1 via 10.50.0.1 dev enp0s1 onlink
ip route add default via 192.168.64.1 table 100 src 192.168.64.3
ip -6 route add default via fd00:64::1 dev enp0s1
ip -6 route add fd77::/64 dev enp0s1 table 100 metric 7
ip addr add fd00:66::3/64 dev enp0s1 nodad
ip route add default via 192.168.64.1 metric 200
ip route add 10.60.0.0/16 via 192.168.64.1 mtu lock 1300
ip route add local 10.61.0.0/24 dev enp0s1
ip route add multicast 239.1.0.0/16 dev enp0s1
ip neigh add 192.168.64.70 lladdr 02:00:00:00:00:01 dev enp0s1
ip neigh add proxy 192.168.64.60 dev enp0s1
ip neigh add proxy fd00:64::60 dev enp0s1
ip link add enp0s2 type veth peer name far0
ip link set far0 up
ip link set enp0s2 up
ip route append 10.30.0.0/16 dev enp0s2
ip route add 10.63.0.0/16 dev enp0s2
ip route append 10.63.0.0/16 dev enp0s1
ip -6 route append fd77::/64 dev enp0s2 table 100 metric 7
ip link set enp0s1 mtu 1400
"""


@pytest.fixture
def lab6(lab: Lab) -> Lab:
    """The lab with IPv6 as well, static addresses and routes."""
    lab.ok("bash", "-ec", ROUTER, router=True)
    lab.ok("bash", "-ec", STATIC)
    return lab


def pinged(lab: Lab, verb: str, pause: str) -> Pings:
    """What becomes of the streams over one up or down."""
    with pings(lab, OUTWARD, INWARD) as counted:
        lab.ok(sys.executable, "-c", SLOWLY, verb, pause)
    return counted


#: Each value with each of the others: a metric, a strictness, a pause before each command.
PAIRS = [(0, 1, "0"), (0, 2, "0.1"), (100, 1, "0.1"), (100, 2, "0")]


@pytest.mark.alone
@pytest.mark.parametrize(("metric", "strictness", "pause"), PAIRS)
def test_nothing_lost(lab6: Lab, metric: int, strictness: int, pause: str) -> None:
    """No packet is lost on the way up; on the way back one a stream, for the kernel's port is deaf
    for some ms when `nomaster` takes it out of the bridge (an RCU grace period)."""
    lab6.ok("sysctl", "-w", f"net.ipv4.conf.all.rp_filter={strictness}")
    if metric == 0:
        address = "ip addr del 192.168.64.3/24 dev enp0s1; ip addr add 192.168.64.3/24 dev enp0s1"
        lab6.sh(f"{address}; ip route add default via 192.168.64.1 proto dhcp src 192.168.64.3")

    for _ in range(TRIES):
        up, down = pinged(lab6, "up", pause), pinged(lab6, "down", pause)
        if max(up.lost) == 0 and max(down.lost) <= 1 and max(up.worst + down.worst) <= 50:
            break

    assert up.lost == [0] * len(up.lost)
    assert max(down.lost) <= 1
    assert max(up.worst + down.worst) <= 50


def test_connections(lab6: Lab) -> None:
    """A TCP connection each way lives through both; no line is lost or out of order."""
    with (
        connection(lab6, "8.8.8.8", 5001, inward=False) as out,
        connection(lab6, "192.168.64.3", 5002, inward=True) as in_,
    ):
        lab6.ok("netmodes", "bridged", "--uplink", "enp0s1")
        lab6.ok("netmodes", "down", "A")

    for sent, received in (out, in_):
        assert sent > 100
        assert received == sent


def test_source(lab6: Lab) -> None:
    """The host's source address is the same before, between and after all commands."""
    sources = lab6.ok(sys.executable, "-c", SOURCES).splitlines()

    assert len(sources) > 50
    assert set(sources[0::2]) == {"192.168.64.3"}
    assert set(sources[1::2]) == {"fd00:64::3"}


#: What `ip -j` leaves out, and who else is known.
UNTOLD = "ip -d -4 route show table all; ip neigh show nud permanent; ip neigh show proxy"


@pytest.mark.parametrize("way", ["netmodes", "script"])
def test_rich_uplink(lab: Lab, way: str) -> None:
    """A rich uplink comes back as it was, address by address and route by route."""
    lab.sh(RICH)
    script = lab.export("bridged", "--uplink", "enp0s1")
    up, down = {
        "netmodes": (("netmodes", "bridged", "--uplink", "enp0s1"), ("netmodes", "down", "A")),
        "script": (("bash", script), ("bash", script, "down")),
    }[way]
    before, untold = state(lab.ok), lab.sh(UNTOLD).stdout

    lab.ok(*up)
    source = lab.ok("ip", "route", "get", "8.8.8.8")
    moved = lab.sh(UNTOLD).stdout
    lab.ok(*down)

    assert "dev br0 src 192.168.64.3" in source
    assert set(untold.replace("enp0s1", "br0").splitlines()) <= set(moved.splitlines())
    assert state(lab.ok) == before
    assert lab.sh(UNTOLD).stdout == untold


def test_cut_short(quick_lab: Lab) -> None:
    """A hand-over that fails half way is wholly undone: among its routes, or its addresses."""
    quick_lab.sh(RICH)
    quick_lab.replace("ip", CUT)
    before = state(quick_lab.ok)

    for cut in (3, 19, 29, 34):
        up = quick_lab.run("env", f"CUT={cut}", "netmodes", "bridged", "--uplink", "enp0s1")

        assert up.stderr.endswith("undone; nothing is left.\n")
        assert state(quick_lab.ok) == before


@pytest.mark.parametrize(
    "byhand", ["ip netns del A", "ip link del veth0", "ip link del br0"], ids=lambda line: line[3:]
)
def test_deleted_by_hand(lab: Lab, byhand: str) -> None:
    """Whatever was deleted by hand meanwhile, the host is back on its uplink."""
    before = state(lab.ok)
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    lab.ok(*byhand.split())

    lab.ok("netmodes", "down", "A")

    assert state(lab.ok) == before


@pytest.mark.parametrize("leaving", ["ABC", "CBA", "BAC"])
def test_joining(lab: Lab, leaving: str) -> None:
    """Namespaces share one bridge; bridge and hand-over go with the last, in whatever order."""
    before = state(lab.ok)
    first = lab.netmodes("bridged", "--uplink", "enp0s1")
    joined = [lab.netmodes("bridged", "-n", name, "--uplink", "enp0s1") for name in "BC"]
    again = lab.netmodes("bridged", "-n", "B", "--uplink", "enp0s1")
    for name in leaving[:2]:
        lab.ok("netmodes", "down", name)
    outside = lab.run("ip", "netns", "exec", leaving[2], "ping", "-c", "1", "-W", "2", "8.8.8.8")
    lab.ok("netmodes", "down", leaving[2])

    assert "type bridge" in first.stderr
    assert [done.returncode for done in joined] == [0, 0]
    assert all("br0 type" not in done.stderr for done in joined)
    assert again.stderr == "B is up already.\n"
    assert outside.returncode == 0
    assert state(lab.ok) == before


Json = dict[str, Any]

ADVERTISE = str(SUPPORT / "advertise.py")

#: What the host makes of the prefix that is advertised, and its MAC.
ADDRESS = "fd00:64::489e:7eff:fe55:59ee"


@contextmanager
def advertised(lab: Lab, seconds: int) -> Iterator[None]:
    """The router advertises meanwhile: addresses for this long, itself for a tenth of it."""
    argv = (sys.executable, ADVERTISE, "lan0", "fd00:64::/64", str(seconds), str(seconds // 10))
    router = lab.start(*argv, router=True)
    try:
        yield
        assert router.poll() is None
    finally:
        router.kill()
        router.wait()


def learned(lab: Lab, device: str, seconds: int) -> bool:
    """Whether the kernel has address and default route on a device by advertisements of this
    lifetime: no route or address of another origin could last as long."""
    (link,) = json.loads(lab.ok("ip", "-6", "-j", "addr", "show", "dev", device))
    ready = [
        info
        for info in link["addr_info"]
        if info["local"] == ADDRESS and not info.get("tentative")
        if info["valid_life_time"] > seconds - 60
    ]
    return bool(ready) and any(
        route.get("protocol") == "ra" and route["expires"] > seconds // 10 - 60
        for route in defaults(lab, device)
    )


def defaults(lab: Lab, device: str) -> list[Json]:
    """The IPv6 default routes through a device."""
    shown = lab.ok("ip", "-6", "-j", "route", "show", "default", "dev", device)
    found: list[Json] = json.loads(shown)
    return found


def test_advertised_again(lab: Lab) -> None:
    """What is advertised moves again after a `down`, whose stand-in is still there, and a script's
    `down` says nothing but its commands."""
    lab.ok("bash", "-ec", ROUTER, router=True)
    with advertised(lab, 3600):
        wait_until(lambda: learned(lab, "enp0s1", 3600), "enp0s1 has what is advertised")
        for _ in range(2):
            lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
            lab.ok("netmodes", "down", "A")
        script = lab.export("bridged", "--uplink", "enp0s1")
        lab.ok("bash", script)
        down = lab.run("bash", script, "down")

    assert "RTNETLINK" not in down.stderr
    assert "Usage" not in down.stderr


@pytest.mark.alone
def test_advertised(lab: Lab) -> None:
    """Pings live through both on stand-ins that expire; each time the kernel learns anew."""
    lab.ok("bash", "-ec", ROUTER, router=True)
    shown = ("ip", "-6", "addr", "show", "dev", "lan0")
    wait_until(lambda: "tentative" not in lab.ok(*shown, router=True), "lan0 has its address")
    with advertised(lab, 3600):
        wait_until(lambda: learned(lab, "enp0s1", 3600), "enp0s1 has what is advertised")

        with pings(lab, OUTWARD[2:], (ADDRESS,)) as up:
            done = lab.netmodes("bridged", "--uplink", "enp0s1")
            assert done.returncode == 0, done.stderr
            wait_until(lambda: learned(lab, "br0", 3600), "br0 learns")
    with advertised(lab, 36000):
        wait_until(lambda: learned(lab, "br0", 36000), "br0 hears the next advertisements")
        on_bridge, left = defaults(lab, "br0"), defaults(lab, "enp0s1")

        with pings(lab, OUTWARD[2:], (ADDRESS,)) as down:
            undone = lab.netmodes("down", "A")
            assert undone.returncode == 0, undone.stderr
            wait_until(lambda: learned(lab, "enp0s1", 36000), "enp0s1 learns")
    with advertised(lab, 72000):
        wait_until(lambda: learned(lab, "enp0s1", 72000), "enp0s1 hears the next advertisements")
        back = defaults(lab, "enp0s1")

    assert "proto ra" not in done.stderr + undone.stderr
    assert left == []
    assert all("expires" in route for route in [*on_bridge, *back])
    assert up.lost == [0] * len(up.lost)
    assert max(down.lost) <= 1
    assert max(up.worst + down.worst) <= 50
