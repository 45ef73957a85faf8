"""Rules that keep what leaves to another device, as a VPN's kill switch does.

This reads rules, for no packet shows it: the device may not be there, the rule may be for others'
packets, and still nothing may be opened past it.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from netmodes.commands.forwarding import ENGINES
from netmodes.firewall.naming import Chains, chains, elements, reached
from netmodes.firewall.questions import saved
from netmodes.machine.facts import Facts
from netmodes.plan.verdict import Drop

#: What a rule says of the device that packets leave by: its name, a set or a map, and what stands
#: before the device in its elements; and the name in one of those.
LEAVES = re.compile(
    r"(?<!! )-o (\S+)|((?:[\w ]+ \. )*)\boif(?:name)? (?:\. [\w .]+? )?(?:vmap )?"
    r'("[^"]+"|{[^}]*}|@\S+)'
)
NAME = re.compile(r"[^\s\"]+")

ACCEPTS, NEW = re.compile(r"(-j ACCEPT|\baccept)\b"), re.compile(r"\bnew\b", re.IGNORECASE)

#: A rule for answers, or for what comes in for a published port; the device that it comes in on.
ANSWERS = re.compile("state|dnat", re.IGNORECASE)
ENTERS = re.compile(r'(?:-i |\biifname ")([^\s"]+)')


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
        is_one = where == table and not chain.startswith("@")
        for name in _leaving(rules, table, every, ours) if is_one else ():
            counts = chain == drop.chain or not _is_up(name, facts)
            if counts and name not in (*ours, "lo") and not _is_of_engine(name, facts):
                return name
    return ""


def _leaving(
    rules: Collection[str], table: str, every: Chains, ours: Iterable[str]
) -> Iterator[str]:
    """The devices by which rules, or the chains that they lead to, let leave what is no answer, has
    not come in there, and may not leave by one of ours just so."""
    for rule in rules:
        begins = NEW.search(rule) or not ANSWERS.search(rule)
        names = {*_named(rule, table, every)} - {*ENTERS.findall(rule)} if begins else set()
        if names and any(map(ACCEPTS.search, reached([rule], table, every))):
            same = ((one, rule.replace(one, own)) for one in names for own in ours)
            twins = {one for one, other in same if other != rule and other in rules}
            yield from sorted(names - twins)


def _named(rule: str, table: str, every: Chains) -> Iterator[str]:
    """The devices that packets leave by, as a rule, its map or its set has them."""
    for own, before, words in LEAVES.findall(rule):
        of_set = every.get((table, words), ()) if words.startswith("@") else [f"elements = {words}"]
        for one in elements(of_set) if words else [own]:
            key, _, verdict = one.partition(" : ")
            if verdict not in ("drop", "continue", "return"):
                yield from NAME.findall(key.split(" . ")[before.count(" . ")])[:1]


def _is_up(name: str, facts: Facts) -> bool:
    """Whether a device is up that a rule names, perhaps by how it begins."""
    begins, is_whole = name.rstrip("+*"), not name.endswith(("+", "*"))
    names = [link.name for link in facts.known("links") if link.is_up]
    return name in names if is_whole else any(one.startswith(begins) for one in names)


def _is_of_engine(name: str, facts: Facts) -> bool:
    """Whether it is the bridge of something inside the host."""
    link = facts.link(name)
    return link.kind == "bridge" if link else bool(re.fullmatch(ENGINES, name))
