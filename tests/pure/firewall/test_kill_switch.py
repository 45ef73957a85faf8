"""A chain that lets packets leave by another device keeps them to that, as a VPN's does."""

from dataclasses import replace

import pytest

from netmodes.firewall.kill_switch import kept_to
from netmodes.machine.facts import Facts
from netmodes.plan.verdict import Drop

OWN = Drop("forward", "inet own", "c")


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ('oifname "wg0" accept', "wg0"),
        ('iifname "lan" oifname { "br0", "wg0" } counter accept', "wg0"),
        ('oifname "br0" accept', ""),
        ('oif "lo" accept', ""),
        ('oifname != "wg0" drop', ""),
        ('oifname "wg0" ct state established accept', ""),
    ],
)
def test_kept_to(rule: str, kept: str, article: Facts) -> None:
    """A chain of nft that accepts what leaves by another device keeps packets to that."""
    other = ["table ip own {", "\tchain c {", '\t\toifname "x9" accept', "\t}", "}"]
    nft = [*other, "table inet own {", "\tchain c {", f"\t\t{rule}", "\t}", "}"]

    assert kept_to(OWN, replace(article, nft=nft), "br0") == kept


def test_kept_to_by_chain(article: Facts) -> None:
    """What a chain lets leave that a rule leads to counts as well, and what begins a connection."""
    drop = Drop("forward", "ip filter", "FORWARD")
    by_chain = ["-P FORWARD DROP", "-N VPN", "-A FORWARD -o tun0 -j VPN", "-A VPN -j ACCEPT"]
    begins = ["-P FORWARD DROP", "-A FORWARD -o tun0 -m conntrack --ctstate NEW -j ACCEPT"]
    answers = ["-P FORWARD DROP", "-A FORWARD -o tun0 -m conntrack --ctstate ESTABLISHED -j ACCEPT"]

    for lines, kept in ((by_chain, "tun0"), (begins, "tun0"), (answers, "")):
        assert kept_to(drop, replace(article, iptables=lines), "enp0s1") == kept


def test_kept_to_by_sets(article: Facts) -> None:
    """So does what a map of verdicts or a set lets leave."""
    drop = Drop("forward", "inet fw", "f")
    for rule in ('oifname vmap { "tun0" : accept }', "oifname @vpn accept"):
        lines = ["table inet fw {", "set vpn {", 'elements = { "tun0" }', "}", "chain f {"]
        listed = [*lines, "type filter hook forward priority filter; policy drop;", rule, "}", "}"]

        assert kept_to(drop, replace(article, nft=listed), "enp0s1") == "tun0"
