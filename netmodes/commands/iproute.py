"""The words of ip, one function for each command of the article, in the article's form.

In ``ip link add veth0 type veth peer name veth1`` the name stands where ``ip`` also takes a
keyword, so ``devices`` refuses keywords.
"""

from dataclasses import replace
from ipaddress import ip_interface

from netmodes.commands import looks
from netmodes.plan.look import Look, literal
from netmodes.plan.step import Step
from netmodes.plan.undo import Argv, Undo, numbered


def add_namespace(name: str) -> Step:
    """``ip netns add``.

    One that somebody else made after the run was cut off has a process or a device that is up.
    """
    devices = ("ip", "-n", name, "-j", "link", "show")
    others = (
        Look(("ip", "netns", "pids", name), ("([0-9]+)",)),
        Look(devices, (f'"ifname":"([^"]+)",{looks.UP}',), looks.LOOPBACK),
    )
    return Step(
        ("ip", "netns", "add", name),
        f"a network of its own, named {name}: no device but a loopback that is down",
        undo=Undo(looks.namespace(name), ("ip", "netns", "del", name), others=others),
    )


def add_dummy(device: str) -> Step:
    """``ip link add … type dummy``."""
    return _add_link(device, "dummy", (), f"{device}, a card with no cable: what it sends is lost")


def add_bridge(device: str) -> Step:
    """``ip link add … type bridge``."""
    step = _add_link(device, "bridge", (), f"{device}, a switch inside the host")
    return replace(step, share=f"bridge {device}")


def add_veth(device: str, peer: str) -> Step:
    """``ip link add … type veth peer name …``."""
    why = f"a cable with two ends: what enters {device} leaves {peer}"
    return _add_link(device, "veth", ("peer", "name", peer), why)


def _add_link(device: str, kind: str, peer: Argv, why: str) -> Step:
    """A new device, with the words for its peer if it has one.

    One that somebody else made after the run was cut off has another peer, or an address or a
    port.
    """
    addressed = looks.links(f'{looks.named(device)}.*"local"')
    enslaving = looks.links(f'"master":"({literal(device)})"')
    our_peer = "".join(f'"link":"{literal(name)}"' for name in peer[-1:])
    other_peer = looks.links(looks.named(device), but=our_peer)
    return Step(
        ("ip", "link", "add", device, "type", kind, *peer),
        why,
        undo=Undo(
            looks.device(device, kind),
            ("ip", "link", "del", device),
            others=(other_peer,) if peer else (addressed, enslaving),
            renamed=numbered(kind),
        ),
    )


def into_namespace(device: str, namespace: str) -> Step:
    """``ip link set … netns …``."""
    why = f"{device} leaves the host for {namespace}"
    return Step(("ip", "link", "set", device, "netns", namespace), why)


def add_address(address: str, device: str, namespace: str | None = None) -> Step:
    """``ip addr add … dev …``; the address is in CIDR, so the kernel adds the subnet's route."""
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
    """``ip link set … up`` for a device of the host; the undo sets it down if it was."""
    is_up = looks.links(looks.named(device) + looks.UP)
    return Step(
        ("ip", "link", "set", device, "up"),
        f"{device} is switched on, if it was not",
        undo=Undo(is_up, ("ip", "link", "set", device, "down")),
        share=f"up {device}",
    )


def plug_in(device: str, bridge: str) -> Step:
    """``ip link set … master …`` for the host's end of a cable; it needs no undo."""
    why = f"{device} is plugged into {bridge}"
    return Step(("ip", "link", "set", device, "master", bridge), why)


def hairpin(device: str) -> Step:
    """``ip link set … type bridge_slave hairpin on``: a frame may leave by the port it came in."""
    why = f"frames may go back out by {device}: the namespace reaches its own published ports"
    return Step(("ip", "link", "set", device, "type", "bridge_slave", "hairpin", "on"), why)


def plug_in_uplink(uplink: str, bridge: str) -> Step:
    """``ip link set … master …`` for the host's own NIC; the undo takes it out of this bridge.

    Frames that come in on the NIC then go to the bridge, not to the NIC's addresses (bridge(8)).
    """
    port = f'{looks.named(uplink)}.*"master":"{literal(bridge)}"'
    identity = looks.links(looks.named(bridge), given=port)
    return Step(
        ("ip", "link", "set", uplink, "master", bridge),
        f"{uplink} becomes a port of {bridge}: frames from the LAN now come in on {bridge}",
        undo=Undo(identity, ("ip", "link", "set", uplink, "nomaster")),
        share=f"port {uplink}",
    )


def replace_default_route(gateway: str, namespace: str, why: str) -> Step:
    """``ip route replace default via …``."""
    return Step(("ip", "route", "replace", "default", "via", gateway), why, namespace)


def add_default_route(gateway: str, namespace: str) -> Step:
    """``ip route add default via …``."""
    why = f"what {namespace} cannot reach directly goes to {gateway}"
    return Step(("ip", "route", "add", "default", "via", gateway), why, namespace)
