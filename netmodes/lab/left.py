"""What a copy has not, or has otherwise than the machine that it is a copy of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netmodes.lab.rulesets import OWNED
from netmodes.machine.facts import Facts
from netmodes.machine.parse import UNSUPPORTED
from netmodes.machine.table import NOT_INSTALLED, Table

#: What may differ for it, by the part of the machine that it is of.
CHANGES = {
    "devices": "what goes by it",
    "links": "what goes by it",
    "addresses": "who answers, and from where",
    "firewall": "what passes",
    "routes": "where packets go",
    "sysctls": "what the kernel does with packets",
    "networks": "what joins it",
}

FIREWALLS = ("nft", "iptables-save", "ip6tables-save", "ebtables-save", "arptables-save")


@dataclass(frozen=True)
class LeftOut:
    """One thing that was not carried over.

    Args:
        what: a device, a rule, …, by its name or its line.
        why: why not, as a clause.
        part: one of ``CHANGES``; "devices" for a device that there is not at all.
    """

    what: str
    why: str
    part: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}; {CHANGES[self.part]} may differ"


def not_carried(facts: Facts, table: Table) -> Iterator[LeftOut]:
    """What no copy has, and what its facts do not tell."""
    read = [table.output(one) is not None or _is_missing(table, one) for one in FIREWALLS]
    if not all(read):
        yield LeftOut("the firewall was not read", "use sudo", "firewall")
    for name, lines in (facts.tc or {}).items():
        if lines is None or lines:
            yield LeftOut(f"tc's filters of {name}", "they are not carried", "firewall")
    for name, nic in (facts.nics or {}).items():
        if "wireless" in nic:
            yield LeftOut(name, "a cable stands in for Wi-Fi", "links")
    for line in table.lines("nft") or ():
        if OWNED.fullmatch(line):
            yield LeftOut("a table of nft", "a program owns it, and may change it", "firewall")
    for network in facts.networks or ():
        yield LeftOut(network.name, "a network of netmodes is not carried", "networks")


def _is_missing(table: Table, program: str) -> bool:
    """Whether a firewall's program is not installed, or the kernel knows nothing of it."""
    status, error = table.failure(program) or (0, "")
    return status == NOT_INSTALLED or UNSUPPORTED.search(error) is not None
