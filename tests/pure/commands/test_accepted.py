"""The accepts of ours that a machine has, as ``iptables -S`` lists them."""

import pytest

from netmodes import Facts
from netmodes.commands import netfilter
from netmodes.plan.verdict import Verdict

OURS = "-m comment --comment netmodes -j ACCEPT"
ANSWERS = f"-A FORWARD -o nat0 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT {OURS}"


@pytest.mark.parametrize(
    ("bridge", "iptables", "verdict"),
    [
        ("br0", None, Verdict()),
        ("br0", ["-P FORWARD DROP", "-A FORWARD -i br0 -o br0 -j ACCEPT"], Verdict()),
        ("br0", [f"-A FORWARD -i br00 -o br00 {OURS}"], Verdict()),
        ("br0", [f"-A FORWARD -i br0 -o br0 {OURS}"], Verdict("FORWARD", ("br0",))),
        ("nat0", [ANSWERS, f"-A DOCKER-USER -i nat0 {OURS}"], Verdict("DOCKER-USER")),
        (
            "nat0",
            [f"-A OWN -i nat0 -o nat0 {OURS}", f"-A OWN -i nat0 -o enp0s1 {OURS}"],
            Verdict("OWN", ("enp0s1",)),
        ),
        (
            "nat0",
            [f"-A OWN -i nat0 -o {out} {OURS}" for out in ("nat0", "enp0s1", "wg0")],
            Verdict("OWN", ("wg0", "enp0s1")),
        ),
    ],
)
def test_accepted(bridge: str, iptables: list[str] | None, verdict: Verdict) -> None:
    """A rule counts that bears our mark and is for this bridge; it tells chain and device."""
    assert netfilter.accepted(bridge, Facts(iptables=iptables)) == verdict
