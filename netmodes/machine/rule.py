"""Policy routing: the rules that ``ip rule show`` lists, as values."""

from dataclasses import dataclass
from itertools import pairwise

from netmodes.machine import values

#: What a rule may do with a packet but look up a table, and where it asks for a device.
FORBIDS = ("prohibit", "blackhole", "unreachable")
ASKS = ("iif", "oif")


@dataclass(frozen=True)
class Rule:
    """A rule.

    Args:
        text: as it is written.
        pref: its place among the others.
        devices: those whose packets it is for; none where it asks for none.
        forbids: the word for what becomes of packets that it forbids; "" if it forbids none.
    """

    text: str
    pref: int
    devices: frozenset[str] = frozenset()
    forbids: str = ""


def rule_from(text: str) -> Rule:
    """A rule from its line."""
    pref, _, rest = text.partition(":")
    words = rest.strip().split(" ")
    pairs = [*pairwise(["", *words])]
    named = frozenset(values.device(name) for ask, name in pairs if ask in ASKS)
    does = (word for ask, word in pairs if word in FORBIDS and ask not in ASKS)
    return Rule(text, values.number(int(pref)), named, next(does, ""))
