"""Which two devices are the ends of one cable (a veth pair), across network namespaces."""

from collections.abc import Mapping

from netmodes.machine.entries import Link
from netmodes.machine.facts import Facts


def namespace_end(
    link: Link, facts: Facts, namespaces: Mapping[str, Facts | None]
) -> tuple[str, str] | None:
    """The other end of a host's veth, as a namespace's name ("" the host) and a device's.

    Where a namespace could not be read, the journal tells.
    """
    if link.kind == "veth" and link.below:
        return "", link.below
    for name, own in namespaces.items():
        for other in own.known("links") if own else ():
            if _paired(link, other):
                return name, other.name
    for network in facts.known("networks"):
        net, name = network.topology, network.name
        if net.host_device == link.name and namespaces.get(name) is None:
            return name, net.device
    return None


def host_end(link: Link, facts: Facts) -> tuple[str, str] | None:
    """The host's end of a namespace's veth, in the same form."""
    ends = (near.name for near in facts.known("links") if _paired(near, link))
    return next((("", end) for end in ends), None)


def _paired(near: Link, far: Link) -> bool:
    """Whether these, in two network namespaces, are the ends of one veth pair."""
    if not near.kind == far.kind == "veth":
        return False
    return (near.below_index, far.below_index) == (far.index, near.index)
