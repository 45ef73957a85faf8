"""Filters that would stop bridged: what drops forwarded packets, and what names the uplink."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from netmodes.errors import Refused
from netmodes.facts import Facts
from netmodes.step import Step, Undo

__all__ = ["accept", "naming"]

#: The chain that iptables-nft and nft both show; iptables is asked to change it.
OF_IPTABLES = "table ip filter, chain FORWARD"


def accept(bridge: str, facts: Facts) -> Iterator[Step]:
    """Let packets from bridge to bridge pass where a FORWARD policy drops them (Docker's does).

    The accept stands in the chain that drops, for an accept elsewhere ends only its own chain;
    Docker keeps DOCKER-USER for it.

    Raises:
        Refused: a chain drops that only nft knows.
    """
    for chain in _dropping(bridge, facts.nft or []):
        if chain != OF_IPTABLES:
            raise Refused(
                f"the firewall drops what {bridge} passes on ({chain}, policy drop): "
                f"accept iifname and oifname {bridge} in that chain first"
            )
    lines = facts.iptables or []
    if "-P FORWARD DROP" in lines:
        chain = "DOCKER-USER" if "-N DOCKER-USER" in lines else "FORWARD"
        rule = (chain, "-i", bridge, "-o", bridge, "-j", "ACCEPT")
        yield Step(
            ("iptables", "-I", *rule),
            f"the firewall drops what is forwarded; let pass what stays on {bridge}",
            undo=Undo(("iptables", "-v", "-C", *rule), ("iptables", "-D", *rule)),
            share=f"accept {bridge}",
        ).as_guard(f"what the namespace sends outside is dropped on its way through {bridge}")


def _dropping(bridge: str, ruleset: list[str]) -> Iterator[str]:
    """The chains of ``nft list ruleset`` that drop what is forwarded, by table and name.

    Not where they accept what stays on the bridge.
    """
    table = chain = ""
    accepting = f'iifname "{bridge}" oifname "{bridge}" accept'
    for number, line in enumerate(map(str.strip, ruleset)):
        if line.startswith("table "):
            table = line.removesuffix("{").strip()
        elif line.startswith("chain "):
            chain = line.removesuffix("{").strip()
        elif " hook forward " in line and "policy drop" in line:
            rules = takewhile(lambda rule: rule.strip() != "}", ruleset[number:])
            if not any(accepting in rule for rule in rules):
                yield f"{table}, {chain}"


def naming(uplink: str, facts: Facts) -> Iterator[str]:
    """Rules that name the uplink, whose packets will come in on the bridge, as they are written."""
    name = re.compile(rf"(?<![\w.-]){re.escape(uplink)}(?![\w.-])")
    of_tc = facts.tc.get(uplink) if facts.tc else None
    yield from (f"tc: {line.strip()}" for line in of_tc or ())
    for what in ("nft", "iptables", "rules", "rules6"):
        lines = getattr(facts, what) or ()
        yield from (f"{what}: {line.strip()}" for line in lines if name.search(line))
