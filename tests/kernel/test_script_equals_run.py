"""The live run and the exported script make the same, and either takes all of it back."""

import json
import sys

import pytest
from labs import Lab
from state import State, state

from netmodes.lab.servers import PAGE

MODES = (
    "host-only",
    "host-only --verbatim",
    "bridged --uplink enp0s1",
    "bridged --uplink enp0s1 --verbatim",
    "nat --publish 8080:80",
)

WAYS = ("live", "script")


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> list[str]:
    """A mode as on the command line."""
    words: str = request.param
    return words.split()


@pytest.fixture
def script(quick_lab: Lab, mode: list[str]) -> str:
    """The mode's script, exported on the lab's machine."""
    return quick_lab.export(*mode)


def test_up(quick_lab: Lab, mode: list[str], script: str) -> None:
    """The live run and the script leave the same state, journal and all."""
    quick_lab.ok("netmodes", *mode)
    live = state(quick_lab.ok)
    quick_lab.ok("netmodes", "down", "A")
    quick_lab.ok(script)

    assert state(quick_lab.ok) == live


@pytest.mark.sweep
@pytest.mark.parametrize("down_by", WAYS)
@pytest.mark.parametrize("up_by", WAYS)
def test_down(
    quick_lab: Lab, untouched: State, mode: list[str], script: str, up_by: str, down_by: str
) -> None:
    """Whichever way it went up and down, the state is as before."""
    quick_lab.ok(*{"live": ["netmodes", *mode], "script": [script, "up"]}[up_by])
    up = state(quick_lab.ok)
    quick_lab.ok(*{"live": ["netmodes", "down", "A"], "script": [script, "down"]}[down_by])

    assert up["namespaces"] == ["A"]
    assert state(quick_lab.ok) == untouched


IN_PYTHON = """
from netmodes import HostOnly

record = HostOnly().up()
HostOnly().down()
print(record.script(), end="")
"""

AS_CONTEXT = """
import json
from netmodes import HostOnly

with HostOnly(namespace="A") as net:
    outcome = net.exec("curl", "--silent", "--noproxy", "*", "192.168.202.1")
print(json.dumps([outcome.status, outcome.stdout]))
"""


def test_record_script(quick_lab: Lab) -> None:
    """A record gives the script that the command line exports."""
    exported = quick_lab.ok("netmodes", "host-only", "--export", "-")
    from_record = quick_lab.ok(sys.executable, "-c", IN_PYTHON)

    assert from_record == exported


def test_context(quick_lab: Lab, untouched: State) -> None:
    """In Python a network is up within `with`, and gone after it."""
    status, page = json.loads(quick_lab.ok(sys.executable, "-c", AS_CONTEXT))

    assert (status, page) == (0, PAGE)
    assert state(quick_lab.ok) == untouched


#: A change of each kind, and where it shows.
CHANGES = {
    "the host links enp0s1": "ip link set enp0s1 mtu 1400",
    "the host links veth7": "ip link add veth7 type veth peer name veth8",
    "the host routes table main 10.9.0.0/16": "ip route add 10.9.0.0/16 via 192.168.64.1",
    "the host routes table 7 10.9.0.0/16": "ip route add 10.9.0.0/16 via 192.168.64.1 table 7",
    "the host routes6 table main 2001:db8::/32": "ip -6 route add 2001:db8::/32 dev enp0s1",
    "the host rules 32765": "ip rule add from 10.9.0.1 table 7",
    "the host rules6 32765": "ip -6 rule add from 2001:db8::1 table 7",
    "the host proxies 10.9.0.1 dev enp0s1": "ip neigh add proxy 10.9.0.1 dev enp0s1",
    "the host net.ipv4.conf.lo.forwarding": "sysctl -w net.ipv4.conf.lo.forwarding=1",
    "the host nft table inet mine": "nft add table inet mine",
    "A links lo": "ip -n A link set lo up",
    "A net.ipv4.ip_forward": "ip netns exec A sysctl -w net.ipv4.ip_forward=1",
    "namespaces": "ip netns add B",
    "/run/netmodes/B": "mkdir -p /run/netmodes/B",
}


def test_state_sees_every_kind_of_change(lab: Lab) -> None:
    """The comparison itself misses nothing."""
    lab.ok("ip", "netns", "add", "A")
    before = state(lab.ok)
    for command in CHANGES.values():
        lab.ok(*command.split())
    after = state(lab.ok)

    assert set(CHANGES) <= {key for key in after if before.get(key) != after[key]}
