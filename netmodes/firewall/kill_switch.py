"""Rules that keep what leaves to another device, as a VPN's kill switch does."""

import re
from collections.abc import Iterable, Iterator

from netmodes.commands.forwarding import ENGINES
from netmodes.firewall.naming import Chains, chains, elements, reached
from netmodes.firewall.questions import saved
from netmodes.machine.facts import Facts
from netmodes.plan.verdict import Drop

#: What a rule says of the device that packets leave by, and the names in that.
LEAVES = re.compile(r"(?<!! )-o (\S+)|oif(?:name)? (\"[^\"]+\"|{[^}]*})")
NAMES = re.compile(r"[^\s\"{},]+")

#: The same of a map of verdicts, and of a set.
OUT_MAP, MAPPED = re.compile(r"\boif(name)? vmap "), re.compile(r'"([^"]+)" : accept')
OUT_SET = re.compile(r"\boif(?:name)? (@\S+)")

ACCEPTS, NEW = re.compile(r"(-j ACCEPT|\baccept)\b"), re.compile(r"\bnew\b", re.IGNORECASE)


def kept_to(drop: Drop, facts: Facts, *ours: str) -> str:
    """Another device that rules let packets leave by, where what is passed on is dropped.

    In the chain that drops any other device counts, in others one that is not there.

    Args:
        drop: what drops.
        facts: the machine.
        ours: the devices that packets pass by.
    """
    if drop.hook != "forward":
        return ""
    table, listed = drop.table, facts.nft or []
    if table == "ip filter":
        table, listed = "filter", saved(facts)
    every = chains(listed)
    for (where, chain), rules in every.items():
        for name in _leaving(rules, table, every) if where == table else ():
            counts = chain == drop.chain or not _is_up(name, facts)
            if counts and name not in (*ours, "lo") and not _is_of_engine(name, facts):
                return name
    return ""


def _leaving(rules: Iterable[str], table: str, every: Chains) -> Iterator[str]:
    """The devices by which rules, or the chains that they lead to, let leave what is no answer."""
    for rule in rules:
        names = [*_named(rule, table, every)] if NEW.search(rule) or "state" not in rule else []
        if names and any(map(ACCEPTS.search, reached([rule], table, every))):
            yield from names


def _named(rule: str, table: str, every: Chains) -> Iterator[str]:
    """The devices that packets leave by, as a rule, its map or its set has them."""
    names = " ".join(word for found in LEAVES.findall(rule) for word in found)
    yield from map(str, NAMES.findall(names))
    yield from map(str, MAPPED.findall(rule) if OUT_MAP.search(rule) else ())
    for one in OUT_SET.findall(rule):
        yield from (word.strip('"') for word in elements(every.get((table, one), ())))


def _is_up(name: str, facts: Facts) -> bool:
    """Whether a device is up that a rule names, perhaps by how it begins."""
    begins, is_whole = name.rstrip("+*"), not name.endswith(("+", "*"))
    names = [link.name for link in facts.known("links") if link.is_up]
    return name in names if is_whole else any(one.startswith(begins) for one in names)


def _is_of_engine(name: str, facts: Facts) -> bool:
    """Whether it is the bridge of something inside the host."""
    link = facts.link(name)
    return link.kind == "bridge" if link else bool(re.fullmatch(ENGINES, name))
