"""How the host passes a packet on, and its answer back; stages as in ``namespace_side``."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network, ip_address

from netmodes.commands.uplink import addresses_on_port
from netmodes.diagnose.why.trace import Said, Walk, answers_arp, refusal
from netmodes.firewall import verdict
from netmodes.firewall.ruleset import Packet
from netmodes.machine.facts import Json, route_words
from netmodes.plan.finding import Finding

#: What the kernel says of a packet, for each kind of route or rule that is there to drop.
FORBIDDING = {
    "Permission denied": "prohibit",
    "No route to host": "unreachable",
    "Invalid argument": "blackhole",
}

#: What it says of a packet from an unlikely side: to be passed on, or for itself.
MARTIAN = ("Invalid cross-device link", "Invalid argument")


def forwarding(walk: Walk) -> Said:
    """The host passes packets on, and answers back; each by the device that it comes in on."""
    if not walk.passes_host:
        return None
    return walk.forwarding(*filter(None, (walk.net.ingress, walk.exit)))


def reverse_path(walk: Walk) -> Said:
    """The host's check that it would answer by the device that the packet, or ARP, came in on."""
    if not walk.is_hosts or walk.tries.passed is None:
        return None
    if not any(word in walk.tries.passed.stderr for word in MARTIAN) or forbidding(walk):
        return None
    other = (walk.back or {}).get("dev", "no device")
    return Finding(
        "error",
        f"the host drops what comes from {walk.address} in by {walk.net.ingress}, for it would "
        f"answer by {other} (rp_filter)",
        f"sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.{walk.net.ingress}.rp_filter",
        fix=f"sysctl -w net.ipv4.conf.{walk.net.ingress}.rp_filter=2",
        about=walk.net.ingress,
    )


def hosts_route(walk: Walk) -> Said:
    """The host's route."""
    if walk.is_local:
        return f"the host takes it in by {walk.net.ingress}: {walk.target} is its own"
    if not walk.passes_host:
        return None
    if walk.passed is None:
        return _forbidden(walk) or _switched_off(walk) or _no_route(walk)
    hop = f" to {walk.exit_hop}, its gateway" if "gateway" in walk.passed else ""
    return f"the host takes it in by {walk.net.ingress} and sends it out by {walk.exit}{hop}"


def _forbidden(walk: Walk) -> Finding | None:
    """A route or rule of the host that is there to drop."""
    if (found := forbidding(walk)) is None:
        return None
    what, fix = found
    evidence = f"ip route get {walk.target} from {walk.address} iif {walk.net.ingress}"
    return Finding(
        "error", f"the host drops it by its {what}", evidence, fix=fix, about=walk.net.ingress
    )


def forbidding(walk: Walk) -> tuple[str, str] | None:
    """The host's route or rule by which the kernel refuses the packet, and what deletes it."""
    said = walk.tries.passed.stderr if walk.tries.passed else ""
    kinds = [kind for words, kind in FORBIDDING.items() if words in said]
    routes = [
        route
        for route in walk.host.known("routes")
        if route.get("type") in kinds and ip_address(walk.target) in _subnet(route)
    ]
    for route in sorted(routes, key=lambda one: _subnet(one).prefixlen)[-1:]:
        named = f"{route['type']} {route_words(route, ('gateway', 'dev', 'metric', 'table'))}"
        return f"route `{named}`", f"ip route del {named}"
    for rule in (line.split() for line in walk.host.rules or ()):
        if rule[-1] in kinds:
            return f"rule `{' '.join(rule)}`", f"ip rule del pref {rule[0].rstrip(':')}"
    return None


def _subnet(route: Json) -> IPv4Network:
    return IPv4Network("0.0.0.0/0" if route["dst"] == "default" else route["dst"])


def _switched_off(walk: Walk) -> Finding | None:
    """A NIC of the host that has an address and is down: with it went its routes."""
    names = [link["ifname"] for link in walk.host.known("links")]
    found = (walk.device(name) for name in names if walk.host.addresses(name))
    return next(filter(None, found), None)


def _no_route(walk: Walk) -> Finding:
    what, evidence = f"the host has no route to {walk.target}", f"ip route get {walk.target}"
    advice = f"give the host one: ip route add {walk.target} via GATEWAY, or a default route"
    return Finding("error", what, evidence, advice=advice)


