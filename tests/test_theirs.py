"""Only what is ours: whatever others have made since, `down` leaves it, and takes ours back.

The state is as if there had never been a network of ours, and they had done what they did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from labs import Lab
from state import state

HOST_ONLY, BRIDGED, NAT = "host-only", "bridged --uplink enp0s1", "nat --publish 8080:80"


@dataclass(frozen=True)
class Case:
    """What becomes of something of ours, what they do, and what `down` says it left alone."""

    mode: str
    theirs: str
    ours: str = ""
    left: str = ""


#: The bridge and the NAT of a container engine, which needs forwarding.
DOCKER = """
    sysctl -w net.ipv4.ip_forward=1
    ip link add docker0 type bridge
    ip addr add 172.17.0.1/16 dev docker0
    ip link set docker0 up
    """
MASQUERADE = """
    sysctl -w net.ipv4.ip_forward=1
    nft add table ip theirs
    nft 'add chain ip theirs out { type nat hook postrouting priority 100; }'
    nft add rule ip theirs out ip saddr 172.17.0.0/16 masquerade
    """
GONE = "until ! ip link show veth0 2>/dev/null; do sleep 0.01; done"
CHANGED = "it is not as this run left it"

CASES = {
    "namespace": Case(
        HOST_ONLY, "ip netns add A", f"ip netns del A; {GONE}", f"ip netns del A ({CHANGED})"
    ),
    "cable": Case(
        HOST_ONLY,
        "ip link add veth0 type veth peer name other0",
        "ip link del veth0",
        f"ip link del veth0 ({CHANGED})",
    ),
    "cable of a bridge": Case(
        BRIDGED,
        "ip link add veth0 type veth peer name other0",
        "ip link del veth0",
        f"ip link del veth0 ({CHANGED})",
    ),
    "another kind": Case(HOST_ONLY, "ip link add veth0 type bridge", "ip link del veth0"),
    "bridge": Case(
        BRIDGED,
        "ip link add br0 type bridge; ip addr add 10.9.0.1/24 dev br0",
        "ip link del br0",
        f"ip link del br0 ({CHANGED})",
    ),
    "beside ours": Case(
        HOST_ONLY,
        """
        ip link add br0 type bridge
        ip addr add 10.9.0.1/24 dev enp0s1
        ip route add 10.8.0.0/16 via 192.168.64.1
        ip route add 10.8.0.0/16 via 192.168.64.1 table 7
        ip rule add from 192.168.202.11 table 7
        ip netns add B
        """,
    ),
    "on ours": Case(
        HOST_ONLY,
        "ip rule add from 10.9.0.1 table 7",
        """
        ip addr add 10.9.0.1/24 dev veth0
        ip route add 10.8.0.0/16 via 192.168.202.11
        ip -n A addr add 10.9.0.2/24 dev veth1
        ip -n A link add br0 type bridge
        """,
    ),
    "rules": Case(BRIDGED, "ip rule add from 10.9.0.1 table 7; nft add table inet theirs"),
    "setting": Case(BRIDGED, "sysctl -w net.ipv4.ip_forward=0"),
    "another setting": Case(BRIDGED, "sysctl -w net.ipv4.conf.enp0s1.rp_filter=1"),
    "forwarding for Docker": Case(
        BRIDGED, DOCKER, left="sysctl -w net.ipv4.ip_forward=0 (docker0 depends on it)"
    ),
    "forwarding for NAT": Case(
        BRIDGED, MASQUERADE, left="sysctl -w net.ipv4.ip_forward=0 (masquerade depends on it)"
    ),
    "forwarding beside NAT of ours": Case(
        NAT, DOCKER, left="sysctl -w net.ipv4.ip_forward=0 (docker0 depends on it)"
    ),
    "table": Case(
        NAT,
        "nft add table ip netmodes-nat0",
        "nft delete table ip netmodes-nat0",
        f"nft delete table ip netmodes-nat0 ({CHANGED})",
    ),
    "bridge of NAT": Case(
        NAT,
        "ip link add nat0 type bridge; ip addr add 10.9.0.1/24 dev nat0",
        "ip link del nat0",
        f"ip link del nat0 ({CHANGED})",
    ),
}


@pytest.mark.parametrize("way", ["netmodes", "script"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_theirs(quick_lab: Lab, labs: Callable[[], Lab], case: Case, way: str) -> None:
    """What they made stays, and is named where it is in the place of ours; ours goes."""
    script = quick_lab.export(*case.mode.split())
    quick_lab.ok(*(["netmodes", *case.mode.split()] if way == "netmodes" else [script]))
    quick_lab.ok("bash", "-e", "-c", f"{case.ours}\n{case.theirs}")
    down = quick_lab.run(*(["netmodes", "down", "A"] if way == "netmodes" else [script, "down"]))
    with labs() as other:
        other.ok("bash", "-e", "-c", case.theirs or "true")
        expected = state(other.ok)
    left = [line for line in down.stderr.splitlines() if "left alone" in line]

    assert down.returncode == 0, down.stderr
    assert [line.partition(case.left)[1] for line in left] == ([case.left] if case.left else [])
    assert state(quick_lab.ok) == expected
