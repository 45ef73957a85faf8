"""A host-only network that is up is put right where forwarding begins."""

from dataclasses import replace

from console import machine

from netmodes import Bridged, Facts, Nat
from netmodes.commands import looks
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


def test_put_right(article: Facts) -> None:
    """Where forwarding begins a host-only network that is up is put right."""
    forwarding = {**article.known("sysctls"), "net.ipv4.ip_forward": "1"}

    assert kept(beside(article)) == [True, True]
    assert kept(beside(article, state="interrupted")) == [False, False]
    assert kept(article) == [False, False]
    assert kept(replace(beside(article), sysctls=forwarding)) == [False, False]


def test_gone_since(article: Facts) -> None:
    """A script that puts a network right looks first whether that is there."""
    look = looks.links(looks.named("veth0"))
    again = "A is not up any more, and has no veth0: export again"
    required = Requirement(look, True, again, guard=True)

    assert required in Nat(namespace="N").plan(beside(article)).requirements
    assert required not in Nat(namespace="N").plan(article).requirements
