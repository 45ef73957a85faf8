"""Bridged keeps its host online: nothing lost on the way up, and all comes back as it was."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest
from labs import Lab
from state import state

#: Host to gateway, host to what is beyond it, LAN to host: the target, and whether from the LAN.
STREAMS = (("192.168.64.1", False), ("8.8.8.8", False), ("192.168.64.3", True))

SLOWLY = """
import sys, time
from netmodes import Bridged
getattr(Bridged(uplink="enp0s1"), sys.argv[1])(echo=lambda line: time.sleep(float(sys.argv[2])))
"""

#: Several addresses of both families, a label, a peer, five kinds of route, two tables.
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
ip link set enp0s1 mtu 1400
"""


def pinged(lab: Lab, verb: str, pause: str) -> list[tuple[int, float]]:
    """Packets lost and worst round trip (ms) of each stream, 10 ms apart, over one up or down."""
    streams = [
        subprocess.Popen(
            lab.argv("ping", "-q", "-i", "0.01", target, router=router),
            stdout=subprocess.PIPE,
            text=True,
        )
        for target, router in STREAMS
    ]
    time.sleep(0.2)
    lab.ok(sys.executable, "-c", SLOWLY, verb, pause)
    time.sleep(0.2)
    for stream in streams:
        stream.send_signal(signal.SIGINT)
    return [counted(stream.communicate(timeout=30)[0]) for stream in streams]


def counted(summary: str) -> tuple[int, float]:
    """Lost packets and the worst round trip, from what ping says at its end."""
    sent, received = re.search(r"(\d+) packets transmitted, (\d+) received", summary).groups()  # type: ignore[union-attr]
    worst = re.search(r"= [\d.]+/[\d.]+/([\d.]+)/", summary)
    return int(sent) - int(received), float(worst[1]) if worst else float("inf")


@pytest.mark.parametrize("metric", [0, 100])
@pytest.mark.parametrize("strictness", [1, 2])
@pytest.mark.parametrize("pause", ["0", "0.1"])
def test_nothing_lost(lab: Lab, metric: int, strictness: int, pause: str) -> None:
    """No packet is lost on the way up; on the way back one a stream, for the kernel's port is deaf
    for about 2 ms when `nomaster` takes it out of the bridge (an RCU grace period)."""
    lab.ok("sysctl", "-w", f"net.ipv4.conf.all.rp_filter={strictness}")
    if metric == 0:
        address = "ip addr del 192.168.64.3/24 dev enp0s1; ip addr add 192.168.64.3/24 dev enp0s1"
        lab.sh(f"{address}; ip route add default via 192.168.64.1 proto dhcp src 192.168.64.3")

    up, down = pinged(lab, "up", pause), pinged(lab, "down", pause)

    assert [lost for lost, _ in up] == [0, 0, 0]
    assert max(lost for lost, _ in down) <= 1
    assert max(worst for _, worst in (*up, *down)) <= 50


@pytest.mark.parametrize("way", ["netmodes", "script"])
def test_rich_uplink(lab: Lab, way: str) -> None:
    """A rich uplink comes back as it was, address by address and route by route."""
    lab.sh(RICH)
    script = lab.export("bridged", "--uplink", "enp0s1")
    up, down = {
        "netmodes": (("netmodes", "bridged", "--uplink", "enp0s1"), ("netmodes", "down", "A")),
        "script": (("bash", script), ("bash", script, "down")),
    }[way]
    before = state(lab.ok)

    lab.ok(*up)
    source = lab.ok("ip", "route", "get", "8.8.8.8")
    lab.ok(*down)

    assert "dev br0 src 192.168.64.3" in source
    assert state(lab.ok) == before


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


@pytest.mark.parametrize("filtered", ["0", "1"])
@pytest.mark.parametrize("chain", ["FORWARD", "DOCKER-USER"])
def test_docker_drops(lab: Lab, chain: str, filtered: str) -> None:
    """Where Docker drops what is forwarded, bridged frames or not, the namespace's packets pass."""
    lab.ok("sysctl", "-w", f"net.bridge.bridge-nf-call-iptables={filtered}")
    if chain == "DOCKER-USER":
        lab.sh("iptables -N DOCKER-USER && iptables -A FORWARD -j DOCKER-USER")
    lab.ok("iptables", "-P", "FORWARD", "DROP")
    before = lab.ok("iptables", "-S")

    up = lab.netmodes("bridged", "--uplink", "enp0s1")
    outside = lab.inside("ping", "-c", "2", "-i", "0.2", "-W", "2", "8.8.8.8")
    lab.ok("netmodes", "down", "A")

    assert f"[#] iptables -I {chain} -i br0 -o br0 -j ACCEPT\n" in up.stderr
    assert outside.returncode == 0
    assert lab.ok("iptables", "-S") == before


def test_address_on_the_port(lab: Lab) -> None:
    """`list` says so when a DHCP client has given the port its address again."""
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    lab.ok("ip", "addr", "add", "192.168.64.3/24", "dev", "enp0s1")

    listed = lab.ok("netmodes", "list")

    assert "Note: enp0s1 is a port of br0, yet has 192.168.64.3/24" in listed


def test_unconfirmed(lab: Lab) -> None:
    """Unless it is confirmed in time, everything comes back."""
    before = state(lab.ok)

    done = lab.netmodes("bridged", "--uplink", "enp0s1", "--confirm", "2")

    assert done.returncode == 1
    assert done.stderr.endswith("Error: A was not confirmed within 2 s, and is taken back\n")
    assert state(lab.ok) == before


def test_confirmed(lab: Lab) -> None:
    """Confirmed from elsewhere, it stays."""
    running = subprocess.Popen(
        lab.argv("netmodes", "bridged", "--uplink", "enp0s1", "--confirm", "30"),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=lab.environment,
    )
    wait_for(lab, "unconfirmed")
    lab.ok("netmodes", "confirm", "A")

    assert running.wait(30) == 0
    assert '"up"' in lab.ok("netmodes", "list", "--json")


def test_killed(lab: Lab) -> None:
    """After kill -9 of the command line, the watcher takes everything back."""
    before = state(lab.ok)
    running = subprocess.Popen(
        lab.argv("netmodes", "bridged", "--uplink", "enp0s1", "--confirm", "60"),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=lab.environment,
    )
    wait_for(lab, "unconfirmed")
    running.kill()
    running.wait()
    wait_for(lab, "")

    assert state(lab.ok) == before


def wait_for(lab: Lab, state: str, seconds: float = 20) -> None:
    """Until A is in this state, as `list` says; "" for gone."""
    deadline = time.monotonic() + seconds
    while state not in (listed := lab.ok("netmodes", "list")) or (not state and listed):
        assert time.monotonic() < deadline, f"A did not come to be {state!r}: {listed}"
        time.sleep(0.1)
