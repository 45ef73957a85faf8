"""Who is passed on: what bridged and nat need the host to forward, and host-only it must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from netmodes.commands import iproute
from netmodes.commands.iproute import FORWARDING
from netmodes.machine.facts import Facts
from netmodes.plan.step import Check, Step

__all__ = ["begin", "checks", "keep"]

KEY = "ipv4.forwarding"


def keep(device: str, namespace: str) -> Step:
    """What comes in by a device goes no further than the host; the setting goes with the device."""
    why = f"what comes from {namespace} goes no further than the host"
    step = iproute.sysctl(iproute.device_key(device, KEY), 0, why)
    return replace(step, undo=None, share="").as_guard(
        f"a host that forwards, for Docker or nat, takes {namespace} further, and others to it"
    )


def begin(facts: Facts) -> Iterator[Step]:
    """The host forwards; that it does so on every device is put right for host-only networks."""
    began = [*iproute.forward(facts)]
    yield from began
    for network in _kept(facts) if began else ():
        yield keep(network["parameters"]["host_device"], network["name"])


def checks(facts: Facts) -> Iterator[Check]:
    """The host still forwards if it did; else the devices that are to be put right are there."""
    if facts.known("sysctls")["net.ipv4.ip_forward"] == "1" and not facts.shared(FORWARDING):
        otherwise = "the host forwards no more (net.ipv4.ip_forward is 0): export again"
        yield Check(("sysctl", "-n", "net.ipv4.ip_forward"), "1", otherwise)
    for network in _kept(facts) if [*iproute.forward(facts)] else ():
        device, name = network["parameters"]["host_device"], network["name"]
        argv = ("ip", "-o", "link", "show", "dev", device)
        otherwise = f"{name} is not up any more, and has no {device}: export again"
        yield Check(argv, f" {device}", otherwise, guard=True)


def _kept(facts: Facts) -> list[dict[str, Any]]:
    """The host-only networks that are up."""
    return [
        network
        for network in facts.known("networks")
        if (network.get("mode"), network.get("state")) == ("host-only", "up")
    ]
