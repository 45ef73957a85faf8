"""How a packet leaves its namespace: device, route, cable, bridge, and who takes it there.

Each stage gives a Finding where the packet is lost, a line for the reader where it passes, or None
where it has nothing to say.
"""

from __future__ import annotations

from ipaddress import IPv4Interface, ip_address

from netmodes.finding import Finding
from netmodes.uplink import stray
from netmodes.walk import Said, Walk, answers_arp, is_asked, unplugged

__all__ = ["cable", "card", "dummy", "entry_address", "neighbour", "own", "way"]


def own(walk: Walk) -> Said:
    """The namespace's loopback, for what it sends to itself."""
    if not ip_address(walk.target).is_loopback and walk.target != walk.address:
        return None
    if "UP" not in (walk.inside.link("lo") or {}).get("flags", []):
        return _own(walk, f"lo is down in {walk.name}", "ip link show lo", "ip link set lo up")
    return f"{walk.name} sends it to itself, by lo"


def card(walk: Walk) -> Said:
    """The namespace's device: there, up, plugged in, with its address."""
    device, name = walk.given("device"), walk.name
    link, show = walk.inside.link(device), f"ip addr show dev {device}"
    if link is None:
        again = f"`netmodes down {name}`, then put it up again"
        return Finding("error", f"there is no {device} in {name}", walk.within("ip link"), again)
    if "UP" not in link["flags"]:
        return _own(walk, f"{device} is down in {name}", show, f"ip link set {device} up")
    if "NO-CARRIER" in link["flags"]:
        return _unplugged(walk, device)
    if IPv4Interface(walk.given("address")) not in walk.inside.addresses(device):
        add = f"ip addr add {walk.given('address')} dev {device}"
        return _own(walk, f"{device} has no address {walk.given('address')}", show, add)
    return None


def _unplugged(walk: Walk, device: str) -> Finding:
    other = walk.given("host_device")
    return Finding(
        "error",
        f"{device} has no carrier: {other}, its other end, is down",
        f"ip link show {other}",
        f"ip link set {other} up",
        other,
    )


def way(walk: Walk) -> Said:
    """The namespace's route."""
    name, route = walk.name, walk.route
    if walk.is_forbidden:
        what = f"a route or rule in {name} forbids {walk.target}"
        shows = walk.within(f"ip route show table all match {walk.target}")
        return Finding("error", what, shows, "delete that route, or the rule: ip rule", name)
    if route is None:
        what = f"{name} has no route to {walk.target}"
        return Finding(
            "error", what, walk.within(f"ip route get {walk.target}"), _route(walk), name
        )
    if walk.is_own:
        return None
    sent = f"{name} sends it out by {route['dev']}, from {route.get('prefsrc', walk.address)}"
    return f"{sent}, to {walk.next_hop}" + (", its gateway" if "gateway" in route else "")


def _route(walk: Walk) -> str:
    """The route that is missing, or the mode that has it."""
    own = IPv4Interface(walk.given("address")).network
    if ip_address(walk.target) in own:
        return walk.within(f"ip route add {own} dev {walk.given('device')}")
    bridge = walk.given("bridge_address").partition("/")[0]
    if gateway := walk.given("gateway") or bridge:
        return walk.within(f"ip route add default via {gateway}")
    reaches = {"isolated": "nobody", "host-only": f"{walk.entry_address.partition('/')[0]} alone"}
    mode = str(walk.network["mode"])
    return f"none: {mode} reaches {reaches.get(mode, 'no further')}; bridged reaches the LAN"


def dummy(walk: Walk) -> Said:
    """A card without a cable."""
    device = (walk.route or {}).get("dev", "")
    if walk.given("host_device") or device != walk.given("device"):
        return None
    what = f"{device} has no cable: what it sends is lost"
    mend = "none: isolated reaches nobody; host-only reaches the host"
    return Finding("error", what, walk.within(f"ip -d link show {device}"), mend, device)


def cable(walk: Walk) -> Said:
    """The host's end of the cable, and the bridge that it is plugged into."""
    end, bridge = walk.given("host_device"), walk.given("bridge")
    if walk.is_own:
        return None
    if not bridge:
        return next(stray(end, walk.host), None)
    for port in [end, *walk.lan_ports]:
        if (walk.host.link(port) or {}).get("master") != bridge:
            mend = f"ip link set {port} master {bridge}"
            what = f"{port} is not a port of {bridge}"
            return Finding("error", what, f"ip link show master {bridge}", mend, port)
    for device in (*walk.lan_ports, bridge):
        if finding := unplugged(device, walk.host):
            return finding
    return f"{end} hands it to {bridge}, whose port it is"


def entry_address(walk: Walk) -> Said:
    """The host's address at the cable's end or on the bridge."""
    wanted = walk.entry_address
    if not wanted or walk.is_own or walk.next_hop != wanted.partition("/")[0]:
        return None
    infos = (walk.host.link(walk.entry) or {}).get("addr_info", [])
    if any(info["local"] == walk.next_hop for info in infos) or walk.is_hosts:
        return None
    add = f"ip addr add {wanted} dev {walk.entry}"
    what = f"{walk.entry} has no address {wanted}"
    return Finding("error", what, f"ip addr show dev {walk.entry}", add, walk.entry)


def neighbour(walk: Walk) -> Said:
    """Whoever takes it from the namespace answers ARP."""
    if walk.is_own or answers_arp(walk.tries.neighbours, walk.next_hop):
        return None
    if not is_asked(walk.tries.neighbours, walk.next_hop):
        what = f"{walk.name} itself drops it: nothing leaves by {walk.given('device')}"
        mend = f"see to the firewall in {walk.name}"
        return Finding("error", what, walk.within("nft list ruleset"), mend, walk.name)
    return Finding(
        "error",
        f"nobody answers for {walk.next_hop} on {walk.given('device')}",
        walk.within(f"ip neigh show to {walk.next_hop}"),
        f"see that {walk.next_hop} is there and up, or give another address or gateway",
        walk.name,
    )


def _own(walk: Walk, what: str, shows: str, mend: str) -> Finding:
    """A finding about the namespace, whose commands run in it."""
    return Finding("error", what, walk.within(shows), walk.within(mend), walk.name)
