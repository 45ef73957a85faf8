"""Only what is ours: whatever others have made since, `down` leaves it, and takes ours back.

The state is as if there had never been a network of ours, and they had done what they did.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from counts import TALLY
from labs import Lab
from state import State, state

HOST_ONLY, BRIDGED, NAT = "host-only", "bridged --uplink enp0s1", "nat --publish 8080:80"


@dataclass(frozen=True)
class Case:
    """What becomes of something of ours, what they do, and what `down` says it left alone.

    Where a line is cut, the run is killed before that does a thing.
    """

    mode: str
    theirs: str
    ours: str = ""
    left: str = ""
    cut: str = ""


#: In the place of a program: at the lines of $AT who started it is killed, and it does nothing.
CUT = """
if [ "${0##*/} $*" = "$AT" ]; then
    read -r _ _ _ _ leader _ </proc/self/stat
    kill -s KILL "$leader"
    exit 1
fi
exec "$REAL" "$@"
"""

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
MADE = "somebody else has made it"

CASES = {
    "namespace": Case(
        HOST_ONLY, "ip netns add A", f"ip netns del A; {GONE}", f"ip netns del A ({CHANGED})"
    ),
    "cable": Case(
        HOST_ONLY, "ip link add veth0 type veth peer name other0",
        "ip link del veth0", f"ip link del veth0 ({CHANGED})"),
    "cable of a bridge": Case(
        BRIDGED, "ip link add veth0 type veth peer name other0",
        "ip link del veth0", f"ip link del veth0 ({CHANGED})"),
    "another kind": Case(HOST_ONLY, "ip link add veth0 type bridge", "ip link del veth0"),
    "bridge": Case(
        BRIDGED, "ip link add br0 type bridge; ip addr add 10.9.0.1/24 dev br0",
        "ip link del br0", f"ip link del br0 ({CHANGED})"),
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
    "forwarding for other NAT": Case(
        BRIDGED,
        """
        sysctl -w net.ipv4.ip_forward=1
        iptables -t nat -A POSTROUTING -s 10.9.0.0/24 -j SNAT --to-source 192.168.64.3
        """,
        left="sysctl -w net.ipv4.ip_forward=0 (snat to depends on it)",
    ),
    "uplink in a bridge of theirs": Case(
        BRIDGED, "ip link add br9 type bridge; ip link set enp0s1 master br9",
        "ip link set enp0s1 nomaster"),
    "default route": Case(
        BRIDGED,
        """
        ip link add br9 type bridge; ip addr add 10.0.0.2/24 dev br9; ip link set br9 up
        ip route replace default via 10.0.0.1 dev br9 proto dhcp metric 100
        """,
    ),
    "namespace after a cut": Case(
        HOST_ONLY, "ip netns add A; ip -n A link set lo up",
        left=f"ip netns del A ({MADE})", cut="ip netns add A"),
    "cable after a cut": Case(
        HOST_ONLY, "ip link add veth0 type veth peer name other0",
        left=f"ip link del veth0 ({MADE})", cut="ip link add veth0 type veth peer name veth1"),
    "bridge after a cut": Case(
        BRIDGED, "ip link add br0 type bridge; ip addr add 10.9.0.1/24 dev br0",
        left=f"ip link del br0 ({MADE})", cut="ip link add br0 type bridge"),
    "file after a cut": Case(
        HOST_ONLY,
        "mkdir -p /etc/netns/A; echo nameserver 10.9.0.1 >/etc/netns/A/resolv.conf",
        left=f"""\
rm /etc/netns/A/resolv.conf ({MADE})
rmdir --parents --ignore-fail-on-non-empty /etc/netns/A (resolv.conf depends on it)""",
        cut="tee /etc/netns/A/resolv.conf",
    ),
    "renamed cable": Case(
        HOST_ONLY, "ip link add veth0 type bridge",
        "ip link set veth0 down; ip link set veth0 name theirs0"),
    "renamed bridge of the uplink": Case(BRIDGED, "", "ip link set br0 name theirs0"),
    "renamed bridge": Case(NAT, "", "ip link set nat0 down; ip link set nat0 name theirs0"),
    "table": Case(
        NAT, "nft add table ip netmodes-bridge-nat0",
        "nft delete table ip netmodes-bridge-nat0",
        f"nft delete table ip netmodes-bridge-nat0 ({CHANGED})"),
    "bridge of NAT": Case(
        NAT, "ip link add nat0 type bridge; ip addr add 10.9.0.1/24 dev nat0",
        "ip link del nat0", f"ip link del nat0 ({CHANGED})"),
}  # fmt: skip


def up(lab: Lab, way: str, case: Case, script: str) -> None:
    """Put it up, or let it be cut."""
    command = script if way == "script" else f"netmodes {case.mode}"
    if not case.cut:
        lab.ok(*command.split())
        return
    for program in ("ip", "tee"):
        lab.replace(program, CUT)
    killed = lab.run("env", f"AT={case.cut}", *command.split())
    assert killed.returncode == -9, killed.stderr


DOWN = {
    "netmodes": "netmodes down A",
    "script": "{script} down",
    "down.sh": "bash /run/netmodes/A/down.sh",
}


@pytest.fixture(scope="session")
def alone(labs: Callable[[], Lab]) -> Callable[[str], State]:
    """Gives the state of a lab where they have done what they do, and nothing was ever of ours."""

    @cache
    def done(theirs: str) -> State:
        with labs() as lab:
            lab.ok("bash", "-e", "-c", theirs or "true")
            return state(lab.ok)

    return done


@pytest.mark.sweep
@pytest.mark.parametrize("way", DOWN)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_theirs(
    quick_lab: Lab,
    alone: Callable[[str], State],
    case: Case,
    way: str,
    record_property: Callable[[str, object], None],
) -> None:
    """What they made stays, and is named where it is in the place of ours; ours goes."""
    script = quick_lab.export(*case.mode.split())
    up(quick_lab, way, case, script)
    quick_lab.ok("bash", "-e", "-c", f"{case.ours}\n{case.theirs}")
    down = quick_lab.run(*DOWN[way].format(script=script).split())
    left = re.findall("left alone: (.*)", down.stderr)

    assert down.returncode == 0, down.stderr
    assert left == case.left.splitlines()
    assert state(quick_lab.ok) == alone(case.theirs)
    record_property(TALLY, "theirs: interferences tried, what is theirs as they left it")
