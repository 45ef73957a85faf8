"""How the host passes a packet on, and the answer back; stages as in ``namespace_side``."""

import shlex
from ipaddress import IPv4Interface, ip_address

from netmodes.commands.notices import addresses_on_port
from netmodes.commands.sysctl import device_key
from netmodes.diagnose.why.firewall import untracked
from netmodes.diagnose.why.namespace_side import forbidding
from netmodes.diagnose.why.printed import answers_arp, is_asked
from netmodes.diagnose.why.trace import Judgement, Trace
from netmodes.machine.entries import Link
from netmodes.plan.finding import Finding

#: What the kernel says of a packet whose source address it does not accept: if it is to be
#: forwarded, or for the host itself.
MARTIAN = ("Invalid cross-device link", "Invalid argument")


def forwarding(trace: Trace) -> Judgement:
    """IP forwarding, for the packet and for the answer."""
    if not trace.through_host:
        return None
    return trace.inspection.forwarding(trace.net.ingress, trace.exit)


def reverse_path(trace: Trace) -> Judgement:
    """The host accepts its source address: it is another's, and not forbidden; rp_filter."""
    said, ingress = trace.seen.host_route.stderr, trace.net.ingress
    if trace.into_host and (found := _its_own(trace) or _forbidden(trace, back=True)):
        return found
    martian = trace.into_host and any(words in said for words in MARTIAN)
    if not martian or _forbidden(trace):
        return None
    other = (trace.return_route and trace.return_route.dev) or "no device"
    what = f"the host drops what comes from {trace.address} in by {ingress}, for it would answer by"
    keys = f"net.ipv4.conf.all.rp_filter {device_key(ingress, 'ipv4.rp_filter')}"
    what, fix = f"{what} {other} (rp_filter)", _way_back(trace)
    return Finding("error", what, f"sysctl {keys}", fix=fix, about=ingress)


def _way_back(trace: Trace) -> str:
    """The rule or the route by which the answer comes back; what filters stays as it is."""
    return _by_main(trace) or f"ip route replace {_lost(trace)} dev {trace.net.ingress}"


def _by_main(trace: Trace) -> str:
    """The rule by which answers go back as the table main has it, where other rules lead away."""
    address, ingress = ip_address(trace.address), trace.net.ingress
    found = [one for one in trace.host.known("routes") if address in one.to and one.table == "main"]
    nearest = max(found, key=lambda one: one.to.prefixlen, default=None)
    if nearest is None or nearest.dev != ingress:
        return ""
    return _rule(trace, f"to {trace.address} lookup main")


def _rule(trace: Trace, words: str) -> str:
    """The command that adds a policy rule before all others; "" where there is no room."""
    first = min((rule.pref for rule in trace.host.rules or () if rule.pref), default=0)
    return f"ip rule add {words} pref {first - 1}" if first > 1 else ""


def route(trace: Trace) -> Judgement:
    """The host's route."""
    received = f"the host takes it in by {trace.net.ingress}"
    if trace.changes and (turned := trace.changes.turned) and not turned.is_kept:
        return f"{received} and turns it to {turned.end}"
    if trace.to_host:
        return f"{received}: {trace.target} is its own"
    if not trace.through_host:
        return None
    if trace.host_route is None:
        return _forbidden(trace) or _switched_off(trace) or _no_route(trace)
    hop = f" to {trace.exit_hop}, its gateway" if trace.host_route.gateway else ""
    source = f", as {trace.leaves}" if trace.translated else ""
    return f"{received} and sends it out by {trace.exit}{hop}{source}"


def _its_own(trace: Trace) -> Finding | None:
    """The host has the namespace's address as well, so that it takes no packet from there."""
    for link in trace.host.known("links"):
        for own in trace.host.addresses(link.name):
            if str(own.ip) == trace.address:
                what = (
                    f"the host has {trace.address} as well, on {link.name}, and drops what has it"
                )
                evidence, fix = (
                    f"ip addr show dev {link.name}",
                    f"ip addr del {own} dev {link.name}",
                )
                return Finding("error", what, evidence, fix=fix, about=link.name)
    return None


def _forbidden(trace: Trace, *, back: bool = False) -> Finding | None:
    """A route or rule of the host forbids it, or the answer."""
    seen = trace.seen.return_route if back else trace.seen.host_route
    if (found := forbidding(trace, trace.host, seen.stderr, back=back)) is None:
        return None
    (what, fix), ingress, it = found, trace.net.ingress, "the answer" if back else "it"
    way = trace.address if back else " ".join(trace.way)
    drops, evidence = f"the host drops {it} by its {what}", f"ip route get {way}"
    return Finding("error", drops, evidence, fix=fix, about=ingress)


