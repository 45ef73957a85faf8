"""What the host forwards: for nat and bridged all they send, for host-only nothing."""

import json
import sys

import pytest
from labs import Lab
from places import SUPPORT
from state import State, state

HERE = "192.168.202.11"


def answered(lab: Lab, name: str, address: str) -> bool:
    """Whether a ping from a namespace is answered; from the host for ""."""
    inside = ("ip", "netns", "exec", name) if name else ()
    return lab.run(*inside, "ping", "-c", "1", "-W", "1", address).returncode == 0


@pytest.mark.parametrize("order", ["HA", "AH"])
@pytest.mark.parametrize("mode", ["nat", "bridged --uplink enp0s1"], ids=["nat", "bridged"])
def test_stays_with_its_host(lab: Lab, untouched: State, mode: str, order: str) -> None:
    """A host-only network is not reached through a host that forwards, and reaches nobody so."""
    commands = {"H": "netmodes host-only -n H", "A": f"netmodes {mode} -n A"}
    for name in order:
        lab.ok(*commands[name].split())
    lab.ok("ip", "-n", "H", "route", "add", "default", "via", "192.168.202.1")
    lab.ok("iptables", "-t", "nat", "-I", "POSTROUTING", "-s", HERE, "-j", "MASQUERADE")

    assert answered(lab, "A", "8.8.8.8")
    assert answered(lab, "", HERE)
    assert not answered(lab, "A", HERE)
    assert not answered(lab, "H", "8.8.8.8")
    why = lab.netmodes("why", "H", "8.8.8.8").stdout
    assert "forwarding is 0" in why
    lab.sh("iptables -t nat -F; nft delete table ip nat; nft delete table ip filter")
    for name in order:
        lab.ok("netmodes", "down", name)
    assert state(lab.ok) == untouched


#: Router advertisements from inside for a second, from an address that is usable at once.
ADVERTISE = f"""
ip -n A addr add fe80::bad/64 dev veth1 nodad
exec ip netns exec A timeout 1 {sys.executable} {SUPPORT}/advertise.py veth1 2001:db8:bad::/64 9 9
"""


@pytest.mark.parametrize("guards", ["", "--verbatim"])
@pytest.mark.parametrize("mode", ["host-only", "nat"])
def test_no_route_by_advertisement(lab: Lab, mode: str, guards: str) -> None:
    """A router advertisement sent inside gives the host neither an address nor a route."""
    lab.ok("netmodes", mode, *guards.split())
    lab.ok("netmodes", mode, "-n", "B")
    lab.sh(ADVERTISE)

    assert ("2001:db8:bad:" in lab.ok("ip", "-6", "addr")) is bool(guards)
    assert ("via fe80::bad" in lab.ok("ip", "-6", "route")) is bool(guards)


#: IPv6 from inside to the host's MAC, with an address and a route that nobody gave to A.
SEND_6 = """
mac=$(ip -o link show dev {0} | grep -o 'ether [^ ]*' | cut -d ' ' -f 2)
ip -n A addr add 2001:db8:2::2/64 dev veth1 nodad
ip -n A neigh add fe80::1 lladdr "$mac" dev veth1
ip -n A -6 route add default via fe80::1 dev veth1
ip netns exec A ping -c 1 -W 0.5 2001:db8:1::1
"""


@pytest.mark.parametrize("guards", ["", "--verbatim"])
@pytest.mark.parametrize(("mode", "device"), [("host-only", "veth0"), ("nat", "nat0")])
def test_ipv6_not_passed_on(lab: Lab, mode: str, device: str, guards: str) -> None:
    """A host that forwards IPv6 passes none on from a namespace, whatever route that takes."""
    lab.ok("sysctl", "-w", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.all.proxy_ndp=1")
    lab.ok("ip", "addr", "add", "2001:db8:1::3/64", "dev", "enp0s1", "nodad")
    lab.ok("ip6tables", "-I", "FORWARD", "-s", "2001:db8:2::2", "-j", "ACCEPT")
    lab.ok("netmodes", mode, *guards.split())
    lab.sh(SEND_6.format(device))

    rule = lab.ok("ip6tables", "-nvxL", "FORWARD").splitlines()[2]
    passed_on = rule.split()[0] != "0"
    assert passed_on is bool(guards)


#: What somebody does once the network is up, and what is wrong then.
LATER = {
    "Docker": (
        "sysctl -w net.ipv4.ip_forward=1",
        "the host passes on what comes in on veth0 (net.ipv4.conf.veth0.forwarding is 1)",
    ),
    "IPv6": (
        "sysctl -w net.ipv6.conf.all.forwarding=1; sysctl -w net.ipv6.conf.all.disable_ipv6=1; "
        "sysctl -w net.ipv6.conf.all.disable_ipv6=0",
        "the host passes on IPv6 that comes in on veth0",
    ),
}


@pytest.mark.parametrize("case", LATER)
def test_opened_later(lab: Lab, case: str) -> None:
    """Check, doctor and show find what opens a host-only network later; the fix closes it."""
    later, what = LATER[case]
    lab.ok("netmodes", "host-only")
    assert lab.netmodes("check", "A").returncode == 0
    lab.sh(later)

    checked = json.loads(lab.netmodes("check", "A", "--json").stdout)["results"]
    (differs,) = (one for one in checked if one["differs"])
    assert (differs["to"], differs["reason"]) == ("outside", what)
    doctor = json.loads(lab.netmodes("doctor", "--json").stdout)
    assert differs["finding"] in doctor
    assert what in lab.netmodes("show", "A").stdout
    lab.ok(*differs["finding"]["fix"].split())
    assert lab.netmodes("check", "A").returncode == 0


def test_tried_by_ipv6(lab: Lab) -> None:
    """What host-only must not reach is tried by IPv6 too, and found where there is a way."""
    lab.ok("ip", "addr", "add", "2001:db8:1::3/64", "dev", "enp0s1", "nodad")
    lab.ok("ip", "-6", "route", "add", "default", "via", "2001:db8:1::1", "dev", "enp0s1")
    lab.ok("netmodes", "host-only")
    tried = ("the host's other addresses", "the gateway", "outside")
    expected = dict.fromkeys(tried, False)

    assert _got_by_ipv6(lab) == expected
    lab.ok("sysctl", "-w", "net.ipv6.conf.veth0.disable_ipv6=0")
    for inside, number in (("", 1), ("-n A", 2)):
        device = f"veth{number - 1}"
        lab.ok(*f"ip {inside} addr add 2001:db8:2::{number}/64 dev {device} nodad".split())
    lab.ok(*"ip -n A -6 route add default via 2001:db8:2::1".split())
    assert _got_by_ipv6(lab) == {**expected, tried[0]: True}


def _got_by_ipv6(lab: Lab) -> dict[str, bool]:
    """Whether A reached each target that was tried by IPv6."""
    results = json.loads(lab.netmodes("check", "A", "--json").stdout)["results"]
    return {one["to"]: one["got"] for one in results if ":" in one["tried"]}
