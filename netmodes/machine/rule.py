"""Policy routing: the rules that ``ip rule show`` lists, as values."""

from dataclasses import dataclass
from ipaddress import ip_network

from netmodes.machine import values
from netmodes.machine.values import Subnet

#: What a rule may do with a packet but look up a table, and where it asks for a device.
FORBIDS = ("prohibit", "blackhole", "unreachable")
ASKS = ("iif", "oif")

#: The words that have another after them.
TAKES = (*ASKS, "from", "to", "fwmark", "lookup", "goto", "proto")


@dataclass(frozen=True)
class Rule:
    """A rule.

    Args:
        text: as it is written.
        pref: its place among the others.
        devices: those whose packets it is for; none where it asks for none.
        forbids: the word for what becomes of packets that it forbids; "" if it forbids none.
        source: the subnet that they come from; None for any.
        mark: the mark that they have, in hexadecimal; "" for any.
    """

    text: str
    pref: int
    devices: frozenset[str] = frozenset()
    forbids: str = ""
    source: Subnet | None = None
    mark: str = ""


def rule_from(text: str) -> Rule:
    """A rule from its line."""
    pref, _, rest = text.partition(":")
    has, words = {"from": "all"}, iter(rest.strip().split(" "))
    for word in words:
        if word in TAKES or word in FORBIDS:
            has[word] = next(words, "") if word in TAKES else word
    devices = frozenset(values.device(has[ask]) for ask in ASKS if ask in has)
    forbids = next((word for word in FORBIDS if word in has), "")
    source = None if has["from"] == "all" else ip_network(has["from"], strict=False)
    mark = values.word(has["fwmark"]).partition("/")[0] if "fwmark" in has else ""
    return Rule(text, values.number(int(pref)), devices, forbids, source, mark)
