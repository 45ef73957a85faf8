"""The catalogue: what about a machine matters, and what mends it.

Pure functions of facts. What is unknown is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Interface

from netmodes import uplink
from netmodes.facts import Facts, kind
from netmodes.finding import Finding
from netmodes.iproute import PACKAGES

__all__ = [
    "Finding",
    "before_up",
    "dummy_of_the_module",
    "missing",
    "no_user_namespaces",
    "of_subnet",
]

#: Debian's package for each program that no plan runs, and what it is for.
HELPERS = {
    "flock": ("util-linux", "exported scripts"),
    "iptables": ("iptables", "bridged where a firewall drops"),
    "nft": ("nftables", "seeing the firewall"),
    "setpriv": ("util-linux", "`netmodes exec`"),
    "tc": ("iproute2", "seeing tc filters"),
    "unshare": ("util-linux", "`netmodes lab`"),
}

#: What allows user namespaces, for each setting that may forbid them.
ALLOWING = {
    "user.max_user_namespaces": "user.max_user_namespaces=10000",
    "kernel.unprivileged_userns_clone": "kernel.unprivileged_userns_clone=1",
    "kernel.apparmor_restrict_unprivileged_userns": (
        "kernel.apparmor_restrict_unprivileged_userns=0"
    ),
}


def before_up(facts: Facts) -> Iterator[Finding]:
    """What to know before anything is put up; all that it looks at is read for every mode."""
    for port in (link["ifname"] for link in facts.known("links") if "master" in link):
        yield from uplink.stray(port, facts)
    for network in facts.known("networks"):
        if network.get("state") == "interrupted":
            name = network["name"]
            what = f"{name} was interrupted, and is neither up nor down"
            yield Finding("warning", what, "netmodes list", f"netmodes down {name}", name)


def of_subnet(mode: str, address: str, facts: Facts) -> Iterator[Finding]:
    """Whether something that is not ours stands for the addresses that a mode takes first."""
    subnet = IPv4Interface(address).network
    other, ours = facts.overlap(subnet), replace(facts, routes=[]).overlap(subnet)
    if other is not None and ours is None:
        yield Finding(
            "warning",
            f"{subnet}, which {mode} takes first, overlaps {other}",
            f"ip route show table all root {subnet}",
            f"nothing: {mode} takes the next that is free, or what --address says",
        )


def missing(program: str) -> Finding:
    """A program that is not there: an error where a mode runs it."""
    package, purpose = HELPERS.get(program, (PACKAGES.get(program, program), ""))
    mend = f"install {package}" + (f", for {purpose}" if purpose else "")
    level = "warning" if purpose else "error"
    return Finding(level, f"there is no `{program}` on PATH", f"command -v {program}", mend)


def no_user_namespaces(why: str, setting: str) -> Finding:
    """Why there can be no lab."""
    what = f"this machine does not allow a user its own namespaces ({why})"
    mend = f"sysctl -w {ALLOWING[setting]}" if setting else "try it as root"
    return Finding("warning", what, "unshare --user --map-root-user --net true", mend)


def dummy_of_the_module(facts: Facts) -> Iterator[Finding]:
    """A dummy0 that came with the module: ``ip link add dummy0`` would fail (kernel-facts 26)."""
    link = facts.link("dummy0")
    if link is not None and kind(link) == "dummy" and not facts.addresses("dummy0"):
        yield Finding(
            "warning",
            "the host has a dummy0, as the module makes one, so isolated takes another name",
            "ip -d link show dev dummy0",
            "ip link del dummy0",
            "dummy0",
        )
