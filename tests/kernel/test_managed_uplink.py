"""Who else sees to the uplink: its managers, its lease, and who came to the machine through it."""

import json
import re
import subprocess
import time

import pytest
from labs import Lab
from state import State, state

BRIDGED = ("netmodes", "bridged", "--uplink", "enp0s1")

#: What each manager leaves in /run for the device of this index, and what stops it.
TRACES = {
    "NetworkManager": (
        "mkdir -p /run/NetworkManager/devices && "
        "printf '[device]\\nmanaged=true\\n' >/run/NetworkManager/devices/{}",
        "nmcli device set enp0s1 managed no",
    ),
    "systemd-networkd": (
        "mkdir -p /run/systemd/netif/links && "
        "echo ADMIN_STATE=configured >/run/systemd/netif/links/{}",
        "networkctl reload",
    ),
}

#: Seconds, as a DHCP client gives them.
LEASE = ("valid_lft", "600", "preferred_lft", "600")

FOREVER = 4294967295


def index(lab: Lab) -> int:
    """The uplink's."""
    (link,) = json.loads(lab.ok("ip", "-j", "link", "show", "enp0s1"))
    return int(link["ifindex"])


def lifetime(lab: Lab, device: str) -> int:
    """How long 192.168.64.3 lasts on a device, in seconds."""
    (link,) = json.loads(lab.ok("ip", "-j", "addr", "show", device))
    (address,) = (info for info in link["addr_info"] if info["local"] == "192.168.64.3")
    return int(address["valid_life_time"])


def said_before(lab: Lab) -> str:
    """What is said before the first command."""
    said, first, _ = lab.run(*BRIDGED).stderr.partition("[#] ip netns add A\n")
    assert first
    return said


@pytest.mark.parametrize("manager", TRACES)
def test_manager(lab: Lab, manager: str) -> None:
    """What a manager of the uplink will do is said before the first command, with the cure."""
    trace, cure = TRACES[manager]
    lab.ok("bash", "-c", trace.format(index(lab)))

    said = said_before(lab)

    assert f"# {manager} " in said
    assert cure in said


def client(lab: Lab, name: str, words: str, *, router: bool = False) -> subprocess.Popen[str]:
    """A process that looks like a DHCP client of this name, until its stdin ends."""
    looks = f"exec -a /sbin/{name} sh -c 'echo; read line' {words}"
    argv, pipe = lab.argv("bash", "-c", looks, router=router), subprocess.PIPE
    running = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "\n"
    return running


def test_dhcp_client(lab: Lab) -> None:
    """So is what its DHCP client will do; not that of another device, or of another machine."""
    clients = [
        client(lab, "dhclient", "-4 enp0s1"),
        client(lab, "udhcpc", "-i enp0s10"),
        client(lab, "dhcpcd", "enp0s1", router=True),
    ]

    said = said_before(lab)
    for running in clients:
        running.communicate()

    assert "# dhclient gives enp0s1 its address again" in said
    assert re.search(r"kill -STOP \d+\n", said)
    assert not re.search("udhcpc|dhcpcd", said)


def test_lease(lab: Lab) -> None:
    """A lease lasts for ever on the bridge, and comes back less the time that has passed."""
    lab.ok("ip", "addr", "change", "192.168.64.3/24", "dev", "enp0s1", *LEASE)
    began, given = time.monotonic(), lifetime(lab, "enp0s1")

    lab.ok(*BRIDGED)
    on_bridge = lifetime(lab, "br0")
    time.sleep(4)
    lab.ok("netmodes", "down", "A")
    left = lifetime(lab, "enp0s1")
    elapsed = time.monotonic() - began

    assert on_bridge == FOREVER
    assert left == pytest.approx(given - elapsed, abs=3)


def test_address_on_the_port(lab: Lab) -> None:
    """`list` says so when a DHCP client has given the port its address again."""
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    lab.ok("ip", "addr", "add", "192.168.64.3/24", "dev", "enp0s1")

    listed = lab.ok("netmodes", "list")

    assert "Note: enp0s1 is a port of br0, yet has 192.168.64.3/24" in listed


def over_ssh(lab: Lab, *arguments: str) -> str:
    """What `bridged` says to who came over SSH from the LAN."""
    ssh = "SSH_CONNECTION=192.168.64.1 51000 192.168.64.3 22"
    return lab.run("env", ssh, *arguments).stderr


def test_objection(lab: Lab, untouched: State) -> None:
    """Who came through the uplink must want a confirmation, or go on all the same."""
    says = "your SSH session goes through enp0s1"

    refused = over_ssh(lab, *BRIDGED, "--verbatim")
    after = state(lab.ok)
    confirmed = over_ssh(lab, *BRIDGED, "--confirm", "1")
    anyway = over_ssh(lab, *BRIDGED, "--anyway")
    joined = over_ssh(lab, *BRIDGED, "-n", "B")

    assert refused == f"Error: {says}: use --confirm 60, or go on with --anyway\n"
    assert after == untouched
    assert "is undone" in confirmed
    assert says not in confirmed
    assert f"[#] # {says}:" in anyway
    assert says not in joined
    assert {one["name"] for one in json.loads(lab.ok("netmodes", "list", "--json"))} == {"A", "B"}


def test_no_objection(lab: Lab) -> None:
    """Who came through another NIC is told nothing."""
    lab.ok("bash", "-ec", "ip link add eth1 type veth peer name eth2; ip link set eth2 up")
    lab.ok("bash", "-ec", "ip link set eth1 up; ip addr add 10.0.0.2/24 dev eth1")

    assert "SSH" not in over_ssh(lab, "netmodes", "bridged", "--uplink", "eth1")


def test_ssh_of_a_script(lab: Lab) -> None:
    """A script names --confirm in a line to who came through the uplink, sudo or not."""
    script = lab.export("bridged", "--uplink", "enp0s1")
    line = f"[#] # your SSH session goes through enp0s1: use `{script} up --confirm 60`\n"

    hidden = over_ssh(lab, "sh", "-c", f"env -u SSH_CONNECTION {script}; true")
    lab.ok(script, "down")
    confirmed = over_ssh(lab, script, "--confirm", "1")

    assert line in hidden
    assert "SSH" not in confirmed
