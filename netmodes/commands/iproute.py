"""The words of the article, one function per form of command; each returns a Step and runs nothing.

The forms are the article's to the letter (``ip link add veth0 type veth peer name veth1``), so a
device's name may stand where ``ip`` also takes a keyword: ``devices`` refuses those.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from netmodes.plan.step import Step
from netmodes.plan.undo import Argv, Sign, Undo

NAMESPACES = "/run/netns"

#: Names the bridge of this name ($1) by its ifindex, if the device ($0) is a port of it.
MASTER = (
    'port=$(ip -o link show dev "$0" master "$1") || exit; '
    '[ -n "$port" ] && ip -o link show dev "$1"'
)

#: Prints a device ($0) whose other end is not the one of this name ($1).
OTHER_CABLE = 'ip -o link show dev "$0" | grep -vF ": $0@$1:"'


def add_namespace(name: str) -> Step:
    """``ip netns add``; known again by its inode and birth, for inodes alone are reused.

    Another's, made after a run that was cut, has something in it.
    """
    identity = ("stat", "-L", "-c", "%i.%.9Z", f"{NAMESPACES}/{name}")
    others: tuple[Sign, ...] = (
        (("ip", "netns", "pids", name), "[0-9]+"),
        (("ip", "-n", name, "-o", "link", "show", "up"), ".+"),
    )
    return Step(
        ("ip", "netns", "add", name),
        f"a network of its own, named {name}: no device but a loopback that is down",
        undo=Undo(identity, ("ip", "netns", "del", name), others=others),
    )


def add_dummy(device: str) -> Step:
    """``ip link add … type dummy``."""
    return _add_link(device, "dummy", (), f"{device}, a card with no cable: what it sends is lost")


def add_bridge(device: str) -> Step:
    """``ip link add … type bridge``."""
    return replace(
        _add_link(device, "bridge", (), f"{device}, a switch inside the host"),
        share=f"bridge {device}",
    )


def add_veth(device: str, peer: str) -> Step:
    """``ip link add … type veth peer name …``."""
    why = f"a cable with two ends: what enters {device} leaves {peer}"
    return _add_link(device, "veth", ("peer", "name", peer), why)


def _add_link(device: str, kind: str, more: Argv, why: str) -> Step:
    """A new device; known again by its kind and ifindex, which a host gives once.

    Another's, made after a run that was cut, has an address, a port or another end.
    """
    identity = ("ip", "-o", "link", "show", "dev", device, "type", kind)
    others: tuple[Sign, ...] = (
        (("ip", "-o", "addr", "show", "dev", device), "inet6? [^ ]+"),
        (("ip", "-o", "link", "show", "master", device), ".+"),
    )
    if more:
        others = ((("sh", "-c", OTHER_CABLE, device, more[-1]), ".+"),)
    return Step(
        ("ip", "link", "add", device, "type", kind, *more),
        why,
        undo=Undo(identity, ("ip", "link", "del", device), others=others),
    )


def into_namespace(device: str, namespace: str) -> Step:
    """``ip link set … netns …``: the device vanishes from the host."""
    why = f"{device} leaves the host for {namespace}"
    return Step(("ip", "link", "set", device, "netns", namespace), why)


def add_address(address: str, device: str, namespace: str | None = None) -> Step:
    """``ip addr add … dev …``; ``address`` is CIDR, so the subnet's route comes with it."""
    subnet = ip_interface(address).network
    return Step(
        ("ip", "addr", "add", address, "dev", device),
        f"{device} answers for {ip_interface(address).ip}, and reaches {subnet} directly",
        namespace,
    )


def set_up(device: str, namespace: str | None = None) -> Step:
    """``ip link set … up``."""
    why = "the loopback works" if device == "lo" else f"{device} is switched on"
    return Step(("ip", "link", "set", device, "up"), why, namespace)


def set_up_again(device: str) -> Step:
    """``ip link set … up`` for a device that was there before: down again if it was down."""
    is_up = ("ip", "-o", "link", "show", "dev", device, "up")
    return Step(
        ("ip", "link", "set", device, "up"),
        f"{device} is switched on, if it was not",
        undo=Undo(is_up, ("ip", "link", "set", device, "down")),
        share=f"up {device}",
    )


def plug_in(device: str, bridge: str) -> Step:
    """``ip link set … master …`` for a device of ours; its port goes when it goes."""
    why = f"{device} is plugged into {bridge}"
    return Step(("ip", "link", "set", device, "master", bridge), why)


def hairpin(device: str) -> Step:
    """``ip link set … type bridge_slave hairpin on``: frames may leave by the port they came in."""
    why = f"what comes in by {device} may leave by it: who is there may ask for itself"
    return Step(("ip", "link", "set", device, "type", "bridge_slave", "hairpin", "on"), why)


def plug_in_uplink(uplink: str, bridge: str) -> Step:
    """``ip link set … master …`` for the host's own NIC, which leaves this bridge on the way back.

    What the command does (bridge(8)): frames that come in on the NIC are handed to the bridge,
    not to the NIC's own addresses any more.
    """
    identity = ("sh", "-c", MASTER, uplink, bridge)
    return Step(
        ("ip", "link", "set", uplink, "master", bridge),
        f"{uplink} becomes a port of {bridge}: frames from the LAN now come in on {bridge}",
        undo=Undo(identity, ("ip", "link", "set", uplink, "nomaster")),
        share=f"port {uplink}",
    )


def add_default_route(gateway: str, namespace: str) -> Step:
    """``ip route add default via …``."""
    why = f"what {namespace} cannot reach directly goes to {gateway}"
    return Step(("ip", "route", "add", "default", "via", gateway), why, namespace)
