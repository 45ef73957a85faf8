"""What in a firewall stops a packet: the rules of iptables and nft, as far as they are understood.

A rule may ask for more than is understood here. For a packet that is known to be lost in doubt a
rule that drops is the one; for one that is yet to come it is not. A rule that accepts never is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

from netmodes.facts import Facts
from netmodes.rulesets import Chain, Rule, Table, read_iptables, read_nft

__all__ = ["DOCKER", "Packet", "Stop", "by_iptables", "by_nft", "opens", "stops"]

#: The chain that Docker keeps for who wants more than it lets pass.
DOCKER = "DOCKER-USER"


@dataclass(frozen=True)
class Packet:
    """A packet that goes through the host, or to it; each field is what a rule may ask for.

    Args:
        hook: "forward"; "input" or "output" for what is the host's own.
        iif: the device that it comes in on; "" for output.
        oif: the device that it leaves by; "" for input.
        source: its address.
        target: the address that it is for.
        protocol: "icmp" or "tcp".
        port: the TCP port that it is for, or "".
        state: "new", or "established" for an answer.
    """

    hook: str
    iif: str
    oif: str
    source: str
    target: str
    protocol: str = "icmp"
    port: str = ""
    state: str = "new"

    def ways(self, into: str, out: str) -> list[tuple[str, str]]:
        """The devices, each after the word of a firewall that asks for it."""
        return [(word, name) for word, name in ((into, self.iif), (out, self.oif)) if name]


@dataclass(frozen=True)
class Stop:
    """What stops a packet, and how to see to it.

    Args:
        what: the rule or policy in words, with where it stands.
        shows: the command that shows it.
        mend: the command that lets this packet pass.
    """

    what: str
    shows: str
    mend: str


def stops(packet: Packet, facts: Facts) -> Iterator[Stop]:
    """What stops a packet that is lost, in iptables and then in nft's tables."""
    yield from by_iptables(packet, facts)
    yield from by_nft(packet, facts)


def by_iptables(packet: Packet, facts: Facts, *, doubt: bool = True) -> Iterator[Stop]:
    """What in iptables stops the packet; without ``doubt`` what does so for sure."""
    table = read_iptables(facts.iptables or [])
    for chain, rule in _stopping(packet, table, doubt):
        yield _of_iptables(chain, rule, packet, facts)


def by_nft(packet: Packet, facts: Facts, *, doubt: bool = True) -> Iterator[Stop]:
    """The same in nft's tables, but for the one that iptables has there."""
    for name, table in read_nft(facts.nft or []).items():
        if _sees(name, packet) and not (name == "ip filter" and facts.iptables):
            for chain, rule in _stopping(packet, table, doubt):
                yield _of_nft(chain, rule, packet, name)


def _sees(table: str, packet: Packet) -> bool:
    """Whether IPv4 packets like this one come through a table of this family."""
    family = table.partition(" ")[0]
    return family != "ip6" and (family != "bridge" or packet.iif == packet.oif)


def opens(name: str, packet: Packet, facts: Facts) -> bool:
    """Whether the packet would pass iptables if this chain of it accepted the packet at once."""
    table = read_iptables(facts.iptables or [])
    chain = replace(table.get(name, Chain(name)), rules=[Rule("", (), "accept")])
    return not any(_stopping(packet, {**table, name: chain}, doubt=False))


def _stopping(packet: Packet, table: Table, doubt: bool) -> Iterator[tuple[Chain, Rule | None]]:
    """Each chain of the packet's hook that drops it, with the rule; None for its policy."""
    for chain in table.values():
        if chain.hook == packet.hook:
            verdict, where, rule = _verdict(packet, chain, table, doubt)
            if verdict == "drop":
                yield where, rule
            elif verdict == "" and chain.policy == "drop":
                yield chain, None


def _verdict(
    packet: Packet, chain: Chain, table: Table, doubt: bool
) -> tuple[str, Chain, Rule | None]:
    """What a chain does with the packet: "accept", "drop" or "", by which rule of which chain."""
    suspect: tuple[str, Chain, Rule | None] = ("", chain, None)
    for rule in chain.rules:
        matches = _matches(rule, packet)
        found: tuple[str, Chain, Rule | None] = (rule.verdict, chain, rule)
        if matches is False or rule.verdict == "":
            continue
        if rule.verdict in ("jump", "goto"):
            found = _verdict(packet, table.get(rule.chain, Chain(rule.chain)), table, doubt)
        if doubt and found[0] == "drop" and not matches and not suspect[0]:
            suspect = found
        if matches and found[0] in ("accept", "drop"):
            return suspect if suspect[0] else found
        if matches and rule.verdict in ("return", "goto"):
            break
    return suspect


def _of_iptables(chain: Chain, rule: Rule | None, packet: Packet, facts: Facts) -> Stop:
    shows = f"iptables -S {chain.name}"
    if rule:
        return Stop(f"`{rule.text}`", shows, rule.text.replace("-A ", "iptables -D ", 1))
    into = DOCKER if opens(DOCKER, packet, facts) else chain.name
    ways = " ".join(f"{option} {name}" for option, name in packet.ways("-i", "-o"))
    mend = f"iptables -I {into} {ways} -j ACCEPT"
    return Stop(f"iptables' policy for {chain.name}", shows, mend)


def _of_nft(chain: Chain, rule: Rule | None, packet: Packet, table: str) -> Stop:
    where = f"{table} {chain.name}"
    ways = " ".join(f"{word} {name}" for word, name in packet.ways("iifname", "oifname"))
    mend = f"nft insert rule {where} {ways} accept"
    what = f"`{rule.text}` in nft's chain {where}" if rule else f"the policy of nft's chain {where}"
    return Stop(what, f"nft list chain {where}", mend)


def _matches(rule: Rule, packet: Packet) -> bool | None:
    """Whether the rule is for this packet; None if it may be."""
    answers = [_fits(packet, *ask) for ask in rule.asks]
    return False if False in answers else None if None in answers else True


def _fits(packet: Packet, what: str, values: Sequence[str], negated: bool) -> bool | None:
    """Whether the packet is what a rule asks for; None if that is not understood here."""
    if what not in FIELDS:
        return None
    own = getattr(packet, what)
    try:
        fits = any(_is(own, value, what) for value in values)
    except ValueError:  # a set by name, or a range
        return None
    return fits is not negated


FIELDS = ("iif", "oif", "source", "target", "protocol", "port", "state")


def _is(own: str, value: str, what: str) -> bool:
    if what in ("source", "target"):
        return ip_address(own) in ip_network(value, strict=False)
    if what in ("iif", "oif"):
        return fnmatchcase(own, value.replace("+", "*"))
    if what == "port":
        return own == str(int(value))
    return own == value.lower()
