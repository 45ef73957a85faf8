"""What the host forwards: a host-only network stays with it, and no IPv6 goes further."""

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

import pytest
from console import machine

from netmodes import Bridged, Facts, HostOnly, Nat
from netmodes.commands import looks
from netmodes.commands.notices import leaks
from netmodes.machine.entries import Address
from netmodes.plan.requirement import Requirement

KEEP = "sysctl -w net.ipv4.conf.veth0.forwarding=0"


def beside(article: Facts, **network: str) -> Facts:
    """The article's machine, with a host-only network on it."""
    (there,) = machine("host-only-up").known("networks")
    return replace(article, networks=[replace(there, **network)])


def kept(facts: Facts) -> list[bool]:
    """Whether nat and bridged put the host-only network right, just after they forward."""
    found = []
    for mode in (Nat(namespace="N"), Bridged(uplink="enp0s1", namespace="N")):
        lines = [*mode.plan(facts).lines]
        at = lines.index(KEEP) - 1 if KEEP in lines else 0
        found.append(lines[at] == "sysctl -w net.ipv4.ip_forward=1")
    return found


def forwards(*devices: str) -> dict[str, str]:
    """The devices that forward what comes in by them."""
    return {f"net/ipv4/conf/{name}/forwarding": "1" for name in devices}


def test_put_right(article: Facts) -> None:
    """Where forwarding begins a host-only network that is up is put right."""
    forwarding = {**article.known("sysctls"), "net.ipv4.ip_forward": "1"}

    assert kept(beside(article)) == [True, True]
    assert kept(beside(article, state="interrupted")) == [False, False]
    assert kept(article) == [False, False]
    on = replace(beside(article), sysctls=forwarding, with_ip_forward=forwards("enp0s1"))
    assert kept(on) == [False, False]


def test_gone_since(article: Facts) -> None:
    """A script that puts a network right looks first whether that is there."""
    look = looks.links(looks.named("veth0"))
    again = "A is not up any more, and has no veth0: export again"
    required = Requirement(look, True, again, guard=True)

    assert required in Nat(namespace="N").plan(beside(article)).requirements
    assert required not in Nat(namespace="N").plan(article).requirements


@pytest.mark.parametrize("known", ["0", "1", None])
@pytest.mark.parametrize(("mode", "device"), [(HostOnly(), "veth0"), (Nat(), "nat0")])
def test_ipv4_alone(mode: HostOnly | Nat, device: str, known: str | None, article: Facts) -> None:
    """A device of ours is closed to IPv6 before it is up, wherever the kernel has IPv6."""
    sysctls = {**article.known("sysctls"), "net.ipv6.conf.all.disable_ipv6": known}
    lines = mode.plan(replace(article, sysctls=sysctls)).lines
    key = f"net.ipv6.conf.{device}"
    closes = f"sysctl -w {key}.accept_ra=0 {key}.disable_ipv6=1"

    assert (closes in lines) is (known is not None)
    assert closes in (*lines[: lines.index(f"ip link set {device} up")], closes)
    assert closes not in Nat(namespace="B").plan(machine("nat-up")).lines


def opened(facts: Facts, forwards: str = "0", **changes: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Level and fix of what opens the machine's one network."""
    sysctls = {**facts.known("sysctls"), "net.ipv6.conf.all.forwarding": forwards}
    facts = replace(facts, sysctls=sysctls, **changes)
    (network,) = facts.known("networks")
    return [(finding.level, finding.fix) for finding in leaks(network, facts)]


def test_opened_later() -> None:
    """Forwarding and IPv6 that came to a device of ours after its run are found, with the fix."""
    host_only = machine("host-only-up")
    address = Address(IPv6Address("fe80::1"), 64, "link")
    ipv6 = [replace(link, addresses=(address,)) for link in host_only.known("links")]
    on = {"net/ipv4/conf/veth0/forwarding": "1"}
    closed = "sysctl -w net.ipv4.conf.veth0.forwarding=0"
    disabled = "sysctl -w net.ipv6.conf.veth0.disable_ipv6=1"

    assert opened(host_only, "1") == []
    assert opened(host_only, with_ip_forward=on) == [("error", closed)]
    assert opened(host_only, links=ipv6) == [("warning", disabled)]
    assert opened(host_only, "1", links=ipv6) == [("error", disabled)]
    assert opened(machine("nat-up")) == []
    assert opened(machine("bridged-up"), "1") == []


@pytest.mark.parametrize(
    ("forwarding", "new", "opens"), [("1", "0", True), ("1", "1", False), ("0", "0", False)]
)
def test_new_devices(forwarding: str, new: str, opens: bool, article: Facts) -> None:
    """Where the host forwards, but not what comes in on new devices, the bridge is told to."""
    sysctls = {**article.known("sysctls"), "net.ipv4.ip_forward": forwarding}
    on = forwards("enp0s1", *(["default"] if new == "1" else []))
    facts = replace(article, sysctls=sysctls, with_ip_forward=on)

    for mode, bridge in ((Nat(), "nat0"), (Bridged(uplink="enp0s1"), "br0")):
        line = f"sysctl -w net.ipv4.conf.{bridge}.forwarding=1"
        assert (line in mode.plan(facts).lines) is opens
