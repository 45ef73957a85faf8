"""Filters that would stop bridged: what drops forwarded packets, and what names the uplink."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from netmodes.errors import Refused
from netmodes.facts import Facts
from netmodes.finding import Finding
from netmodes.step import Argv, Step, Undo

__all__ = ["accept", "dropping", "filters", "insert", "naming", "rejecting"]

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

#: What `iptables -S` says of a policy that drops what is forwarded.
DROP = "-P FORWARD DROP"

#: The chain that iptables-nft and nft both show; iptables is asked to change it.
OF_IPTABLES = "table ip filter, chain FORWARD"


def accept(bridge: str, facts: Facts, *matches: Argv) -> Iterator[Step]:
    """Let packets of a bridge pass where a FORWARD policy drops them (Docker's does).

    The accept stands in the chain that drops, for an accept elsewhere ends only its own chain;
    Docker keeps DOCKER-USER for it.

    Args:
        bridge: the bridge.
        facts: the machine.
        matches: which packets, a rule each, in iptables' words.

    Raises:
        Refused: a chain drops that only nft knows.
    """
    for finding in dropping(bridge, facts):
        raise Refused(str(finding))
    lines = facts.iptables or []
    if DROP in lines:
        chain = "DOCKER-USER" if "-N DOCKER-USER" in lines else "FORWARD"
        why = f"the firewall drops what is forwarded; let pass what {bridge} is for"
        prevents = f"what the namespace sends outside is dropped on its way through {bridge}"
        for number, match in enumerate(matches):
            share = f"accept {bridge}" + (f" {number}" if number else "")
            step = insert(chain, *match, "-j", "ACCEPT", why=why, share=share)
            yield step.as_guard(prevents)


def insert(chain: str, *rule: str, why: str, table: str = "", share: str = "") -> Step:
    """``iptables -I``: a rule before all others of its chain; it is known again by its words."""
    given = (*(("-t", table) if table else ()), "-I", chain, *rule)
    check, delete = (tuple({"-I": word}.get(item, item) for item in given) for word in ("-C", "-D"))
    return Step(
        ("iptables", *given),
        why,
        undo=Undo(("iptables", "-v", *check), ("iptables", *delete)),
        share=share,
    )


def dropping(bridge: str, facts: Facts) -> Iterator[Finding]:
    """What drops all that a bridge passes on, where only nft can let it pass."""
    for chain in _dropping(bridge, facts.nft or []):
        if chain != OF_IPTABLES:
            yield Finding(
                "error",
                f"the firewall drops what {bridge} passes on ({chain}, policy drop)",
                SHOWS["nft"],
                f"accept iifname and oifname {bridge} in that chain first",
            )


def rejecting(bridge: str, facts: Facts) -> Iterator[Finding]:
    """What ends by rejecting all that nothing before has accepted, as firewalld's chains do."""
    for chain, rules in _forwarding(facts.nft or []):
        ends = re.sub(r"counter packets \d+ bytes \d+ ", "", rules[-1] if rules else "")
        if re.match("(reject|drop)( with .*)?$", ends):
            zone = f"firewall-cmd --zone=trusted --add-interface={bridge}"
            there = f"accept iifname and oifname {bridge} in that chain"
            yield Finding(
                "warning",
                f"the firewall may stop what {bridge} passes on ({chain}: {ends})",
                SHOWS["nft"],
                zone if "firewalld" in chain else there,
            )


def filters(facts: Facts) -> Iterator[Finding]:
    """What netmodes gets past by itself, but nothing else does."""
    if DROP in (facts.iptables or []):
        yield Finding(
            "warning",
            "iptables drops what is forwarded, but what its rules accept",
            "iptables -S FORWARD",
            "nothing for bridged and nat, which add the rules that they need",
        )
    if (facts.sysctls or {}).get(BRIDGE_NF) == "1":
        yield Finding(
            "warning",
            "br_netfilter sends what a bridge passes on through iptables as well",
            f"sysctl {BRIDGE_NF}",
            f"sysctl -w {BRIDGE_NF}=0 (Docker may need it)",
        )


def _dropping(bridge: str, ruleset: list[str]) -> Iterator[str]:
    """The chains of ``nft list ruleset`` that drop what is forwarded, by table and name.

    Not where they accept what comes from the bridge.
    """
    accepting = re.compile(rf'iifname "{re.escape(bridge)}".* accept')
    for chain, rules in _forwarding(ruleset):
        if "policy drop" in rules[0] and not any(map(accepting.search, rules)):
            yield chain


def _forwarding(ruleset: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The chains that see what is forwarded, by table and name, and their lines."""
    table = chain = ""
    for number, line in enumerate(map(str.strip, ruleset)):
        if line.startswith("table "):
            table = line.removesuffix("{").strip()
        elif line.startswith("chain "):
            chain = line.removesuffix("{").strip()
        elif " hook forward " in line and not table.startswith("table ip netmodes-"):
            rules = takewhile(lambda rule: rule != "}", map(str.strip, ruleset[number:]))
            yield f"{table}, {chain}", list(rules)


def naming(uplink: str, bridge: str, facts: Facts) -> Iterator[Finding]:
    """Rules that name the uplink, whose packets will come in on the bridge."""
    for what, rule in _naming(uplink, facts):
        yield Finding(
            "error",
            f"a rule names {uplink}, whose packets will come in on {bridge} ({what}: {rule})",
            SHOWS[what].format(uplink),
            f"let it name {bridge} as well, then use --force",
            uplink,
        )


def _naming(uplink: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """Where the rules are that name the uplink, and each as it is written."""
    name = re.compile(rf"(?<![\w.-]){re.escape(uplink)}(?![\w.-])")
    of_tc = facts.tc.get(uplink) if facts.tc else None
    yield from (("tc", line.strip()) for line in of_tc or ())
    for what in ("nft", "iptables", "rules", "rules6"):
        lines = getattr(facts, what) or ()
        yield from ((what, line.strip()) for line in lines if name.search(line))
