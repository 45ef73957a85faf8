"""How a packet leaves its namespace: device, route, cable, bridge, and who takes it there.

Each stage gives a Finding where the packet is lost, a line for the reader where it passes, or None
where it has nothing to say.
"""

from __future__ import annotations

from ipaddress import IPv4Interface, ip_address

from netmodes.commands.addresses import bare
from netmodes.commands.uplink import addresses_on_port
from netmodes.diagnose.why.trace import Said, Walk, answers_arp, is_asked
from netmodes.plan.finding import Finding


def own(walk: Walk) -> Said:
    """The namespace's loopback, for what it sends to itself."""
    if not ip_address(walk.target).is_loopback and walk.target != walk.address:
        return None
    return walk.inner_device("lo") or f"{walk.name} sends it to itself, by lo"


def card(walk: Walk) -> Said:
    """The namespace's device: there, up, plugged in, with its address."""
    device, end = walk.net.device, walk.net.host_device
    if found := walk.inner_device(device):
        return found
    if "NO-CARRIER" not in (walk.inside.link(device) or {}).get("flags", []):
        return walk.inner_address()
    what, evidence = f"{device} has no carrier in {walk.name}", f"ip link show {device}"
    advice = f"see to {end}, its other end"
    return walk.device(end) or walk.found("error", what, evidence, advice=advice, about=walk.name)


def way(walk: Walk) -> Said:
    """The namespace's route."""
    name, route = walk.name, walk.route
    if walk.is_forbidden:
        what = f"a route or rule in {name} forbids {walk.target}"
        evidence = f"ip route show table all match {walk.target}"
        advice = "delete that route, or the rule: ip rule"
        return walk.found("error", what, evidence, advice=advice, about=name)
    if route is None:
        return _no_route(walk)
    if walk.is_own:
        return None
    sent = f"{name} sends it out by {route['dev']}, from {route.get('prefsrc', walk.address)}"
    return f"{sent}, to {walk.next_hop}" + (", its gateway" if "gateway" in route else "")


def _no_route(walk: Walk) -> Finding:
    """The route that is missing, or the mode that has it."""
    own = IPv4Interface(walk.net.address).network
    is_near = ip_address(walk.target) in own
    if not is_near and (found := walk.default_route()):
        return found
    what, evidence = f"{walk.name} has no route to {walk.target}", f"ip route get {walk.target}"
    add = f"ip route add {own} dev {walk.net.device}"
    remedy = {"fix": add} if is_near else {"advice": _other_mode(walk)}
    return walk.found("error", what, evidence, about=walk.name, **remedy)


def _other_mode(walk: Walk) -> str:
    kept = [one for one in walk.network.promises if one.source == "namespace" and one.reachable]
    reached = {one.target for one in kept} - {"itself"}
    whom = "no further"
    if reached <= {"the host's end of the cable"} and kept:
        whom = f"{bare(walk.net.host_address)} alone" if reached else "nobody"
    return f"none: {walk.network.mode} reaches {whom}; bridged reaches the LAN"


def dummy(walk: Walk) -> Said:
    """A card without a cable."""
    device = (walk.route or {}).get("dev", "")
    if walk.net.host_device or device != walk.net.device:
        return None
    what = f"{device} has no cable: what it sends is lost"
    advice = "none: isolated reaches nobody; host-only reaches the host"
    return walk.found("error", what, f"ip -d link show {device}", advice=advice, about=device)


def cable(walk: Walk) -> Said:
    """The host's end of the cable, and the bridge that it is plugged into."""
    end, bridge = walk.net.host_device, walk.net.bridge
    if walk.is_own:
        return None
    if not bridge:
        return next(addresses_on_port(end, walk.host), None)
    devices = [end, *walk.lan_ports, bridge]
    found = [
        *map(walk.device, devices),
        *map(walk.plug, devices[:-1]),
        *map(walk.carrier, devices[1:]),
    ]
    if wrong := next(filter(None, found), None):
        return wrong
    return f"{end} hands it to {bridge}, whose port it is"


def entry_address(walk: Walk) -> Said:
    """The host's address at the cable's end or on the bridge."""
    wanted = walk.net.host_address.partition("/")[0]
    if not wanted or walk.is_own or walk.next_hop != wanted or walk.is_hosts:
        return None
    return walk.outer_address()


def neighbour(walk: Walk) -> Said:
    """Whoever takes it from the namespace answers ARP."""
    if walk.is_own or answers_arp(walk.tries.neighbours, walk.next_hop):
        return None
    if not is_asked(walk.tries.neighbours, walk.next_hop):
        what = f"{walk.name} itself drops it: nothing leaves by {walk.net.device}"
        advice = f"see to the firewall in {walk.name}"
        return walk.found("error", what, "nft list ruleset", advice=advice, about=walk.name)
    return walk.found(
        "error",
        f"nobody answers for {walk.next_hop} on {walk.net.device}",
        f"ip neigh show to {walk.next_hop}",
        advice=f"see that {walk.next_hop} is there and up, or give another address or gateway",
        about=walk.name,
    )
