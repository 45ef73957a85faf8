"""How a packet leaves its namespace: device, route, cable, bridge, next hop.

Each stage gives a Finding where the packet is lost, a line for the reader where it passes, or None
where it has nothing to say.
"""

import shlex
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, ip_address

from netmodes.commands.addresses import bare
from netmodes.commands.notices import addresses_on_port
from netmodes.diagnose.why import bridge_side
from netmodes.diagnose.why.printed import ENTERED, answers_arp, is_asked, mac_of
from netmodes.diagnose.why.trace import ARP_IGNORED, FORBIDDING, HIDDEN, Judgement, Trace
from netmodes.machine.entries import Link, Route
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding


def loopback(trace: Trace) -> Judgement:
    """The namespace's loopback, if it sends the packet to itself."""
    if not ip_address(trace.target).is_loopback and trace.target != trace.address:
        return None
    return trace.inspection.namespace_device("lo") or f"{trace.name} sends it to itself, by lo"


def device(trace: Trace) -> Judgement:
    """The namespace's device: it exists, is up and plugged in, and has its address."""
    name, inspection = trace.net.device, trace.inspection
    if found := inspection.namespace_device(name):
        return found
    if not (inspection.namespace.link(name) or Link("")).has_no_carrier:
        return inspection.namespace_address()
    what, evidence = f"{name} has no carrier in {trace.name}", f"ip link show {name}"
    end = trace.net.host_device or trace.net.uplink
    if end and (found := inspection.host_device(end)):
        return found
    advice = f"see to {end}, its other end" if end else "plug its cable in"
    return inspection.finding("error", what, evidence, advice=advice, about=trace.name)


def route(trace: Trace) -> Judgement:
    """The namespace's route."""
    name, found = trace.name, trace.route
    said, facts = trace.seen.route.stderr, trace.inspection.namespace
    if forbidden := forbidding(trace, facts, said):
        what, fix = f"{name} forbids {trace.target} by its {forbidden[0]}", forbidden[1]
        evidence = f"ip route get {trace.target}"
        return trace.inspection.finding("error", what, evidence, fix=fix, about=name)
    if found is None:
        return _no_route(trace)
    if trace.to_itself:
        return None
    if foreign := _foreign(trace, found):
        return foreign
    sent = f"{name} sends it out by {found.dev}, from {found.prefsrc or trace.address}"
    return f"{sent}, to {trace.next_hop}" + (", its gateway" if found.gateway else "")


def _foreign(trace: Trace, route: Route) -> Finding | None:
    """The namespace sends it from an address of a subnet that nobody else knows; or None."""
    source, subnets = route.prefsrc, map(IPv4Network, trace.net.subnets)
    if trace.arrives or source is None or any(source in subnet for subnet in subnets):
        return None
    what = f"{trace.name} sends it from {source}, and not from its own {trace.address}"
    to = "default" if trace.stands and route.gateway else trace.target
    way = replace(route, to=IPv4Network("0.0.0.0/0" if to == "default" else to))
    fix = f"ip route replace {way.words('gateway', 'dev')} src {trace.address}"
    evidence = f"ip route get {trace.target}"
    return trace.inspection.finding("error", what, evidence, fix=fix, about=trace.name)


def forbidding(
    trace: Trace, facts: Facts, said: str, *, back: bool = False
) -> tuple[str, str] | None:
    """The route or rule that forbids the target, by what the kernel says, and what gets past it; or
    of the way back."""
    target, source = trace.target, ip_address(trace.address)
    if back:
        target, source = trace.address, ip_address(trace.target)
    types = [type_ for words, type_ in FORBIDDING.items() if words in said]
    every = [one for one in facts.known("routes") if one.type in types]
    routes = [route for route in every if ip_address(target) in route.to]
    for route in sorted(routes, key=lambda one: one.to.prefixlen)[-1:]:
        named = f"{route.type} {route.words('gateway', 'dev', 'metric', 'table')}"
        way = "" if trace.stands else _past(route, target, facts)
        return f"route `{named}`", way or f"ip route del {shlex.join(named.split())}"
    own = "" if back or facts is trace.inspection.namespace else f" from {source}"
    to = "" if trace.stands and not back else f" to {target}"
    for rule in facts.rules or ():
        if rule.forbids in types and (rule.source is None or source in rule.source):
            fix = f"ip rule add{own}{to} lookup main pref {rule.pref - 1}"
            return f"rule `{' '.join(rule.text.split())}`", fix
    return None


def _past(forbids: Route, target: str, facts: Facts) -> str:
    """The command that leads one address past a route for more, as other routes do; "" for none."""
    to, tables = IPv4Network(target), ("main", forbids.table)
    every = (one for one in facts.known("routes") if one.type == "unicast" and one.table in tables)
    ways = [one for one in every if to.network_address in one.to and one.dev]
    best = max(ways, key=lambda one: (one.to.prefixlen, -(one.metric or 0)), default=None)
    if best is None or forbids.to == to:
        return ""
    way = replace(best, to=to, table=forbids.table)
    return f"ip route add {shlex.join(way.words('gateway', 'dev', 'table').split())}"


