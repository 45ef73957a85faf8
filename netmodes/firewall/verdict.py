"""What in a firewall stops a packet: the rules of iptables and nft, as far as they are understood.

A rule may ask for more than is understood here. Then it is a doubt: it may stop the packet, or let
it pass before another rule stops it.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from netmodes.firewall.ruleset import Chain, Packet, Rule, Table, read_iptables, read_nft
from netmodes.machine.facts import Facts
from netmodes.plan.text import words_of
from netmodes.plan.verdict import DOCKER


@dataclass(frozen=True)
class Stop:
    """What stops a packet, and how to see to it.

    Args:
        what: the rule or policy in words, with where it stands.
        evidence: the command that shows it.
        fix: the command that lets this packet pass.
        certain: all is understood; else it may stop the packet, or not.
        rejects: it sends the packet back, rather than drop it.
        policy: it is no rule, but what the chain does with the rest.
        firewalld: it is firewalld's.
    """

    what: str
    evidence: str
    fix: str
    certain: bool = True
    rejects: bool = False
    policy: bool = False
    firewalld: bool = False


#: A chain with its rule that stops a packet, None for its policy; and whether that is certain.
Stopping = tuple[Chain, Rule | None, bool]

STOPPING = ("drop", "reject")


@dataclass(frozen=True)
class Fate:
    """What a chain does with a packet.

    Args:
        verdict: "accept", "drop", or "" where it goes on.
        by: the chain and the rule that drops it, or that may.
        doubt: a rule may accept it before.
    """

    verdict: str = ""
    by: tuple[Chain, Rule] | None = None
    doubt: bool = False


def stops(packet: Packet, facts: Facts) -> Iterator[Stop]:
    """What stops the packet, or may, in iptables and then in nft's tables."""
    yield from by_iptables(packet, facts)
    yield from by_nft(packet, facts)


def by_iptables(packet: Packet, facts: Facts) -> Iterator[Stop]:
    """What in iptables stops the packet, or may."""
    table = read_iptables(facts.iptables or [])
    yield from (_of_iptables(*stop, packet, facts) for stop in _stopping(packet, table))


def by_nft(packet: Packet, facts: Facts) -> Iterator[Stop]:
    """The same in nft's tables, but for the one that iptables has there."""
    for name, table in read_nft(facts.nft or []).items():
        own_frames = not name.startswith("bridge ") or packet.iif == packet.oif
        if own_frames and not (name == "ip filter" and facts.iptables):
            yield from (_of_nft(*stop, packet, name) for stop in _stopping(packet, table))


def opens(name: str, packet: Packet, facts: Facts) -> bool:
    """Whether the packet would pass iptables if this chain of it accepted the packet at once."""
    table = read_iptables(facts.iptables or [])
    chain = replace(table.get(name, Chain(name)), rules=[Rule("", (), "accept")])
    return not any(certain for *_, certain in _stopping(packet, {**table, name: chain}))


def is_translated(packet: Packet, facts: Facts) -> bool:
    """Whether what leaves may get the host's address; nft shows the rules of iptables as well."""
    return any(
        rule.verdict == "translate" and rule.matches(packet) is not False
        for table in read_nft(facts.nft or []).values()
        if any(chain.hook == "nat postrouting" for chain in table.values())
        for chain in table.values()
        for rule in chain.rules
    )


def _stopping(packet: Packet, table: Table) -> Iterator[Stopping]:
    """Each chain of the packet's hook that drops it, or may; its policy drops what no rule does."""
    for chain in table.values():
        if chain.hook == packet.hook:
            fate = _fate(packet, chain, table)
            if fate.verdict == "" and chain.policy == "drop":
                yield chain, None, not fate.doubt
            elif fate.by is not None:
                yield (*fate.by, fate.verdict == "drop" and not fate.doubt)


def _fate(packet: Packet, chain: Chain, table: Table) -> Fate:
    """What becomes of a packet in a chain: the first rule decides that is surely for it."""
    suspect, doubt, skipped = None, False, False
    for rule in chain.rules:
        matches = rule.matches(packet)
        if matches is False:
            continue
        fate, certain = _done(packet, rule, chain, table), matches and not skipped
        if certain and fate.verdict:
            by = fate.by if fate.verdict == "drop" else suspect or fate.by
            return Fate(fate.verdict, by, doubt or fate.doubt)
        suspect = suspect or fate.by
        doubt = doubt or fate.doubt or fate.verdict == "accept"
        if certain and rule.verdict in ("return", "goto"):
            break
        skipped = skipped or rule.verdict in ("return", "goto")
    return Fate("", suspect, doubt)


def _done(packet: Packet, rule: Rule, chain: Chain, table: Table) -> Fate:
    """What a rule does with a packet that it is for."""
    if rule.verdict in STOPPING:
        return Fate("drop", (chain, rule))
    if rule.verdict in ("jump", "goto"):
        return _fate(packet, table.get(rule.chain, Chain(rule.chain)), table)
    return Fate("accept" if rule.verdict == "accept" else "")


def _of_iptables(
    chain: Chain, rule: Rule | None, certain: bool, packet: Packet, facts: Facts
) -> Stop:
    evidence = shlex.join(("iptables", "-S", chain.name))
    if rule:
        fix = shlex.join(("iptables", "-D", *words_of(rule.text)[1:]))
        return Stop(f"`{rule.text}`", evidence, fix, certain, rule.verdict == "reject")
    into = DOCKER if opens(DOCKER, packet, facts) else chain.name
    ways = [word for way in packet.ways("-i", "-o") for word in way]
    fix = shlex.join(("iptables", "-I", into, *ways, "-j", "ACCEPT"))
    return Stop(f"iptables' policy for {chain.name}", evidence, fix, certain, policy=True)


def _of_nft(chain: Chain, rule: Rule | None, certain: bool, packet: Packet, table: str) -> Stop:
    where = f"{table} {chain.name}"
    ways = [word for way in packet.ways("iifname", "oifname") for word in way]
    fix = shlex.join(("nft", "insert", "rule", *where.split(), *ways, "accept"))
    what = f"`{rule.text}` in nft's chain {where}" if rule else f"the policy of nft's chain {where}"
    rejects = rule is not None and rule.verdict == "reject"
    firewalld = table.endswith(" firewalld")
    evidence = shlex.join(("nft", "list", "chain", *where.split()))
    return Stop(what, evidence, fix, certain, rejects, rule is None, firewalld)
