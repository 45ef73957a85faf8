"""NAT: what leaves has the source that the host itself takes, by nft and by iptables."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from console import machine

from netmodes import Nat

OWN = {
    "article": "add rule ip netmodes-bridge-nat0 postrouting "
    'ip saddr 10.64.0.0/24 oifname "enp0s1" snat to 203.0.113.3',
    "iptables-alone": "iptables -t nat -I POSTROUTING -s 172.30.0.0/24 -o enp0s1 "
    "-m comment --comment netmodes -j SNAT --to-source 203.0.113.3",
}


def translations(name: str, source: str) -> list[str]:
    """What gives packets a source, in the chain's order, where the default route names this one."""
    facts = machine(name)
    routes = [
        replace(one, prefsrc=ip_address(source)) if one.is_default else one
        for one in facts.known("routes")
    ]
    steps = Nat().plan(replace(facts, routes=routes)).all_steps
    by_nft = [line for step in steps for line in (step.stdin or "").splitlines()]
    by_iptables = [" ".join(step.argv) for step in reversed(steps) if "nat" in step.argv]
    return [one for one in by_nft if "postrouting ip" in one] + by_iptables


@pytest.mark.parametrize("name", OWN)
def test_source(name: str) -> None:
    """A source of the default route comes before masquerade; its usual one needs no rule."""
    usual, own = translations(name, "192.168.64.3"), translations(name, "203.0.113.3")

    assert len(usual) == 1
    assert own == [OWN[name], *usual]
