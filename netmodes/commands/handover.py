"""The hand-over: the uplink's addresses and routes move to the bridge, and the host stays online.

Without it the host's address stays on a NIC whose frames come in on the bridge, and the host is cut
off once its ARP entry for the gateway expires (docs/kernel.md#address-on-a-port).
"""

from collections.abc import Iterator
from ipaddress import ip_interface

from netmodes.commands import handover_back, handover_batch, handover_routes, several, sysctl
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look, literal
from netmodes.plan.step import Step
from netmodes.plan.text import called
from netmodes.plan.undo import ITEM, Undo

#: The value of ``rp_filter`` that accepts a packet whose source is reachable by any device
#: (ip-sysctl).
LOOSE = "2"

#: A device's MTU unless somebody changed it (linux/if_ether.h).
ETHERNET = 1500


def prepare(uplink: str, bridge: str, facts: Facts) -> Iterator[Step]:
    """Give the bridge the uplink's settings, MAC and MTU; disable its routes until it has a port.

    Otherwise packets for the LAN wait a second (docs/kernel.md#bridge-without-a-port). The bridge
    ignores router advertisements until the hand-over, for it would make addresses of its own.
    """
    settings = {
        **facts.interface_sysctls(uplink),
        "ipv4.ignore_routes_with_linkdown": "1",
        "ipv4.rp_filter": LOOSE,
    }
    if facts.has_ipv6:
        settings["ipv6.ignore_routes_with_linkdown"] = "1"
    if facts.has_advertised(uplink):
        settings["ipv6.accept_ra"] = "0"
    why = f"{bridge} behaves as {uplink} does; its routes count once it has a port"
    prevents = f"packets for the LAN go to a {bridge} with no port, and wait a second for ARP"
    yield sysctl.write_settings(bridge, settings, why).as_guard(prevents)
    mac = facts.known_link(uplink).mac
    why = f"the LAN knows the host by {uplink}'s MAC: {bridge} takes it"
    prevents = f"{bridge}'s MAC is its lowest port's: to the LAN the host becomes another machine"
    yield Step(("ip", "link", "set", bridge, "address", mac), why).as_guard(prevents)
    yield from same_mtu(uplink, bridge, facts)


def other_mtu(uplink: str, facts: Facts) -> int | None:
    """The uplink's MTU, if it is not a new device's."""
    mtu = facts.known_link(uplink).mtu
    return mtu if mtu != ETHERNET else None


def same_mtu(uplink: str, device: str, facts: Facts) -> Iterator[Step]:
    """Give a device the uplink's MTU, for a bridge takes the smallest MTU of its ports."""
    if (mtu := other_mtu(uplink, facts)) is not None:
        why = f"{device} takes packets as large as {uplink} does"
        prevents = f"frames of a size that {uplink} takes and {device} does not are lost"
        yield Step(("ip", "link", "set", device, "mtu", str(mtu)), why).as_guard(prevents)


def move(uplink: str, bridge: str, bridge_address: str, facts: Facts) -> Iterator[Step]:
    """Move the addresses and routes in one batch (docs/kernel.md#one-batch).

    Then the bridge gets the uplink's ``rp_filter``, and hears router advertisements in its place.
    """
    yield Step(
        ("ip", "-batch", "-"),
        f"the host's addresses and routes move from {uplink} to {bridge}, all at once",
        stdin="".join(
            f"{line}\n" for line in handover_batch.to_bridge(uplink, bridge, bridge_address, facts)
        ),
        undo=handover_back.undo(uplink, bridge, bridge_address, facts),
        share=f"addresses {uplink}",
    ).as_guard(
        f"the host's address stays on {uplink}, whose frames {bridge} now takes: host and "
        "namespace lose the outside once the host's ARP entry for its gateway expires"
    )
    strictness = facts.interface_sysctls(uplink).get("ipv4.rp_filter", "0")
    if strictness != LOOSE:
        why = f"{bridge} filters as {uplink} did"
        prevents = f"{bridge} goes on taking packets from sources that {uplink} may have refused"
        yield sysctl.write_settings(bridge, {"ipv4.rp_filter": strictness}, why).as_guard(prevents)
    if facts.has_advertised(uplink):
        why = f"{bridge} hears router advertisements"
        prevents = "the host's advertised IPv6 addresses and default route expire for good"
        yield sysctl.write_settings(bridge, _accept_ra(uplink, facts), why).as_guard(prevents)
        why = f"{uplink} hears none while it is a port"
        prevents = f"{uplink} keeps IPv6 addresses and a route that lead nowhere from a port"
        step = sysctl.write(sysctl.device_key(uplink, "ipv6.disable_ipv6"), 1, why)
        yield step.as_guard(prevents)


def reach(address: str, device: str, bridge: str, facts: Facts) -> Iterator[Step]:
    """The route to the namespace, where another NIC's to their subnet comes before the bridge's.

    The device is what leads to the subnet in these facts: the uplink, or the bridge already.
    """
    ip = ip_interface(address).ip
    if handover_routes.first_to(ip, facts) in (device, ""):
        return
    found = f"^({literal(str(ip))}) dev {literal(bridge)}( |$)"
    look = Look(("ip", "-4", "route", "show"), (found,))
    yield Step(
        ("ip", "route", "add", str(ip), "dev", bridge),
        f"the host reaches {ip} by {bridge}",
        undo=Undo(look, ("ip", "route", "del", str(ip), "dev", bridge)),
    ).as_guard(f"the host's answers to {ip} leave by another NIC in the same subnet")


def reach_all(addresses: list[str], device: str, bridge: str, facts: Facts) -> Iterator[Step]:
    """The same for several namespaces, in one batch."""
    steps = (step for one in addresses for step in reach(one, device, bridge, facts))
    ips = tuple(str(ip_interface(one).ip) for one in addresses)
    found = f"^(([0-9.]+)) dev {literal(bridge)}( |$)"
    look = Look(("ip", "-4", "route", "show"), (found,), item=1, among=ips)
    undo = Undo(look, several.BATCH, f"route del {ITEM} dev {bridge}\n", items=ips)
    return several.merged(steps, f"the host reaches {called(ips)} by {bridge}", undo)


def same_neighbours(
    address: str, device: str, namespace: str, own: str, facts: Facts
) -> Iterator[Step]:
    """Enter the neighbours that the host has by hand, for a LAN where they answer no ARP.

    The device is what leads to the subnet in these facts: the uplink, or the bridge already.
    """
    for one in facts.neighbours_on(device):
        if one.mac and one.ip in ip_interface(address).network:
            yield Step(
                ("ip", "neigh", "replace", str(one.ip), "lladdr", one.mac, "dev", own),
                f"{namespace} knows the MAC of {one.ip}, as the host does",
                namespace,
            ).as_guard(f"{namespace} may ask for {one.ip} in vain: the host has it by hand")


def _accept_ra(uplink: str, facts: Facts) -> dict[str, str]:
    """The uplink's own setting, or that of a new device."""
    usual = facts.known("sysctls").get("net.ipv6.conf.default.accept_ra") or "1"
    return {"ipv6.accept_ra": facts.interface_sysctls(uplink).get("ipv6.accept_ra", usual)}