def _no_route(trace: Trace) -> Finding:
    """The route is missing; or the mode has none, and another mode does."""
    own = IPv4Interface(trace.net.address).network
    is_near = ip_address(trace.target) in own
    if not is_near and (found := trace.inspection.default_route()):
        return found
    what, evidence = f"{trace.name} has no route to {trace.target}", f"ip route get {trace.target}"
    add = f"ip route add {own} dev {trace.net.device}"
    remedy = {"fix": add} if is_near else {"advice": _other_mode(trace)}
    return trace.inspection.finding("error", what, evidence, about=trace.name, **remedy)


def _other_mode(trace: Trace) -> str:
    network = trace.inspection.network
    kept = [one for one in network.promises if one.source == "namespace" and one.reachable]
    reached = {one.target for one in kept} - {"itself"}
    whom = "no further"
    if reached <= {"the host's end of the cable"} and kept:
        whom = f"{bare(trace.net.host_address)} alone" if reached else "nobody"
    return f"none: {network.mode} reaches {whom}; bridged reaches the LAN"


def dummy(trace: Trace) -> Judgement:
    """A device with neither a cable nor an uplink."""
    name = trace.route.dev if trace.route else ""
    if trace.net.host_device or trace.net.uplink or name != trace.net.device:
        return None
    what, evidence = f"{name} has no cable: what it sends is lost", f"ip -d link show {name}"
    advice = "none: isolated reaches nobody; host-only reaches the host"
    return trace.inspection.finding("error", what, evidence, advice=advice, about=name)


def cable(trace: Trace) -> Judgement:
    """The host's end of the cable, and the bridge that it is a port of."""
    end, bridge, inspection = trace.net.host_device, trace.net.bridge, trace.inspection
    if trace.to_itself:
        return None
    if not bridge:
        return addresses_on_port(end, trace.host)
    devices = [end, *trace.lan_ports, bridge]
    found = [
        *map(inspection.host_device, devices),
        *map(inspection.bridge_port, devices[:-1]),
        *map(inspection.carrier, trace.lan_ports),
    ]
    held = bridge_side.ports(trace, devices[:-1])
    wrong = next(filter(None, [*found, held]), None)
    return wrong or f"{end} hands it to {bridge}, whose port it is"


def host_address(trace: Trace) -> Judgement:
    """The host's address, if it is the next hop."""
    wanted = bare(trace.net.host_address)
    if not wanted or trace.to_itself or trace.next_hop != wanted or trace.into_host:
        return None
    return trace.inspection.host_address()


def neighbour(trace: Trace) -> Judgement:
    """The next hop answers ARP."""
    name, hop, out = trace.name, trace.next_hop, trace.net.device
    if trace.to_itself or answers_arp(trace.seen.neighbours, hop):
        return _other_mac(trace)
    if found := _unanswered_arp(trace):
        return found
    if is_asked(trace.seen.neighbours, hop):
        what, evidence = f"nobody answers for {hop} on {out}", f"ip neigh show to {hop}"
        advice = f"see that {hop} is there and up, or give another address or gateway"
    else:
        what, evidence = f"{name} itself drops it: nothing leaves by {out}", "nft list ruleset"
        advice = f"see to the firewall in {name}"
    return trace.inspection.finding("error", what, evidence, advice=advice, about=name)


def _other_mac(trace: Trace) -> Finding | None:
    """Somebody has entered a MAC for the host, or for the namespace, that is another's."""
    device, ingress, name, hop = trace.net.device, trace.net.ingress, trace.name, trace.next_hop
    own = (trace.inspection.namespace.link(device) or Link("")).mac
    near = (trace.host.link(ingress) or Link("")).mac
    if not trace.into_host:
        near = mac_of(trace.seen.host_neighbours, hop)
    if (mac := mac_of(trace.seen.host_neighbours, trace.address, ENTERED)) not in ("", own):
        what = f"the host has {mac} for {trace.address}, which is not {name}'s"
        evidence, fix = f"ip neigh show to {trace.address}", f"ip neigh del {trace.address}"
        return Finding("error", what, evidence, fix=f"{fix} dev {ingress}", about=ingress)
    if not near or (mac := mac_of(trace.seen.neighbours, hop, ENTERED)) in ("", near):
        return None
    what, fix = f"{name} has {mac} for {hop}, which has {near}", f"ip neigh del {hop} dev {device}"
    return trace.inspection.finding("error", what, f"ip neigh show to {hop}", fix=fix, about=name)


def _unanswered_arp(trace: Trace) -> Finding | None:
    """The host has the address and answers no ARP for it there, as for a virtual one on lo."""
    name, into, hop = trace.name, trace.net.ingress, trace.next_hop
    keys = [ARP_IGNORED.format(one) for one in ("all", into.replace(".", "/"))]
    key = max(keys, key=trace.setting)
    link = trace.host.link(into)
    if not trace.setting(key) or link is None:
        return None
    what = f"{HIDDEN} for {hop} on {into} ({key} is {trace.setting(key)})"
    fix = f"ip neigh replace {hop} lladdr {link.mac} dev {trace.net.device} nud permanent"
    evidence = f"ip neigh show to {hop}"
    return trace.inspection.finding("error", what, evidence, fix=fix, about=name)
