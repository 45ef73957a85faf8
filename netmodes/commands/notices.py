"""What to know before a mode runs: findings that are quick to make."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

from netmodes.commands import uplink
from netmodes.machine.facts import Facts, kind
from netmodes.plan.finding import Finding


def before_up(facts: Facts) -> Iterator[Finding]:
    """What to know before anything is put up; all that it looks at is read for every mode."""
    for port in (link["ifname"] for link in facts.known("links") if "master" in link):
        yield from uplink.addresses_on_port(port, facts)
    for network in facts.known("networks"):
        if network.state == "interrupted":
            name = network.name
            what = f"{name} was interrupted, and is neither up nor down"
            yield Finding("warning", what, "netmodes list", fix=f"netmodes down {name}", about=name)


def of_subnet(mode: str, address: str, facts: Facts) -> Iterator[Finding]:
    """Whether something that is not ours stands for the addresses that a mode takes first."""
    subnet = IPv4Interface(address).network
    ours = Facts(routes=[], networks=facts.networks).overlap(subnet)
    if (other := facts.overlap(subnet)) is not None and ours is None:
        routes = f"ip route show table all root {subnet}"
        yield Finding(
            "warning",
            f"{subnet}, which {mode} takes first, overlaps {other}",
            routes if "route" in other else "cat /etc/resolv.conf; echo $SSH_CONNECTION",
            advice=f"nothing: {mode} takes the next that is free, or what --address says",
        )


def dummy_of_the_module(facts: Facts) -> Iterator[Finding]:
    """A dummy0 that came with the module: ``ip link add dummy0`` fails (docs/kernel.md#dummy0)."""
    link = facts.link("dummy0")
    if link is not None and kind(link) == "dummy" and not facts.addresses("dummy0"):
        yield Finding(
            "warning",
            "the host has a dummy0, as the module makes one, so isolated takes another name",
            "ip -d link show dev dummy0",
            fix="ip link del dummy0",
            about="dummy0",
        )
