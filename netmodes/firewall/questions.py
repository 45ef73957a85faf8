"""What is asked of a firewall: whether there are rules, and what becomes of which packets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from netmodes.firewall.netlink import DNS
from netmodes.machine.entries import PART
from netmodes.machine.facts import OUTSIDE, OUTSIDES, Facts
from netmodes.plan.verdict import Flow, Packet

#: A port where each address outside has a server, in a copy.
PORT = 443

#: A port that hardly anybody has (discard, RFC 863); a refusal is an answer.
UNUSED = 9

#: How something is sent outside.
WAYS = ("icmp", "tcp", "udp")

#: Ports that are tried beside those that rules name, and how many in all.
USUAL, MOST = (22, 80, 443), 20

#: Addresses of a family whose ports are tried; all are pinged.
ENOUGH = 4

DPORT = re.compile(r"(?:--dports?|dport) (?:\{ )?([\d, -]+)")

NUMBER = re.compile(r"\d{1,5}")

#: What nft lists that is no rule.
FRAME = ("table ", "chain ", "set ", "map ", "type ", "flags ", "elements ", "comment ", "}", "#")

#: A rule that counts packets or connections, keeps addresses, or takes some by chance; and one that
#: does nothing but log, which as a rule is limited.
COUNTS = re.compile(
    r"\b(hash|conn)?limit\b|\b(recent|quota|ct count|connbytes|rateest|statistic|numgen|random)\b|"
    r"\b(add|update) @|\bmeter\b|-j SET\b"
)
LOGS = re.compile(r"-j N?F?LOG\b|\blog\b(?!.*\b(accept|drop|reject|queue|jump|goto|return)\b)")

#: What iptables lists or saves of a chain that may drop.
RULE = re.compile(r"-A |(-P |:)\S+ DROP")


def has_rules(facts: Facts) -> bool:
    """Whether there is anything that may drop a packet, as far as that could be read."""
    nft = _of_others(facts.nft or ())
    return any("policy drop" in line or not line.startswith(FRAME) for line in nft if line) or any(
        map(RULE.match, saved(facts))
    )


def has_counts(facts: Facts) -> bool:
    """Whether what becomes of a packet may depend on those before it; a limit of a log does not."""
    lines = [*(facts.nft or ()), *saved(facts)]
    return any(map(COUNTS.search, (one for one in lines if not LOGS.search(one))))


def _of_others(listed: Iterable[str]) -> Iterator[str]:
    """The lines of nft's tables but for those that are ours, which leave others' packets alone."""
    ours = False
    for line in listed:
        if line.startswith("table "):
            ours = " netmodes-" in line
        if not ours:
            yield line.strip()


def legacy(facts: Facts) -> list[str]:
    """What iptables-legacy has, which nft does not list, and ``iptables -S`` perhaps not."""
    return (facts.table.lines("iptables-legacy-save") if facts.table else None) or []


def saved(facts: Facts) -> list[str]:
    """What iptables lists, and what iptables-legacy saves."""
    return [*(facts.iptables or ()), *legacy(facts)]


def unread(facts: Facts) -> str:
    """Why rules that nobody could read may drop packets; "" where all were read."""
    if facts.programs is None:
        return "its rules were not read"
    if [name for name in facts.programs if getattr(facts, name) is None]:
        return "only root may read its rules"
    return ""


def leaving(flow: Flow, facts: Facts) -> list[Packet]:
    """What the namespace sends outside, where a route leads there, and to its name servers."""
    ways = WAYS if (facts.exit or facts.default_routes()) and not flow.stays else ()
    names = [Packet("namespace", one, "udp", DNS) for one in flow.to]
    return [*(Packet("namespace", OUTSIDE, one, PORT) for one in ways), *names]


def greetings(flow: Flow) -> dict[Packet, Packet]:
    """What the namespace and the host send each other: a ping, or else a connection."""
    pings = [Packet("namespace", one, "icmp") for one in flow.host]
    pings += [Packet("host", flow.address, "icmp")] * bool(flow.host)
    return {one: replace(one, protocol="tcp", port=UNUSED) for one in pings}


def entering(flow: Flow, facts: Facts) -> list[Packet]:
    """What comes to the namespace: from the LAN that it is on, or to ports of the host."""
    ways = ("icmp", "tcp") if flow.uplink else ()
    host = [str(one.ip) for one in facts.addresses(flow.out)[:1]] if flow.ports else []
    published = [Packet("LAN", one, *port) for one in host for port in flow.ports]
    return [*(Packet("LAN", flow.address, one, PORT) for one in ways), *published]


def reaching(flow: Flow, facts: Facts) -> list[Packet]:
    """What the host gets and sends by the uplink, and will by the bridge."""
    if not flow.uplink:
        return []
    every = facts.global_addresses(flow.uplink)
    own = [str(one.ip) for one in every if one.scope == "global"]
    pings = [Packet("LAN", one, "icmp") for one in own]
    by_family = [[one.target for one in pings if one.is_6 is is_6] for is_6 in (False, True)]
    firsts = [one for family in by_family for one in family[:ENOUGH]]
    tcp = [Packet("LAN", one, "tcp", port) for one in firsts for port in _ports(facts)]
    wide = (one for one in facts.every_route() if one.to.prefixlen <= PART)
    routes = [one for one in wide if one.dev == flow.uplink]
    hops = {str(one.gateway) for one in routes if one.gateway and not one.gateway.is_link_local}
    asked = [Packet("host", one, "icmp") for one in sorted(hops)]
    outside = [OUTSIDES[version] for version in sorted({one.to.version for one in routes})]
    sent = [Packet("host", one, way, PORT) for one in outside for way in WAYS]
    return [*pings, *tcp, *asked, *sent]


def _ports(facts: Facts) -> list[int]:
    """The usual ports, and those that rules name."""
    lines = [*(facts.nft or ()), *saved(facts)]
    words = " ".join(found for line in lines for found in DPORT.findall(line))
    ports = [*USUAL, *map(int, NUMBER.findall(words))]
    return [one for one in dict.fromkeys(ports) if 0 < one < 65536][:MOST]
