"""What the host forwards: for nat and bridged all they send, for host-only nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console import machine
from labs import Lab
from state import State, state

from netmodes import Bridged, Facts, Nat
from netmodes.plan.step import Check

KEEP = "sysctl -w net.ipv4.conf.veth0.forwarding=0"
HERE = "192.168.202.11"


def beside(article: Facts, **network: str) -> Facts:
    """The article's machine, with a host-only network on it."""
    (there,) = machine("host-only-up").known("networks")
    return replace(article, networks=[{**there, **network}])


def kept(facts: Facts) -> list[bool]:
    """Whether nat and bridged put the host-only network right, just after they forward."""
    found = []
    for mode in (Nat(namespace="N"), Bridged(uplink="enp0s1", namespace="N")):
        lines = [*mode.plan(facts).lines]
        at = lines.index(KEEP) - 1 if KEEP in lines else 0
        found.append(lines[at] == "sysctl -w net.ipv4.ip_forward=1")
    return found


@pytest.mark.pure
def test_put_right(article: Facts) -> None:
    """Where forwarding begins a host-only network that is up is put right."""
    forwarding = {**article.known("sysctls"), "net.ipv4.ip_forward": "1"}

    assert kept(beside(article)) == [True, True]
    assert kept(beside(article, state="interrupted")) == [False, False]
    assert kept(article) == [False, False]
    assert kept(replace(beside(article), sysctls=forwarding)) == [False, False]


@pytest.mark.pure
def test_gone_since(article: Facts) -> None:
    """A script that puts a network right looks first whether that is there."""
    argv = ("ip", "-o", "link", "show", "dev", "veth0")
    again = "A is not up any more, and has no veth0: export again"
    check = Check(argv, " veth0", again, guard=True)

    assert check in Nat(namespace="N").plan(beside(article)).checks
    assert check not in Nat(namespace="N").plan(article).checks


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
