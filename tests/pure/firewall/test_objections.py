"""What a mode does about what the kernel says of its packets."""

from dataclasses import replace

import pytest
from console import machine

from netmodes import Bridged, Facts, Nat, Plan
from netmodes.commands.netfilter import TAG
from netmodes.plan.verdict import Verdict, Verdicts

DROP = ["-P INPUT ACCEPT", "-P FORWARD DROP", "-P OUTPUT ACCEPT"]


def bridged(facts: Facts, *, anyway: bool = False, **parameters: str) -> Plan:
    """The plan that bridges the uplink of this machine."""
    return Bridged(uplink="enp0s1", **parameters).plan(facts, anyway=anyway)


@pytest.mark.parametrize("chain", ["FORWARD", "OWN"])
def test_accept(chain: str, article: Facts) -> None:
    """The accept that helped stands first in the chain that drops, for this bridge only, and is
    taken out.
    """
    plan = bridged(replace(article, verdicts=Verdicts(chain=chain, outs=("lan",))), bridge="lan")

    (step,) = [step for step in plan.steps if step.argv[0] == "iptables"]
    rule = (chain, "-i", "lan", "-o", "lan", *TAG, "-j", "ACCEPT")
    assert step.undo is not None
    assert step.argv == ("iptables", "-I", *rule)
    assert step.undo.argv == ("iptables", "-D", *rule)
    assert step.undo.look.word(f"-A {' '.join(rule)}") == "ACCEPT"
    assert (step.guard, step.share) == (True, "accept lan")


@pytest.mark.parametrize("iptables", [None, [], ["-P FORWARD ACCEPT"], DROP])
def test_no_accept(iptables: list[str] | None, article: Facts) -> None:
    """Where nothing may drop, or it is unknown whether, nothing is allowed and nothing refused."""
    plan = bridged(replace(article, iptables=iptables))

    assert plan.lines == bridged(article).lines
    said = "is unknown" in " ".join(plan.notices)
    assert said is (iptables in (None, DROP))


def test_accept_is_no_articles_command() -> None:
    """With --verbatim nothing is allowed either."""
    plan = Bridged(uplink="enp0s1").plan(machine("docker"), verbatim=True)

    assert [line for line in plan.lines if line.startswith("iptables")] == []


def test_accept_is_shared() -> None:
    """Who joins the bridge inherits its accept, and adds none."""
    first, joined = bridged(machine("docker")), machine("bridged-up")
    (network,) = joined.known("networks")
    shares = tuple(step for step in first.steps if step.share)
    networks = [replace(network, shares=shares)]

    second = bridged(replace(joined, networks=networks, iptables=DROP), namespace="B")

    assert "accept br0" in first.shares.values()
    assert [*second.shares.values()] == [*first.shares.values()]
    assert [line for line in second.lines if line.startswith("iptables")] == []


def test_drop_for_who_joins() -> None:
    """Who joins adds nothing to what the firewall sees, so it is no reason to refuse him."""
    plan = Nat(namespace="B").plan(replace(machine("nat-up"), iptables=DROP))

    assert plan.inherited
    assert "is unknown" not in " ".join(plan.notices)


@pytest.mark.parametrize(
    ("gateways", "around"),
    [
        ({"192.168.64.100": False, "192.168.64.1": True}, True),
        ({"192.168.64.100": False, "192.168.64.1": False}, False),
        ({"192.168.64.100": True, "192.168.64.1": True}, False),
        ({}, False),
        (None, False),
    ],
)
def test_past_the_host(gateways: dict[str, bool] | None, around: bool, article: Facts) -> None:
    """By the LAN's router only where connections by the host do not pass, and by it they do."""
    verdicts = None if gateways is None else Verdicts(gateways=gateways)
    mode, facts = Bridged(uplink="enp0s1"), replace(article, verdicts=verdicts)

    plan = mode.render(mode.settle(facts), facts, Verdict())

    guard = "ip netns exec A ip route replace default via 192.168.64.1"
    assert (guard in plan.lines) is around
    if around:
        assert plan.lines.index(guard) == 1 + plan.lines.index(
            "ip netns exec A ip route add default via 192.168.64.100"
        )
        assert guard not in plan.verbatim().lines
