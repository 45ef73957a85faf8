"""The kernel names what drops a packet, whatever the rule asks for."""

from __future__ import annotations

import json
import sys

import pytest
from labs import Lab

#: The machine forwards what its neighbour sends outside.
FORWARDS = """
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
sysctl -qw net.ipv4.conf.enp0s1.send_redirects=0
nsenter --net=/run/lan/neighbour ip route replace default via 192.168.64.3
"""

#: Sends TCP by the machine from its neighbour, to the machine, and from it.
SEND = """
import json
from dataclasses import asdict
from netmodes.machine.facts import Facts
from netmodes.plan.verdict import Packet
from netmodes.rehearse.packets import Tracer, mark
from netmodes.rehearse.exchange import serving

mark(Facts())
ways = ("LAN", "8.8.8.8"), ("LAN", "192.168.64.3"), ("host", "8.8.8.8")
with serving("/run/lan/router"), serving(""):
    packets = [Packet(sender, to, "tcp", 443) for sender, to in ways]
    places = {"LAN": "/run/lan/neighbour", "host": ""}
    print(json.dumps([*map(asdict, Tracer().fates(packets, places))]))
"""

OWN = "nft add table inet own && nft 'add chain inet own c { type filter hook %s priority %s; }'"

#: Rules, and of the three packets what drops each.
RULES = [
    ("true", {}),
    ("iptables -P FORWARD DROP", {0: ("forward", "ip filter", "FORWARD", "")}),
    (
        "iptables -A INPUT -i en+ -p tcp --syn -j REJECT",
        {
            1: (
                "input",
                "ip filter",
                "INPUT",
                "-A INPUT -i en+ -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT",
            )
        },
    ),
    (
        "iptables -N OWN && iptables -A FORWARD -j OWN && iptables -A OWN -j DROP",
        {0: ("forward", "ip filter", "OWN", "-A OWN -j DROP")},
    ),
    (
        "iptables -t raw -A PREROUTING -d 8.8.8.8 -j DROP",
        {0: ("prerouting", "ip raw", "PREROUTING", "-A PREROUTING -d 8.8.8.8/32 -j DROP")},
    ),
    (
        "iptables -t mangle -A PREROUTING -j MARK --set-mark 7 && "
        "iptables -A FORWARD -m mark --mark 7 -j DROP",
        {0: ("forward", "ip filter", "FORWARD", "-A FORWARD -m mark --mark 0x7 -j DROP")},
    ),
    (
        "iptables -A OUTPUT -d 8.8.8.8 -m owner --uid-owner 0 -j REJECT",
        {
            2: (
                "output",
                "ip filter",
                "OUTPUT",
                "-A OUTPUT -d 8.8.8.8/32 -m owner --uid-owner 0 -j REJECT",
            )
        },
    ),
    (
        "iptables -A FORWARD -m conntrack ! --ctstate NEW -j DROP",
        {0: ("forward", "ip filter", "FORWARD", "-A FORWARD -m conntrack ! --ctstate NEW -j DROP")},
    ),
    (
        OWN % ("forward", 0) + ' && nft \'add rule inet own c iifname "en*" ip daddr '
        '{ 8.8.4.0-8.8.8.8 } drop comment "no 8"\'',
        {0: ("forward", "inet own", "c", 'iifname "en*" ip daddr 8.8.4.0-8.8.8.8 drop')},
    ),
    (
        OWN % ("input", -5) + " && nft add chain inet own d && nft 'add rule inet own c tcp dport "
        "vmap { 443 : jump d }' && nft add rule inet own d reject",
        {1: ("input", "inet own", "d", "reject")},
    ),
    (
        OWN % ("postrouting", 300) + " && nft 'add rule inet own c fib saddr type != local drop'",
        {0: ("postrouting", "inet own", "c", "fib saddr type != local drop")},
    ),
    (
        OWN % ("prerouting", -400) + " && nft 'add rule inet own c tcp flags & (syn | ack) == "
        "(syn | ack) drop'",
        {2: ("prerouting", "inet own", "c", "tcp flags")},
    ),
    (
        "nft add table netdev own && nft 'add chain netdev own c { type filter hook ingress "
        "device enp0s1 priority 0; }' && nft 'add rule netdev own c ip daddr 8.8.8.8 drop'",
        {0: None},
    ),
]


@pytest.mark.parametrize(("rules", "dropped"), RULES, ids=[rules for rules, _ in RULES])
def test_kinds(lab: Lab, rules: str, dropped: dict[int, tuple[str, ...] | None]) -> None:
    """A rule of any kind is named by hook, table, chain and its text; all else passes."""
    lab.ok("bash", "-euc", f"{FORWARDS}\n{rules}")

    fates = json.loads(lab.ok(sys.executable, "-c", SEND))

    for number, fate in enumerate(fates):
        if number not in dropped:
            assert fate["passes"], fate
        elif (words := dropped[number]) is None:
            assert (fate["passes"], fate["drop"], fate["lost"]) == (None, None, "it never came")
        else:
            *where, rule = words
            assert [fate["drop"][name] for name in ("hook", "table", "chain")] == where
            assert fate["drop"]["rule"].startswith(rule)
            assert bool(fate["drop"]["rule"]) is bool(rule)
