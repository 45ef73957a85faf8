"""Filters that would stop a mode: what drops forwarded packets, and what names the uplink."""

import re
from collections.abc import Iterator
from dataclasses import replace

from netmodes.firewall.judgement import judged
from netmodes.firewall.ruleset import Packet
from netmodes.firewall.verdict import Stop, by_iptables, by_nft, opens
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.verdict import DOCKER, Flow, Verdict

#: Stands for anybody outside (TEST-NET-2, RFC 5737).
SOMEBODY = "198.51.100.1"

#: Whether bridged frames go through iptables; there only with the module br_netfilter.
BRIDGE_NF = "net.bridge.bridge-nf-call-iptables"

#: What shows the rules that may name an uplink.
SHOWS = {
    "tc": "tc filter show dev {0}",
    "nft": "nft list ruleset",
    "iptables": "iptables -S",
    "rules": "ip -4 rule show",
    "rules6": "ip -6 rule show",
}


def judge(flow: Flow, facts: Facts) -> Verdict:
    """What the host's firewall does with what a mode has it forward."""
    if facts.verdicts is not None:
        found = judged(flow, facts.verdicts, facts)
        named = naming(flow.uplink, flow.bridge, facts) if flow.uplink else ()
        return replace(found, objections=(*found.objections, *map(str, named)))
    sent = packets(flow.bridge, flow.out, flow.address)
    named = naming(flow.uplink, flow.bridge, facts) if flow.uplink else ()
    dropped = (f"{finding}, or go on with --anyway" for finding in dropping(sent, facts))
    return Verdict(
        _entry(sent, facts) or "",
        objections=(*map(str, named), *dropped),
        warnings=tuple(rejecting(sent, facts)),
    )


def packets(bridge: str, out: str, address: str = SOMEBODY) -> tuple[Packet, Packet]:
    """What an address behind a bridge sends outside by another device, and the answer."""
    sent = Packet("forward", bridge, out, address, SOMEBODY, "tcp")
    return sent, Packet("forward", out, bridge, SOMEBODY, address, "tcp", state="established")


def half_seen(flow: Flow, verdict: Verdict, facts: Facts) -> Finding | None:
    """What may stop connections of which the host sees one way, for the answers come past it."""
    if flow.bridge != flow.out:
        return None
    sent = packets(flow.bridge, flow.out, flow.address)
    lone = replace(sent[0], state="invalid")
    others = {stop.what for stop in _stops(sent, facts)}  # these stop more, and are said anyway
    found = [stop for stop in by_nft(lone, facts) if stop.what not in others]
    found += [] if verdict.chain else by_iptables(lone, facts)
    if not found:
        return None
    what = "the host's firewall may cut connections off, for their answers come past it"
    advice = "give the LAN's router as --gateway"
    return Finding("warning", f"{what} ({found[0].what})", found[0].evidence, advice=advice)


def _entry(sent: tuple[Packet, Packet], facts: Facts) -> str | None:
    """The chain of iptables where an accept lets these packets pass; None if they do already."""
    if not any(stop.certain for packet in sent for stop in by_iptables(packet, facts)):
        return None
    return DOCKER if all(opens(DOCKER, packet, facts) for packet in sent) else "FORWARD"


def dropping(sent: tuple[Packet, Packet], facts: Facts) -> Iterator[Finding]:
    """What drops a bridge's packets where only nft can let them pass."""
    for stop in _stops(sent, facts):
        if not stop.firewalld:
            what = f"the firewall drops what {sent[0].iif} passes on ({stop.what})"
            yield Finding("error", what, stop.evidence, fix=stop.fix)


def rejecting(sent: tuple[Packet, Packet], facts: Facts) -> Iterator[Finding]:
    """The same of firewalld's, which knows bridges by the zones that they are put into."""
    for stop in _stops(sent, facts):
        if stop.firewalld:
            what = f"firewalld may stop what {sent[0].iif} passes on ({stop.what})"
            fix = f"firewall-cmd --zone=trusted --add-interface={sent[0].iif}"
            yield Finding("warning", what, stop.evidence, fix=fix)


def _stops(sent: tuple[Packet, Packet], facts: Facts) -> Iterator[Stop]:
    """What in nft surely stops these packets, each once."""
    found: dict[str, Stop] = {}
    for packet in sent:
        for stop in (one for one in by_nft(packet, facts) if one.certain or one.policy):
            found.setdefault(stop.what, stop)
    yield from found.values()


def filters(facts: Facts) -> Iterator[Finding]:
    """What netmodes gets past by itself, but nothing else does."""
    if "-P FORWARD DROP" in (facts.iptables or []):
        yield Finding(
            "warning",
            "iptables drops what is forwarded, but what its rules accept",
            "iptables -S FORWARD",
            advice="nothing for bridged and nat, which add the rules that they need",
        )
    if (facts.sysctls or {}).get(BRIDGE_NF) == "1":
        yield Finding(
            "warning",
            "br_netfilter sends what a bridge passes on through iptables too (Docker may need it)",
            f"sysctl {BRIDGE_NF}",
            fix=f"sysctl -w {BRIDGE_NF}=0",
        )


def naming(uplink: str, bridge: str, facts: Facts) -> Iterator[Finding]:
    """Rules that name the uplink, whose packets will come in on the bridge."""
    for what, rule in _naming(uplink, bridge, facts):
        yield Finding(
            "error",
            f"a rule names {uplink}, whose packets will come in on {bridge} ({what}: {rule})",
            SHOWS[what].format(uplink),
            advice=f"let it name {bridge} as well, then use --anyway",
            about=uplink,
        )


def _naming(uplink: str, bridge: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """Where the rules are that name the uplink, and each as it is written.

    Some name it by how it begins, `enp+` or `"enp*"`, which matters where the bridge does not.
    """
    begins = [uplink[:length] for length in range(1, len(uplink) + 1)]
    own = "|".join(re.escape(one) for one in begins if not bridge.startswith(one))
    several = rf'(?<=[ "])({own})(\+(?= |$)|\*(?="))'
    name = re.compile(rf"(?<![\w.-]){re.escape(uplink)}(?![\w.-])|{several}")
    of_tc = facts.tc.get(uplink) if facts.tc else None
    yield from (("tc", line.strip()) for line in of_tc or ())
    for what in ("nft", "iptables"):
        lines = getattr(facts, what) or ()
        yield from ((what, line.strip()) for line in lines if name.search(line))
    for what, rules in (("rules", facts.rules), ("rules6", facts.rules6)):
        yield from ((what, rule.text) for rule in rules or () if uplink in rule.devices)
