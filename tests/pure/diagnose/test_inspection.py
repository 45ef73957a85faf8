"""What is not as planned about a network of ours: facts in, findings out."""

from dataclasses import replace
from typing import Any

import pytest
from console import machine as known_machine

from netmodes import Facts
from netmodes.diagnose.inspection import of_network
from netmodes.machine.printed import link_from, route_from
from netmodes.plan.network import unreadable

NO_CARRIER = frozenset({"UP", "NO-CARRIER"})


def namespace(**link: object) -> Facts:
    """The namespace of A as bridged leaves it, its veth1 with something else about it."""
    address = {"family": "inet", "local": "192.168.64.50", "prefixlen": 24, "scope": "global"}
    lo = {"ifname": "lo", "flags": ["LOOPBACK", "UP"]}
    card = {"ifname": "veth1", "flags": ["UP"], "addr_info": [address], **link}
    default = {"dst": "default", "gateway": "192.168.64.100", "dev": "veth1"}
    return Facts(links=[link_from(lo), link_from(card)], routes=[route_from(default)])


def test_network() -> None:
    """A network that is as it should be has no findings; nor has a name that is none of ours."""
    assert list(of_network("A", known_machine("bridged-up"), namespace())) == []
    assert list(of_network("B", known_machine("bridged-up"), None)) == []


@pytest.mark.parametrize(
    ("link", "remedy"),
    [
        ({"flags": []}, "ip netns exec A ip link set veth1 up"),
        ({"addr_info": []}, "ip netns exec A ip addr add 192.168.64.50/24 dev veth1"),
        ({"ifname": "eth0"}, "`netmodes down A`, then put it up again"),
    ],
)
def test_network_inside(link: dict[str, Any], remedy: str) -> None:
    """A device of the namespace that is down, bare or gone is found."""
    (found,) = of_network("A", known_machine("bridged-up"), namespace(**link))

    assert (found.level, found.remedy) == ("error", remedy)
    assert (found.about, found.namespace) == ("veth1", "A")


@pytest.mark.parametrize(
    ("name", "change", "remedy"),
    [
        ("veth0", {"flags": frozenset()}, "ip link set veth0 up"),
        ("veth0", {"master": "br7"}, "ip link set veth0 master br0"),
        ("br0", {"flags": frozenset()}, "ip link set br0 up"),
        ("br0", {"addresses": ()}, "ip addr add 192.168.64.100/24 dev br0"),
        ("br0", {"name": "br7"}, "`netmodes down A`, then put it up again"),
        ("enp0s1", {"flags": frozenset()}, "ip link set enp0s1 up"),
        ("enp0s1", {"flags": NO_CARRIER}, "plug its cable in, or see to its other end"),
        ("enp0s1", {"master": ""}, "ip link set enp0s1 master br0"),
    ],
)
def test_network_on_the_host(name: str, change: dict[str, Any], remedy: str) -> None:
    """A device of the host's side that is down or unplugged is found."""
    facts = known_machine("bridged-up")
    links = [
        replace(link, **change) if link.name == name else link for link in facts.known("links")
    ]

    (found,) = of_network("A", replace(facts, links=links), namespace())

    assert (found.level, found.remedy) == ("error", remedy)


def test_network_around() -> None:
    """What is no device is found as well: a route, a setting, the namespace, the journal."""
    facts, there = known_machine("bridged-up"), namespace()
    sysctls = {**facts.known("sysctls"), "net.ipv4.ip_forward": "0"}
    off = replace(facts, sysctls=sysctls, with_ip_forward={})
    (network,) = facts.known("networks")
    elsewhere = replace(network, topology=replace(network.topology, gateway="192.168.64.1"))

    def remedies(facts: Facts, there: Facts | None = there) -> list[str]:
        return [finding.remedy for finding in of_network("A", facts, there)]

    assert remedies(facts, replace(there, routes=[])) == [
        "ip netns exec A ip route add default via 192.168.64.100"
    ]
    assert remedies(off) == ["sysctl -w net.ipv4.ip_forward=1"]
    assert remedies(replace(off, networks=[elsewhere])) == []
    assert remedies(replace(facts, namespaces=["B"]), None) == [
        "`netmodes down A`, then put it up again"
    ]
    assert remedies(replace(facts, networks=[unreadable("A")]), None) == [
        "bash /run/netmodes/A/down.sh"
    ]
