"""Which two devices are the ends of one cable (a veth pair), across network namespaces."""

from collections.abc import Mapping

from netmodes.machine.entries import Json, kind
from netmodes.machine.facts import Facts


def namespace_end(
    link: Json, facts: Facts, namespaces: Mapping[str, Facts | None]
) -> tuple[str, str] | None:
    """The other end of a host's veth, as a namespace's name ("" the host) and a device's.

    Where a namespace could not be read, the journal tells.
    """
    if kind(link) == "veth" and "link" in link:
        return "", link["link"]
    for name, own in namespaces.items():
        for other in own.known("links") if own else ():
            if _paired(link, other):
                return name, other["ifname"]
    for network in facts.known("networks"):
        net, name = network.topology, network.name
        if net.host_device == link["ifname"] and namespaces.get(name) is None:
            return name, net.device
    return None


def host_end(link: Json, facts: Facts) -> tuple[str, str] | None:
    """The host's end of a namespace's veth, in the same form."""
    ends = (near["ifname"] for near in facts.known("links") if _paired(near, link))
    return next((("", end) for end in ends), None)


def _paired(near: Json, far: Json) -> bool:
    """Whether these, in two network namespaces, are the ends of one veth pair."""
    if not kind(near) == kind(far) == "veth":
        return False
    peers = (near.get("link_index"), far.get("link_index"))
    return peers == (far["ifindex"], near["ifindex"])
