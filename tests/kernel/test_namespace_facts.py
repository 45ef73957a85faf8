"""The facts of a namespace: the same snapshot, read in it."""

import sys
from ipaddress import IPv4Interface

from labs import Lab

from netmodes import Facts
from netmodes.machine.rule import Rule

PRINT = """
import sys; from netmodes import namespace_facts; print(namespace_facts(sys.argv[1]).to_json())
"""


def inside(lab: Lab, name: str = "A") -> Facts:
    """The facts of a namespace of the lab."""
    return Facts.from_json(lab.ok(sys.executable, "-c", PRINT, name))


def test_host_only(lab: Lab) -> None:
    """A namespace has its own devices, addresses, routes, rules and settings."""
    lab.ok("netmodes", "host-only")

    facts = inside(lab)

    assert facts.addresses("veth1") == [IPv4Interface("192.168.202.11/24")]
    assert facts.link("veth0") is facts.link("enp0s1") is None
    assert facts.default_routes() == []
    assert facts.rules is not None
    assert facts.rules[0] == Rule("0:\tfrom all lookup local", 0)


def test_settings(lab: Lab) -> None:
    """Settings are the namespace's, not the host's, also of a device with a dot in its name."""
    lab.ok("netmodes", "host-only", "--device", "veth1.7")
    lab.ok("sysctl", "-w", "net.ipv4.ip_forward=1")
    lab.inside("sysctl", "-w", "net.ipv4.conf.veth1/7.rp_filter=2")

    sysctls = inside(lab).known("sysctls")

    assert sysctls["net.ipv4.ip_forward"] == "0"
    assert sysctls["net.ipv4.conf.veth1.7.rp_filter"] == "2"


def test_unknown(lab: Lab) -> None:
    """What only a host has is unknown in a namespace, and never absent."""
    lab.ok("netmodes", "host-only")

    facts = inside(lab)

    assert (facts.namespaces, facts.networks, facts.iptables) == (None, None, None)


def test_no_namespace(lab: Lab) -> None:
    """A namespace that is not there is refused by name, whatever the name looks like."""
    for name in ("B", "../netns", "-a"):
        done = lab.run(sys.executable, "-c", PRINT, name)

        assert f"Refused: there is no namespace {name}" in done.stderr