def _switched_off(trace: Trace) -> Finding | None:
    """A device of the host has an address and is down, and its routes are gone."""
    names = [link.name for link in trace.host.known("links")]
    with_address = filter(trace.host.addresses, names)
    return next(filter(None, map(trace.inspection.host_device, with_address)), None)


def _no_route(trace: Trace) -> Finding:
    what, evidence = f"the host has no route to {trace.target}", f"ip route get {trace.target}"
    links = [link.name for link in trace.host.known("links") if link.is_up]
    if lost := [one for name in links for one in trace.inspection.lost_routes(name)]:
        return Finding("error", what, evidence, fix=" && ".join(lost))
    advice = f"give the host one: ip route add {trace.target} via GATEWAY, or a default route"
    return Finding("error", what, evidence, advice=advice)


def exit_is_port(trace: Trace) -> Judgement:
    """The article's trap: a route leads out by a port of a bridge, where no answer comes in."""
    bridge = (trace.host.link(trace.exit) or Link("")).master
    if not bridge:
        return None
    if found := addresses_on_port(trace.exit, trace.host):
        return found
    what = f"{trace.exit} is a port of {bridge}, yet a route of the host's leads out by it"
    evidence = f"ip route get {trace.target}"
    remedy = {"advice": f"let that route lead out by {bridge}"}
    for route in trace.host.default_routes(trace.exit)[:1]:
        remedy = {"fix": f"ip route replace {shlex.join(route.through(bridge).words().split())}"}
    return Finding("error", what, evidence, about=trace.exit, **remedy)


def exit_link(trace: Trace) -> Judgement:
    """The host's device on the way out is up and plugged in."""
    inspection, device = trace.inspection, trace.exit
    return inspection.host_device(device) or inspection.carrier(device) if device else None


def exit_neighbour(trace: Trace) -> Judgement:
    """The host's next hop answers ARP."""
    link, hop = trace.host.link(trace.exit), trace.exit_hop
    if link is None or link.type != "ether" or "NOARP" in link.flags:
        return None
    shown = trace.seen.host_neighbours
    if answers_arp(shown, hop) or not is_asked(shown, hop):
        return None
    what, evidence = f"nobody answers for {hop} on {trace.exit}", f"ip neigh show to {hop}"
    advice = f"see that {hop} is there and up, or give the host another route"
    return Finding("error", what, evidence, advice=advice, about=trace.exit)


def return_route(trace: Trace) -> Judgement:
    """The host's route for the answer."""
    ingress, device = trace.net.ingress, trace.return_route and trace.return_route.dev
    if trace.to_itself or not ingress or not trace.into_host or device == ingress:
        return None
    sent = f"sends it out by {device}" if device else "has no route for it"
    return Finding(
        "error",
        f"the answer has no way back: the host {sent}, and {trace.name} is behind {ingress}",
        f"ip route get {trace.address}",
        fix=_way_back(trace),
        about=ingress,
    )


def answer_filtered(trace: Trace) -> Judgement:
    """The host accepts the answer where it comes in (rp_filter)."""
    said, into, route = trace.seen.back.stderr, trace.back_by, trace.host_route
    if route is None or not any(words in said for words in MARTIAN) or _forbidden(trace, back=True):
        return None
    what = f"the host drops the answer that comes in by {into}, for it would not send to"
    key = device_key(into, "ipv4.rp_filter")
    to = "" if trace.stands else f" to {trace.target}"
    rule = _rule(trace, f"from {trace.address}{to} lookup {route.table}") * (route.dev == into)
    return Finding(
        "error",
        f"{what} {trace.target} by it (rp_filter)",
        f"sysctl net.ipv4.conf.all.rp_filter {key}",
        fix=rule or f"sysctl -w {key}=2",
        about=into,
    )


def _lost(trace: Trace) -> str:
    """What the route for the answer is to lead to: the subnet again, where no other is nearer."""
    address, own = ip_address(trace.address), IPv4Interface(trace.net.address).network
    found = [one for one in trace.host.known("routes") if address in one.to and one.table == "main"]
    is_lost = all(one.to.prefixlen < own.prefixlen for one in found)
    return str(own) if is_lost else trace.address


def source_address(trace: Trace) -> Judgement:
    """Outside machines can answer: the source address is the LAN's, or is translated."""
    if not trace.exit or trace.translated is not False:
        return None
    subnets = [found.network for found in trace.host.addresses(trace.exit)]
    if any(ip_address(trace.address) in subnet for subnet in subnets):
        return None
    own = IPv4Interface(trace.net.address).network
    if found := untracked(trace) or next(trace.inspection.rules(), None):
        return found
    return Finding(
        "error",
        f"the answer has no way back: beyond {trace.exit} nobody knows {own}, and nothing "
        "translates it to the host's address",
        "iptables -t nat -S POSTROUTING",
        fix=f"iptables -t nat -A POSTROUTING -s {own} -o {trace.exit} -j MASQUERADE",
        about=trace.exit,
    )
