"""IP forwarding: bridged and nat switch it on; host-only switches it off for its own cable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from netmodes.machine.facts import Facts
from netmodes.plan.network import Network
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.undo import BEFORE, Sign, Undo

#: Who visibly depends on forwarding: the bridges of container engines, and NAT.
NEED_FORWARDING: tuple[Sign, ...] = (
    (
        ("ip", "-o", "link", "show", "type", "bridge"),
        "(docker|virbr|podman|cni|lxdbr|incusbr)[0-9]+|br-[0-9a-f]{12}",
    ),
    (("nft", "list", "ruleset"), "masquerade|[sd]nat to"),
    (("iptables", "-t", "nat", "-S"), "MASQUERADE|[SD]NAT"),
)

#: What networks that forward share.
FORWARDING = "sysctl net.ipv4.ip_forward"

OWN_FORWARDING = "ipv4.forwarding"


def forward(facts: Facts) -> Iterator[Step]:
    """``sysctl -w net.ipv4.ip_forward=1``, where the host does not forward already.

    Going back turns off forwarding on every device and lets ICMP redirects in again (ip-sysctl), so
    what was otherwise is put back with it. What has come to need forwarding meanwhile keeps it; not
    what is there already, and does without.
    """
    key = "net.ipv4.ip_forward"
    if facts.known("sysctls")[key] == "1":
        return
    step = write(key, 1, "the host passes on what is not for it")
    also = (f"{name}={value}" for name, value in (facts.with_ip_forward or {}).items())
    there = "\n".join([*(link["ifname"] for link in facts.known("links")), *(facts.nft or ())])
    users = tuple(sign for sign in NEED_FORWARDING if not re.search(sign[1], there, re.IGNORECASE))
    if step.undo:
        yield replace(step, undo=replace(step.undo, argv=(*step.undo.argv, *also), users=users))


def write(key: str, value: int, why: str) -> Step:
    """``sysctl -w key=value``; put back if it was another and still is ours."""
    return Step(
        ("sysctl", "-w", f"{key}={value}"),
        why,
        undo=Undo(("sysctl", "-n", key), ("sysctl", "-w", f"{key}={BEFORE}")),
        share=f"sysctl {key}",
    )


def device_key(device: str, name: str) -> str:
    """A device's own sysctl (``ipv4.rp_filter``); parted by slashes where its name has a dot."""
    family, _, last = name.partition(".")
    return ("/" if "." in device else ".").join(("net", family, "conf", device, last))


def keep_to_host(device: str, namespace: str) -> Step:
    """What comes in by a device goes no further than the host; the setting goes with the device."""
    why = f"what comes from {namespace} goes no further than the host"
    step = write(device_key(device, OWN_FORWARDING), 0, why)
    return replace(step, undo=None, share="").as_guard(
        f"a host that forwards, for Docker or nat, takes {namespace} further, and others to it"
    )


def forward_and_keep(facts: Facts) -> Iterator[Step]:
    """The host forwards; that it does so on every device is put right for host-only networks."""
    began = [*forward(facts)]
    yield from began
    for network in _kept(facts) if began else ():
        yield keep_to_host(network.topology.host_device, network.name)


def forwarding_requirements(facts: Facts) -> Iterator[Requirement]:
    """The host still forwards if it did; else the devices that are to be put right are there."""
    if facts.known("sysctls")["net.ipv4.ip_forward"] == "1" and not facts.shared(FORWARDING):
        otherwise = "the host forwards no more (net.ipv4.ip_forward is 0): export again"
        yield Requirement(("sysctl", "-n", "net.ipv4.ip_forward"), "1", otherwise)
    for network in _kept(facts) if [*forward(facts)] else ():
        device, name = network.topology.host_device, network.name
        argv = ("ip", "-o", "link", "show", "dev", device)
        otherwise = f"{name} is not up any more, and has no {device}: export again"
        yield Requirement(argv, f" {device}", otherwise, guard=True)


def _kept(facts: Facts) -> list[Network]:
    """The networks that are up and go no further than the host."""
    networks: list[Network] = facts.known("networks")
    return [one for one in networks if one.topology.ends_at_host and one.state == "up"]
