"""A flow that began before does not reach the namespace that has the address now."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from labs import Lab
from state import state

pytestmark = pytest.mark.sweep

#: A datagram every 10 ms from one port; at most 3,000.
SEND = """
import socket, sys, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind(("", 5000))
for number in range(3000):
    out.sendto(b"%d" % number, (sys.argv[1], 8080))
    time.sleep(0.01)
"""

#: A server of TCP, and a client that goes on sending what nobody acknowledges any more.
LISTEN = """
import socket, time
server = socket.create_server(("", 80))
accepted, _ = server.accept()
time.sleep(30)
"""
CONNECT = """
import socket, time
client = socket.create_connection(("192.168.64.3", 8080))
for _ in range(600):
    client.send(b"x")
    time.sleep(0.05)
"""

#: Where they come from, and what they are sent to: the host's ports on the LAN, and on loopback.
FROM = {
    "the LAN": ("nsenter --net=/run/lan/neighbour", "192.168.64.3"),
    "the host": ("", "192.168.64.3"),
    "its loopback": ("", "127.0.0.1"),
    "the bridge": ("ip netns exec C", "192.168.64.3"),
}

#: The namespace that takes A's address: it publishes nothing, or another port of the host.
NEXT = ("", "--publish 8081:80/udp")


NAT = "netmodes nat --address 10.64.0.50/24".split()


@pytest.fixture(params=["nft", "iptables"])
def tool(request: pytest.FixtureRequest, lab: Lab) -> str:
    """What the machine filters packets with."""
    name: str = request.param
    if name == "iptables":
        lab.hide("nft")
    return name


@contextmanager
def running(lab: Lab, place: str, *program: str) -> Iterator[None]:
    """A program of Python's meanwhile, in one place of the lab."""
    argv = lab.argv(*place.split(), sys.executable, "-c", *program)
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def sent(lab: Lab, where: str) -> AbstractContextManager[None]:
    """Datagrams from one place meanwhile."""
    place, address = FROM[where]
    return running(lab, place, SEND, address)


def received(lab: Lab, name: str, protocol: str = "udp", seconds: float = 0.5) -> int:
    """How many packets for port 80 come to a namespace meanwhile, once the host has its MAC."""
    lab.ok(*f"ip netns exec {name} iptables -I INPUT -p {protocol} --dport 80".split())
    lab.ok(*f"ip netns exec {name} ping -c 1 10.64.0.1".split())
    lab.sh(f"sleep {seconds}")
    counted = lab.ok(*f"ip netns exec {name} iptables -nvxL INPUT".split())
    return int(counted.splitlines()[2].split()[0])


@pytest.mark.parametrize("then", NEXT, ids=["", "publishing"])
@pytest.mark.parametrize("where", FROM)
def test_datagrams(lab: Lab, tool: str, where: str, then: str) -> None:
    """Datagrams for a published port end with it, though their flow goes on."""
    lab.ok(*"netmodes nat -n C --publish 9090:90".split())
    lab.ok(*NAT, "--publish", "8080:80/udp")
    with sent(lab, where):
        assert received(lab, "A") > 20
        lab.ok("netmodes", "down", "A")
        lab.ok(*NAT, "-n", "B", *then.split())

        assert received(lab, "B") == 0


def test_connection(lab: Lab, tool: str) -> None:
    """So do a connection's segments, sent again as long as no reset comes from the namespace."""
    lab.ok(*"netmodes nat -n C".split())
    lab.ok(*NAT, "--publish", "8080:80")
    with running(lab, "ip netns exec A", LISTEN):
        lab.sh("until ip netns exec A ss -ltn | grep -q :80; do sleep 0.1; done")
        with running(lab, FROM["the LAN"][0], CONNECT):
            assert received(lab, "A", "tcp") > 5
            lab.ok(*"ip netns exec A iptables -I OUTPUT -p tcp -j DROP".split())
            lab.ok("netmodes", "down", "A", "--kill")
            lab.ok(*NAT, "-n", "B")

            assert received(lab, "B", "tcp", seconds=3) == 0


def test_flows_are_ended(lab: Lab, tool: str) -> None:
    """Where conntrack(8) is installed it ends the flows of each published port, if it finds any."""
    lab.replace("conntrack", f'echo "$@" >>{lab.programs.name}/ended; exit 1')
    lab.ok(*NAT, "--publish", "8080:80,5353:53/udp")
    lab.ok("netmodes", "down", "A")

    ended = Path(lab.programs.name, "ended").read_text().splitlines()
    assert sorted(ended) == [
        "-D -p tcp --orig-port-dst 8080 --reply-src 10.64.0.50",
        "-D -p udp --orig-port-dst 5353 --reply-src 10.64.0.50",
    ]


def test_shut(lab: Lab) -> None:
    """A published port that is in the bridge's set no more is found, and the fix opens it."""
    lab.ok(*NAT, "--publish", "8080:80,5353:53/udp")
    assert "does not let in" not in lab.netmodes("doctor").stdout
    lab.ok(*"nft flush set ip netmodes-bridge-nat0 published".split())

    found = json.loads(lab.netmodes("doctor", "--json").stdout)
    shut = [one for one in found if "does not let in" in one["what"]]
    assert len(shut) == 2
    for one in shut:
        lab.ok("bash", "-c", one["fix"])
    assert "does not let in" not in lab.netmodes("doctor").stdout
    lab.ok("netmodes", "down", "A")


def test_another_bridge(lab: Lab) -> None:
    """A bridge whose table has no set of published ports is refused before anything is touched."""
    lab.ok("netmodes", "nat", "-n", "C")
    lab.ok(*"nft flush chain ip netmodes-bridge-nat0 entering".split())
    lab.ok(*"nft delete set ip netmodes-bridge-nat0 published".split())
    before = state(lab.ok)

    done = lab.netmodes(*NAT[1:], "--publish", "8080:80")

    assert "nat0 has no set of published ports" in done.stderr
    assert state(lab.ok) == before
