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
        ('iifname "br9" oifname "br9" accept', ""),
        ('iifname "enp0s1" oifname "nat0" ct status dnat accept', ""),
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


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ('oifname vmap { "tun0" : accept }', "tun0"),
        ('oifname vmap { "eth9" : drop, "tun0" : goto on }', "tun0"),
        ("oifname @vpn accept", "tun0"),
        ('iifname . oifname { "lan7" . "tun0", "lan8" . "enp0s1" } accept', "tun0"),
        ('iifname . oifname vmap { "lan7" . "eth9" : drop, "lan7" . "tun0" : accept }', "tun0"),
        ('ct state new oifname . ip daddr { "tun0" . 8.8.8.8 } accept', "tun0"),
        ('ip daddr . iifname . oif { 8.8.8.8 . "lan7" . "tun0" } accept', "tun0"),
        ("iifname . oifname @pairs accept", "tun0"),
        ("iifname . oifname vmap @verdicts", "tun0"),
        ('iifname . oifname { "lan7" . "enp0s1" } accept', ""),
        ('iifname . oifname { "lan7" . "tun0" } drop', ""),
        ("oifname @others drop", ""),
    ],
)
def test_kept_to_by_sets(rule: str, kept: str, article: Facts) -> None:
    """So does what a map of verdicts or a set lets leave, of whatever else its elements tell."""
    sets = {
        "set vpn": '"tun0" comment "a, b"',
        "set others": '"x9"',
        "set pairs": '"lan7" . "enp0s1", "lan7" . "tun0" counter packets 0 bytes 0',
        "map verdicts": '"lan7" . "eth9" : drop, "lan7" . "tun0" : accept',
    }
    lines = [f"{name} {{\nelements = {{ {words} }}\n}}" for name, words in sets.items()]
    chain = f"chain f {{\ntype filter hook forward priority 0; policy drop;\n{rule}\n}}"
    more = "chain on {\naccept\n}"
    listed = "\n".join(["table inet fw {", *lines, chain, more, "}"]).split("\n")

    assert kept_to(Drop("forward", "inet fw", "f"), replace(article, nft=listed), "enp0s1") == kept
