"""What a copy would tell of the machines of tests/facts; a pure test makes no copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from unittest.mock import patch

from netmodes import Facts, Plan
from netmodes.firewall.questions import OUTSIDE
from netmodes.plan.verdict import DOCKER, Drop, Fate, Flow, Packet, Verdict, Verdicts
from netmodes.rehearse import verdicts

SENT = Packet("namespace", OUTSIDE, "tcp", 443)
SSH = Packet("LAN", "192.168.64.3", "tcp", 22)

#: What drops, by a line that only one machine has.
DROPS = {
    f"-N {DOCKER}": Drop("forward", "ip filter", "FORWARD"),
    "table inet filter {": Drop("forward", "inet filter", "forward"),
}


def told(
    render: Callable[[Verdict], Plan], flow: Flow, facts: Facts, ways: Sequence[str]
) -> Verdicts:
    """In place of ``in_copy``: Docker's chain opens its host, and no chain another."""
    lines = [*(facts.nft or ()), *(facts.iptables or ())]
    for drop in (drop for line, drop in DROPS.items() if line in lines):
        up, out = {SENT: Fate(False, drop)}, flow.out
        if drop.table == "ip filter":
            return Verdicts({}, up, DOCKER, (out,), {SENT: Fate(True)})
        entering = {SSH: Fate(True)} if flow.uplink else {}
        cut = dict.fromkeys(entering, Fate(False, replace(drop, hook="input", chain="input")))
        return Verdicts(entering, up | cut, outs=(out,))
    return Verdicts(left=("no test makes a copy",))


def without_copy() -> AbstractContextManager[object]:
    """Meanwhile nobody asks a copy."""
    return patch.object(verdicts, "in_copy", told)