def enslaved(walk: Walk) -> Said:
    """The article's trap: the way out is by a port of a bridge, where no answer comes in."""
    bridge = (walk.host.link(walk.exit) or {}).get("master")
    if bridge is None:
        return None
    if found := next(addresses_on_port(walk.exit, walk.host), None):
        return found
    what = f"{walk.exit} is a port of {bridge}, yet a route of the host's leads out by it"
    evidence, remedy = (
        f"ip route get {walk.target}",
        {"advice": f"let that route lead out by {bridge}"},
    )
    for route in walk.host.default_routes(walk.exit)[:1]:
        remedy = {"fix": f"ip route replace {route_words({**route, 'dev': bridge})}"}
    return Finding("error", what, evidence, about=walk.exit, **remedy)


def passing(walk: Walk) -> Said:
    """The host's firewall, for the packet."""
    return _stopped(walk, answer=False)


def answer_passing(walk: Walk) -> Said:
    """The host's firewall, for the answer."""
    return _stopped(walk, answer=True)


def taken_in(walk: Walk) -> Said:
    """The namespace's own firewall, for the answer."""
    if walk.is_own or walk.arrives or walk.is_refused:
        return None
    protocol = "tcp" if walk.port else "icmp"
    way = (walk.net.device, "", walk.target, walk.address)
    answer = Packet("input", *way, protocol, "", "established")
    stop = next((one for one in verdict.stops(answer, walk.inside) if one.certain), None)
    if stop is None:
        return None
    what = f"{walk.name}'s own firewall drops the answer: {stop.what}"
    return walk.found("error", what, stop.evidence, fix=stop.fix, about=walk.name)


def doubtful(walk: Walk) -> Said:
    """Rules of the host's firewall that are not understood, where nothing else was found."""
    sender = refusal(walk.tries.ping).partition(" ")[0]
    if sender and not walk.owns(sender):
        return None
    sent, answered = (_stopped(walk, answer=answer, certain=False) for answer in (False, True))
    return sent or answered


def _stopped(walk: Walk, *, answer: bool, certain: bool = True) -> Said:
    bridged = walk.host.known("sysctls").get("net.bridge.bridge-nf-call-iptables") == "1"
    if walk.is_own or not walk.net.ingress or not (walk.is_hosts or bridged):
        return None
    if walk.arrives or walk.nobody_listens:
        return None
    for stop in verdict.stops(walk.packet(answer=answer), walk.host):
        if stop.certain is certain and (stop.rejects or not walk.is_refused):
            words = f"the answer to {walk.name}" if answer else f"what {walk.name} sends"
            level, drops = ("error", "drops") if certain else ("warning", "may drop")
            what = f"the host's firewall {drops} {words}: {stop.what}"
            return Finding(level, what, stop.evidence, fix=stop.fix)
    return None


def exit_link(walk: Walk) -> Said:
    """The host's way out is up and plugged in."""
    return walk.device(walk.exit) or walk.carrier(walk.exit) if walk.exit else None


def exit_neighbour(walk: Walk) -> Said:
    """Whoever takes it from the host answers ARP."""
    link = walk.host.link(walk.exit)
    if link is None or link.get("link_type") != "ether" or "NOARP" in link["flags"]:
        return None
    if answers_arp(walk.tries.host_neighbours, walk.exit_hop):
        return None
    return Finding(
        "error",
        f"nobody answers for {walk.exit_hop} on {walk.exit}",
        f"ip neigh show to {walk.exit_hop}",
        advice=f"see that {walk.exit_hop} is there and up, or give the host another route",
        about=walk.exit,
    )


def way_back(walk: Walk) -> Said:
    """The host's route for the answer."""
    if walk.is_own or not walk.net.ingress or not walk.is_hosts:
        return None
    device = (walk.back or {}).get("dev")
    if device == walk.net.ingress:
        return None
    sent = f"sends it out by {device}" if device else "has no route for it"
    return Finding(
        "error",
        f"the answer has no way back: the host {sent}, "
        f"and {walk.name} is behind {walk.net.ingress}",
        f"ip route get {walk.address}",
        fix=f"ip route replace {walk.address} dev {walk.net.ingress}",
        about=walk.net.ingress,
    )


def known_outside(walk: Walk) -> Said:
    """Who is outside knows where to send the answer: the address is the LAN's, or translated."""
    if not walk.exit or walk.host.nft is None:
        return None
    subnets = [found.network for found in walk.host.addresses(walk.exit)]
    translated = verdict.is_translated(walk.packet(), walk.host)
    if translated or any(ip_address(walk.address) in subnet for subnet in subnets):
        return None
    own = IPv4Interface(walk.net.address).network
    rule = f"-s {own} -o {walk.exit} -j MASQUERADE"
    return Finding(
        "error",
        f"the answer has no way back: beyond {walk.exit} nobody knows {own}, and nothing "
        "translates it to the host's address",
        "iptables -t nat -S POSTROUTING",
        fix=f"iptables -t nat -A POSTROUTING {rule}",
        about=walk.exit,
    )
