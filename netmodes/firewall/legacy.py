"""iptables-legacy, whose rules nft does not list and no trace tells of: it counts packets."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from netmodes.engine.runner import Runner
from netmodes.firewall.trace import EVERY
from netmodes.machine.path import find
from netmodes.machine.query import contents
from netmodes.place import file_of
from netmodes.plan.step import in_namespace
from netmodes.plan.text import lines_of
from netmodes.plan.verdict import Drop

#: The tables that it has here.
TABLES = Path("/proc/thread-self/net/ip_tables_names")

SAVE = "iptables-legacy-save"

#: The chains that it has for each hook.
CHAINS = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}

#: What it saves of what drops, with the packets.
POLICY = re.compile(r":(\S+) DROP \[(\d+):")
RULE = re.compile(r"\[(\d+):\d+\] (-A (\S+) .*-j (?:DROP|REJECT)\b.*)")


def is_used(namespace: str) -> bool:
    """Whether it has tables in a namespace; "" is the host."""
    if not TABLES.exists():  # this kernel has none
        return False
    from netmodes.machine.inside import there

    return bool(there(file_of(namespace), contents, TABLES))


def counts(namespace: str, runner: Runner) -> str:
    """What it has counted in a namespace; "" where it has no tables."""
    if not is_used(namespace) or not find(SAVE):
        return ""
    return runner.run(in_namespace(namespace, SAVE, "-c")).stdout


def dropped(before: str, after: str, hook: str) -> Drop | None:
    """The rule or policy that has dropped what came between two counts, in that hook or in a chain
    that it may lead to; None if it may be one of several."""
    was, counted = dict(_counted(before)), dict(_counted(after))
    risen = [drop for drop, count in counted.items() if count > was.get(drop, 0)]
    here = [drop for drop in risen if drop.chain not in CHAINS - {hook.upper()}]
    return replace(here[0], hook=hook) if len(here) == 1 else None


def _counted(saved: str) -> Iterator[tuple[Drop, int]]:
    """What drops packets, and how many it has dropped."""
    table = ""
    for line in lines_of(saved):
        if line.startswith("*"):
            table = f"ip {line[1:]}"
        elif policy := POLICY.match(line):
            yield Drop("", table, policy[1], legacy=True), int(policy[2])
        elif rule := RULE.match(line):
            every = EVERY.fullmatch(rule[2]) is not None
            yield Drop("", table, rule[3], rule[2], every, legacy=True), int(rule[1])
