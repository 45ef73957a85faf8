"""``why``: a lab is broken in one way, and just that is the answer; fixed so, all is well."""

import re

import pytest
from faults import NO_DUMMY
from hosts import FETCH, serve
from labs import Done, Lab
from places import HOSTS

BRIDGED = "bridged --uplink enp0s1"
VERBATIM = f"{BRIDGED} --verbatim"
HOST_ONLY = "host-only"

#: Answers from the host to the namespace go out by another cable than the one its packets come by.
OTHER_CABLE = """
ip link add x0 type veth peer name x1 && ip link set x1 netns A && ip link set x0 up
ip netns exec A ip link set x1 up && ip route add 192.168.202.11 dev x0
sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.x0.rp_filter=0
"""

#: What comes from A has a mark, by which it goes another way than the host's own packets.
MARKED = """
ip link add x0 type veth peer name x1; ip link set x0 up; ip link set x1 up
ip addr add 10.9.0.2/24 dev x0 && ip route add default via 10.9.0.1 dev x0 metric 1
ip route add default via 192.168.64.1 dev enp0s1 table 100 && ip rule add fwmark 7 lookup 100
iptables -t mangle -A PREROUTING -i nat0 -j MARK --set-mark 7
"""

#: What leaves by the uplink has the address of another NIC in the LAN, to which the answers come.
OTHER_NIC = """
at="nsenter --net=/run/lan/router"
$at ip link add p9 type veth peer name e9 && $at ip link set p9 master lan0 up
$at ip link set e9 netns $$ && ip link set e9 up && ip addr add 192.168.64.9/24 dev e9 metric 300
$at ip neigh replace 192.168.64.9 lladdr $(cat /sys/class/net/e9/address) dev lan0 nud permanent
iptables -t nat -I POSTROUTING -s 10.64.0.0/24 -o enp0s1 -j SNAT --to-source 192.168.64.9
"""

#: The neighbour passes nothing on.
NO_ROUTER = "nsenter --net=/run/lan/neighbour sysctl -qw net.ipv4.ip_forward=0"

NFT_CHAIN = "nft add table inet f; nft add chain inet f pass"
NFT_POLICY = NFT_CHAIN + " '{ type filter hook forward priority 0; policy drop; }'"
NFT_RULE = NFT_CHAIN + " '{ type filter hook forward priority 0; }'; nft add rule inet f pass "

ISOLATED = "for end in veth0 enp0s1; do bridge link set dev $end isolated on; done"

#: 8.8.8.8 serves by HTTP.
SERVES = (
    "nsenter --net=/run/lan/router python3 -m http.server 80 >/dev/null 2>&1 & "
    "until : </dev/tcp/8.8.8.8/80; do sleep 0.02; done; "
)

#: What a rule has marked is this machine's own.
PROXY = "ip rule add fwmark 1 lookup 100; ip route add local default dev lo table 100; "

#: An nft of before tables had owners.
OLD_NFT = """
if [ "$1" = -i ]; then echo "Error: unknown table option owner" >&2; exec cat >/dev/null; fi
exec "$REAL" "$@"
"""

#: Name: mode, what breaks it, target, what is wrong; the fix is a command.
FIXED = {
    "no route": (
        BRIDGED, "ip netns exec A ip route del default", "8.8.8.8",
        "A has no default route"),
    "no route to the cable": (
        HOST_ONLY, "ip netns exec A ip route del 192.168.202.0/24", "192.168.202.1",
        "A has no route to 192.168.202.1"),
    "link down": (
        HOST_ONLY, "ip netns exec A ip link set veth1 down", "192.168.202.1",
        "veth1 is down in A"),
    "loopback down": (
        HOST_ONLY, "ip netns exec A ip link set lo down", "192.168.202.11",
        "lo is down in A"),
    "no carrier": (HOST_ONLY, "ip link set veth0 down", "192.168.202.1", "veth0 is down"),
    "no address": (
        HOST_ONLY, "ip netns exec A ip addr flush dev veth1", "192.168.202.1",
        "veth1 has no address 192.168.202.11/24 in A"),
    "no address on the host": (
        HOST_ONLY, "ip addr flush dev veth0", "192.168.202.1",
        "veth0 has no address 192.168.202.1/24"),
    "no port": (BRIDGED, "ip link set veth0 nomaster", "8.8.8.8", "veth0 is not a port of br0"),
    "uplink no port": (
        BRIDGED, "ip link set enp0s1 nomaster", "192.168.64.7",
        "enp0s1 is not a port of br0"),
    "uplink taken out, as NetworkManager does": (
        BRIDGED, "ip link set enp0s1 nomaster; ip addr add 192.168.64.3/24 dev enp0s1 metric 100; "
        "ip route add default via 192.168.64.1 dev enp0s1 metric 50", "8.8.8.8",
        "enp0s1 is not a port of br0"),
    "blackhole of the host": (
        BRIDGED, "ip route add blackhole 8.8.8.8", "8.8.8.8",
        "the host drops it by its route `blackhole 8.8.8.8`"),
    "unreachable on the host": (
        "nat", "ip route add unreachable 8.8.8.0/24 metric 7", "8.8.8.8",
        "the host drops it by its route `unreachable 8.8.8.0/24 metric 7`"),
    "rule of the host": (
        "nat", "ip rule add from 192.0.2.1 prohibit pref 9; "
        "ip rule add from 10.64.0.0/16 prohibit pref 32765", "8.8.8.8",
        "the host drops it by its rule `32765: from 10.64.0.0/16 prohibit`"),
    "forwarding of answers off": (
        "nat", "sysctl -w net.ipv4.conf.enp0s1.forwarding=0", "8.8.8.8",
        "the host passes nothing on (net.ipv4.conf.enp0s1.forwarding is 0)"),
    "uplink down": (BRIDGED, "ip link set enp0s1 down", "8.8.8.8", "enp0s1 is down"),
    "uplink down in nat": ("nat", "ip link set enp0s1 down", "8.8.8.8", "enp0s1 is down"),
    "bridge down for another": (
        BRIDGED, f"netmodes {BRIDGED} -n B; netmodes down A; netmodes {BRIDGED}; "
        "ip link set br0 down", "8.8.8.8", "br0 is down"),
    "default route deleted": (
        BRIDGED, "ip route del default", "8.8.8.8", "the host has no route to 8.8.8.8"),
    "default route deleted in nat": (
        "nat", "ip route del default", "8.8.8.8", "the host has no route to 8.8.8.8"),
    "uplink down for the LAN": (
        BRIDGED, "ip link set enp0s1 down", "192.168.64.7",
        "enp0s1 is down"),
    "bridge down": (BRIDGED, "ip link set br0 down", "192.168.64.100", "br0 is down"),
    "address on the port again": (
        BRIDGED, "ip addr add 192.168.64.3/24 dev enp0s1; "
        "ip route add default via 192.168.64.1 dev enp0s1 metric 50", "8.8.8.8",
        "enp0s1 is a port of br0, yet has 192.168.64.3/24, so that nothing sent from there gets an "
        "answer"),
    "route by the port": (
        BRIDGED, "ip route add default via 192.168.64.1 dev enp0s1 onlink metric 1", "8.8.8.8",
        "enp0s1 is a port of br0, yet a route of the host's leads out by it"),
    "port of a foreign bridge": (
        HOST_ONLY, "ip link add br9 type bridge; ip link set br9 up; ip link set veth0 master br9",
        "192.168.202.1",
        "veth0 is a port of br9, yet has 192.168.202.1/24, so that nothing sent from there gets an "
        "answer"),
    "ip_forward off": (
        BRIDGED, "sysctl -w net.ipv4.ip_forward=0", "8.8.8.8",
        "the host passes nothing on (net.ipv4.ip_forward is 0)"),
    "forwarding off": (
        BRIDGED, "sysctl -w net.ipv4.conf.br0.forwarding=0", "8.8.8.8",
        "the host passes nothing on (net.ipv4.conf.br0.forwarding is 0)"),
    "rp_filter": (
        HOST_ONLY, OTHER_CABLE + "sysctl -w net.ipv4.conf.veth0.rp_filter=1", "192.168.202.1",
        "the host drops what comes from 192.168.202.11 in by veth0, for it would answer by x0 "
        "(rp_filter)"),
    "rp_filter of what is passed on": (
        "nat",
        OTHER_CABLE.replace("192.168.202", "10.64.0") + "sysctl -w net.ipv4.conf.nat0.rp_filter=1",
        "8.8.8.8",
        "the host drops what comes from 10.64.0.11 in by nat0, for it would answer by x0 "
        "(rp_filter)"),
    "route in the way": (
        HOST_ONLY, "ip route add 192.168.202.0/25 dev enp0s1; sysctl -w net.ipv4.conf.all."
        "rp_filter=1", "192.168.202.1",
        "the host drops what comes from 192.168.202.11 in by veth0, for it would answer by enp0s1 "
        "(rp_filter)"),
    "route lost": (
        "nat", "ip route del 10.64.0.0/24; sysctl -w net.ipv4.conf.all.rp_filter=1", "8.8.8.8",
        "the host drops what comes from 10.64.0.11 in by nat0, for it would answer by enp0s1 "
        "(rp_filter)"),
    "marked, and forbidden": (
        "nat", MARKED + "ip route add blackhole 8.8.8.8 table 100", "8.8.8.8",
        "the host drops it by its route `blackhole 8.8.8.8 table 100`"),
    "marked, and its answer filtered": (
        "nat", MARKED + "sysctl -w net.ipv4.conf.enp0s1.rp_filter=1", "8.8.8.8",
        "the host drops the answer that comes in by enp0s1, for it would not send to 8.8.8.8 by it "
        "(rp_filter)"),
    "answer filtered at another NIC": (
        "nat", OTHER_NIC + "sysctl -w net.ipv4.conf.e9.rp_filter=1", "8.8.8.8",
        "the host drops the answer that comes in by e9, for it would not send to 8.8.8.8 by it "
        "(rp_filter)"),
    "TTL by a rule": (
        "nat", "iptables -t mangle -A PREROUTING -i nat0 -j TTL --ttl-set 1", "8.8.8.8",
        "its TTL runs out at 10.64.0.1: `-A PREROUTING -i nat0 -j TTL --ttl-set 1` in table "
        "mangle"),
    "TTL of its own": (
        "nat", "ip netns exec A sysctl -w net.ipv4.ip_default_ttl=1", "8.8.8.8",
        "its TTL runs out at 10.64.0.1"),
    "source of nobody": (
        "nat", "iptables -t nat -I POSTROUTING -s 10.64.0.0/24 -j SNAT --to-source 192.168.64.77",
        "8.8.8.8",
        "it leaves the host as 192.168.64.77, which is not the host's: `-A POSTROUTING -s "
        "10.64.0.0/24 -j SNAT --to-source 192.168.64.77` in table nat"),
    "source of another subnet": (
        "nat", "ip -n A addr add 10.5.5.5/24 dev veth1; ip -n A route replace default via "
        "10.64.0.1 src 10.5.5.5", "8.8.8.8",
        "A sends it from 10.5.5.5, and not from its own 10.64.0.11"),
    "source of another subnet, to the host": (
        HOST_ONLY, "ip -n A addr add 10.5.5.5/24 dev veth1; ip -n A route replace "
        "192.168.202.0/24 dev veth1 src 10.5.5.5; sysctl -w net.ipv4.conf.all.rp_filter=1",
        "192.168.202.1", "A sends it from 10.5.5.5, and not from its own 192.168.202.11"),
    "another's MAC for it": (
        "nat", "ip neigh replace 10.64.0.11 lladdr 02:00:00:00:00:09 dev nat0 nud permanent",
        "8.8.8.8", "the host has 02:00:00:00:00:09 for 10.64.0.11, which is not A's"),
    "address of the host's as well": (
        HOST_ONLY, "ip addr add 192.168.202.11/32 dev lo", "192.168.202.1",
        "the host has 192.168.202.11 as well, on lo, and drops what has it"),
    "rule against answers": (
        "nat", "ip rule add to 10.64.0.0/24 blackhole pref 5", "8.8.8.8",
        "the host drops the answer by its rule `5: from all to 10.64.0.0/24 blackhole`"),
    "route against answers": (
        HOST_ONLY, "ip route add unreachable 192.168.202.11", "192.168.202.1",
        "the host drops the answer by its route `unreachable 192.168.202.11`"),
    "rule that leads answers away": (
        HOST_ONLY, "ip rule add from 192.168.202.1 lookup 100; sysctl -w net.ipv4.conf.all."
        "rp_filter=1; ip route add default via 192.168.64.1 dev enp0s1 table 100", "192.168.202.1",
        "the host drops what comes from 192.168.202.11 in by veth0, for it would answer by enp0s1 "
        "(rp_filter)"),
    "rule that leads answers away, unfiltered": (
        HOST_ONLY, "ip rule add from 192.168.202.1 lookup 100; sysctl -w net.ipv4.conf.all."
        "rp_filter=0; ip route add default via 192.168.64.1 dev enp0s1 table 100", "192.168.202.1",
        "the answer has no way back: the host sends it out by enp0s1, and A is behind veth0"),
    "pings unanswered by the host": (
        HOST_ONLY, "sysctl -w net.ipv4.icmp_echo_ignore_all=1", "192.168.202.1",
        "the host gets it, and answers no pings (net.ipv4.icmp_echo_ignore_all is 1)"),
    "pings unanswered in it": (
        HOST_ONLY, "ip netns exec A sysctl -w net.ipv4.icmp_echo_ignore_all=1", "127.0.0.1",
        "A gets it, and answers no pings (net.ipv4.icmp_echo_ignore_all is 1)"),
    "virtual address without ARP": (
        BRIDGED, "ip addr add 192.168.64.77/32 dev lo; sysctl -w net.ipv4.conf.all.arp_ignore=1",
        "192.168.64.77",
        "the host answers no ARP for 192.168.64.77 on br0 (net.ipv4.conf.all.arp_ignore is 1)"),
    "raw rule": (
        BRIDGED, "iptables -t raw -A PREROUTING -i br0 -j DROP", "8.8.8.8",
        "the host's firewall drops what A sends: `-A PREROUTING -i br0 -j DROP` in "
        "table raw"),
    "rule that rejects all": (
        HOST_ONLY, "iptables -A INPUT -j REJECT", "192.168.202.1",
        "the host's firewall drops what A sends: `-A INPUT -j REJECT --reject-with "
        "icmp-port-unreachable`"),
    "bridge's own frames": (
        BRIDGED, "nft add table bridge f; nft 'add chain bridge f c { type filter hook forward "
        "priority 0; }'; nft add rule bridge f c ip daddr 192.168.64.7 drop", "192.168.64.7",
        "the host's firewall drops what A sends: `ip daddr 192.168.64.7 drop` in nft's chain "
        "bridge f c"),
    "device's own rules": (
        BRIDGED, "nft add table netdev f; nft 'add chain netdev f c { type filter hook ingress "
        "device veth0 priority 0; }'; nft add rule netdev f c icmp type echo-request drop",
        "192.168.64.7",
        "the host's firewall drops what A sends: `icmp type echo-request drop` in nft's chain "
        "netdev f c"),
    "rule of iptables-legacy": (
        BRIDGED, "iptables-legacy -A FORWARD -s 192.168.64.50 -j DROP", "8.8.8.8",
        "the host's firewall drops what A sends: `-A FORWARD -s 192.168.64.50/32 -j DROP`"),
    "policy of iptables-legacy": (
        BRIDGED, "iptables-legacy -P FORWARD DROP", "8.8.8.8",
        "the host's firewall drops what A sends: iptables-legacy's policy for FORWARD"),
    "own rule of iptables-legacy": (
        HOST_ONLY, "ip netns exec A iptables-legacy -A OUTPUT -j DROP", "192.168.202.1",
        "A's own firewall drops what it sends: `-A OUTPUT -j DROP`"),
    "rule for ARP": (
        HOST_ONLY, "arptables -A INPUT -s 192.168.202.11 -j DROP", "192.168.202.1",
        "the host's firewall drops the ARP of A: `arp htype 1 arp hlen 6 arp plen 4 arp saddr ip "
        "192.168.202.11 counter packets N bytes N drop` in nft's chain arp filter INPUT"),
    "rule of ebtables": (
        BRIDGED, "ebtables -A FORWARD -i veth0 -j DROP", "192.168.64.7",
        "the host's firewall drops the ARP of A: `iifname \"veth0\" counter packets N bytes N "
        "drop` in nft's chain bridge filter FORWARD"),
    "rule for questions": (
        "nat", "iptables -A FORWARD -p udp --dport 53 -j DROP", "outside.example",
        "the resolver 192.168.64.1 cannot be reached: the host's firewall drops what A sends: "
        "`-A FORWARD -p udp -m udp --dport 53 -j DROP`"),
    "own rule for answers": (
        "nat", "ip netns exec A iptables -A INPUT -p udp --sport 53 -j DROP", "outside.example",
        "the resolver 192.168.64.1 cannot be reached: A's own firewall drops the answer: "
        "`-A INPUT -p udp -m udp --sport 53 -j DROP`"),
    "untracked": (
        "nat", "iptables -t raw -A PREROUTING -i nat0 -j NOTRACK", "8.8.8.8",
        "the host does not translate it, for it is not tracked: `-A PREROUTING -i nat0 -j "
        "NOTRACK` in table raw"),
    "answer in a zone of its own": (
        "nat", "iptables -t raw -A PREROUTING -i enp0s1 -j CT --zone 5", "8.8.8.8",
        "the host takes the answer for its own, for it is not tracked with what was sent: "
        "`-A PREROUTING -i enp0s1 -j CT --zone 5` in table raw"),
    "connection's answer untracked": (
        "nat", SERVES + "iptables -t raw -A PREROUTING -i enp0s1 -p tcp -j CT --notrack",
        "8.8.8.8:80",
        "the host takes the answer for its own, for it is not tracked with what was sent: "
        "`-A PREROUTING -i enp0s1 -p tcp -j CT --notrack` in table raw"),
    "redirected": (
        "nat", SERVES + "iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 81",
        "8.8.8.8:80",
        "the host turns it to 10.64.0.1:81, and nothing listens there: `-A PREROUTING -p tcp -m "
        "tcp --dport 80 -j REDIRECT --to-ports 81` in table nat"),
    "translated by nft": (
        BRIDGED, "nft add table ip x; nft 'add chain ip x c { type nat hook prerouting priority "
        "-110; }'; nft add rule ip x c ip daddr 8.8.8.8 dnat to 192.168.64.99", "8.8.8.8",
        "the host turns it to 192.168.64.99, and no answer comes from there: `ip daddr 8.8.8.8 "
        "dnat to 192.168.64.99` in nft's chain ip x c"),
    "redirected by iptables-legacy": (
        "nat", SERVES + "iptables-legacy -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports 81",
        "8.8.8.8:80",
        "the host turns it to 10.64.0.1:81, and nothing listens there: a rule of "
        "iptables-legacy's table nat"),
    "redirected in it": (
        "nat", SERVES + "ip netns exec A iptables -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports "
        "81", "8.8.8.8:80",
        "A turns it to 127.0.0.1:81, and nothing listens there: `-A OUTPUT -p tcp -j REDIRECT "
        "--to-ports 81` in table nat"),
    "transparent proxy": (
        "nat", PROXY + SERVES + "iptables -t mangle -A PREROUTING -i nat0 -p tcp --dport 80 -j "
        "MARK --set-mark 1", "8.8.8.8:80",
        "the host takes it for its own, and no answer comes from there: `-A PREROUTING -i nat0 -p "
        "tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff` in table mangle"),
    "questions redirected": (
        "nat", "iptables -t nat -A PREROUTING -i nat0 -p udp --dport 53 -j REDIRECT --to-ports "
        "5353", "outside.example",
        "the resolver 192.168.64.1 cannot be reached: the host turns it to 10.64.0.1:5353, and no "
        "answer comes from there: `-A PREROUTING -i nat0 -p udp -m udp --dport 53 -j REDIRECT "
        "--to-ports 5353` in table nat"),
    "isolated ports": (
        BRIDGED, ISOLATED, "192.168.64.7",
        "br0 keeps frames from its port veth0 (isolated on, as is enp0s1)"),
    "isolated ports on the way back": (
        BRIDGED, ISOLATED, "8.8.8.8",
        "br0 keeps frames from its port veth0 (isolated on, as is enp0s1)"),
    "isolated port of another": (
        "nat", f"netmodes nat -n B; {ISOLATED.replace('enp0s1', 'veth2')}", "10.64.0.12",
        "nat0 keeps frames from its port veth0 (isolated on, as is veth2)"),
    "locked port": (
        BRIDGED, "bridge link set dev veth0 locked on learning off; bridge fdb flush dev br0 "
        "dynamic", "192.168.64.100", "br0 keeps frames from its port veth0 (locked on)"),
    "port of known machines": (
        BRIDGED, "bridge link set dev veth0 learning off flood off; bridge fdb flush dev br0 "
        "dynamic", "192.168.64.7",
        "br0 keeps frames from its port veth0 (flood off, learning off)"),
    "port without broadcasts": (
        BRIDGED, "bridge link set dev enp0s1 bcast_flood off", "192.168.64.7",
        "br0 keeps frames from its port enp0s1 (bcast_flood off)"),
    "disabled port": (
        "nat", "bridge link set dev veth0 state 0", "8.8.8.8",
        "nat0 keeps frames from its port veth0 (state disabled)"),
    "forbidden with more": (
        BRIDGED, "ip route add prohibit 8.0.0.0/8", "8.8.8.8",
        "the host drops it by its route `prohibit 8.0.0.0/8`"),
    "forbidden with more in it": (
        BRIDGED, "ip -n A route add blackhole 8.0.0.0/8", "8.8.8.8",
        "A forbids 8.8.8.8 by its route `blackhole 8.0.0.0/8`"),
    "answer forbidden with more": (
        HOST_ONLY, "ip route add unreachable 192.168.202.8/29", "192.168.202.1",
        "the host drops the answer by its route `unreachable 192.168.202.8/29`"),
    "blackhole in it": (
        BRIDGED, "ip -n A route add blackhole 8.8.8.8", "8.8.8.8",
        "A forbids 8.8.8.8 by its route `blackhole 8.8.8.8`"),
    "rule in it": (
        BRIDGED, "ip -n A rule add prohibit", "8.8.8.8",
        "A forbids 8.8.8.8 by its rule `32765: from all prohibit`"),
    "another namespace's rule": (
        "nat", "netmodes nat -n B; ip netns exec B iptables -P INPUT DROP", "10.64.0.12",
        "B's own firewall drops what A sends: iptables' policy for INPUT"),
    "another namespace without pings": (
        "nat", "netmodes nat -n B; ip netns exec B sysctl -w net.ipv4.icmp_echo_ignore_all=1",
        "10.64.0.12",
        "B gets it, and answers no pings (net.ipv4.icmp_echo_ignore_all is 1)"),
    "no route in nat": (
        "nat", "ip netns exec A ip route del default", "8.8.8.8",
        "A has no default route"),
    "policy of iptables": (
        BRIDGED, "iptables -P FORWARD DROP", "8.8.8.8",
        "the host's firewall drops what A sends: iptables' policy for FORWARD"),
    "Docker's policy": (
        BRIDGED,
        "iptables -N DOCKER-USER; iptables -I FORWARD -j DOCKER-USER; iptables -P FORWARD DROP",
        "8.8.8.8",
        "the host's firewall drops what A sends: iptables' policy for FORWARD"),
    "rule of iptables": (
        BRIDGED,
        "iptables -N mine; iptables -A FORWARD -j mine; iptables -A mine -s 192.168.64.50 -j DROP",
        "8.8.8.8",
        "the host's firewall drops what A sends: `-A mine -s 192.168.64.50/32 -j DROP`"),
    "policy of nft": (
        BRIDGED, NFT_POLICY, "8.8.8.8",
        "the host's firewall drops what A sends: the policy of nft's chain inet f pass"),
    "rule of nft": (
        BRIDGED, NFT_RULE + "ip saddr 192.168.64.0/24 counter drop", "8.8.8.8",
        "the host's firewall drops what A sends: `ip saddr 192.168.64.0/24 counter packets N "
        "bytes N drop` in nft's chain inet f pass"),
    "rule for a port": (
        HOST_ONLY, "iptables -A INPUT -p tcp -m tcp --dport 80 -j DROP", "192.168.202.1:80",
        "the host's firewall drops what A sends: `-A INPUT -p tcp -m tcp --dport 80 -j DROP`"),
    "rule that rejects": (
        HOST_ONLY, "iptables -A INPUT -p tcp -m tcp --dport 80 -j REJECT", "192.168.202.1:80",
        "the host's firewall drops what A sends: `-A INPUT -p tcp -m tcp --dport 80 -j REJECT "
        "--reject-with icmp-port-unreachable`"),
    "rule for the answer": (
        HOST_ONLY, "iptables -A OUTPUT -o veth0 -j DROP", "192.168.202.1",
        "the host's firewall drops the answer to A: `-A OUTPUT -o veth0 -j DROP`"),
    "own firewall for the answer": (
        HOST_ONLY, "ip netns exec A nft -f - <<'STDIN'\n"
        "table ip own { chain in { type filter hook input priority 0; policy drop; }\n}\nSTDIN",
        "192.168.202.1",
        "A's own firewall drops the answer: the policy of nft's chain ip own in"),
    "rule by a mark": (
        BRIDGED, "iptables -A FORWARD -s 192.168.64.50 -m mark ! --mark 7 -j DROP", "8.8.8.8",
        "the host's firewall drops what A sends: `-A FORWARD -s 192.168.64.50/32 -m mark ! --mark "
        "0x7 -j DROP`"),
    "own firewall": (
        HOST_ONLY, "ip netns exec A nft -f - <<'STDIN'\n"
        "table ip own { chain out { type filter hook output priority 0; policy drop; }\n}\nSTDIN",
        "192.168.202.1",
        "A's own firewall drops what it sends: the policy of nft's chain ip own out"),
    "no way back": (
        HOST_ONLY, "sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.veth0.rp_filter=0; "
        "ip route add 192.168.202.11 dev enp0s1", "192.168.202.1",
        "the answer has no way back: the host sends it out by enp0s1, and A is behind veth0"),
    "no way back from outside": (
        HOST_ONLY,
        "ip netns exec A ip route add default via 192.168.202.1; sysctl -w net.ipv4.ip_forward=1",
        "8.8.8.8",
        "the answer has no way back: beyond enp0s1 nobody knows 192.168.202.0/24, and nothing "
        "translates it to the host's address"),
    "NAT for others alone": (
        HOST_ONLY,
        "ip netns exec A ip route add default via 192.168.202.1; sysctl -w net.ipv4.ip_forward=1; "
        "iptables -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE", "8.8.8.8",
        "the answer has no way back: beyond enp0s1 nobody knows 192.168.202.0/24, and nothing "
        "translates it to the host's address"),
}  # fmt: skip

#: What is named in a finding that the command beneath it shows: a rule, a setting, a device; and
#: where it is just that it does not show any, or what the kernel answers.
NAMED = (
    r"(?<=`)[^`]+(?=`)|net\.[\w.]+|rp_filter|FORWARD|INPUT|inet f|own|\blo\b|"
    r"\b[a-z]+\d+s?\d?\b|(?<=it from )[\d.]+"
)
NOT_THERE = (
    "default route deleted", "default route deleted in nat", "rule against answers",
    "route against answers",
    "no route", "no route in nat", "no route to the cable", "loopback down",
    "no way back from outside", "NAT for others alone", "blackhole of the host",
    "unreachable on the host", "rule of the host", "blackhole in it", "rule in it",
    "marked, and forbidden", "forbidden with more", "forbidden with more in it",
    "answer forbidden with more",
    "TTL of its own", "another's MAC for it", "virtual address without ARP",
    "redirected by iptables-legacy",
)  # fmt: skip

#: Where another thing is wrong behind it: rules for answers.
LEADS_ON = ("raw rule", "rule of ebtables")

#: The same where there is no command that fixes it.
SAID = {
    "mode": (
        HOST_ONLY, "", "8.8.8.8",
        "A has no route to 8.8.8.8", "none: host-only reaches 192.168.202.1 alone"),
    "no device": (
        HOST_ONLY, "ip link del veth0", "192.168.202.1",
        "there is no veth1 in A", "`netmodes down A`"),
    "device moved away": (
        HOST_ONLY, "ip netns add Z; ip link set veth0 netns Z", "192.168.202.1",
        "there is no veth0 on the host", "`netmodes down A`, then put it up again"),
    "spanning tree": (
        "nat", "ip link set nat0 type bridge stp_state 1 forward_delay 2000; "
        "ip link set veth0 down; ip link set veth0 up", "8.8.8.8",
        "nat0 keeps frames from its port veth0 (state listening)", "wait until the spanning tree"),
    "policy of IPsec": (
        "nat", "ip xfrm policy add dir fwd src 10.64.0.0/24 dst 0.0.0.0/0 action block", "8.8.8.8",
        "a policy of IPsec drops it (XfrmInPolBlock)", "see to who has made it"),
    "policy of IPsec for what leaves": (
        BRIDGED, "ip xfrm policy add dir out dst 8.8.8.8/32 action block", "8.8.8.8",
        "a policy of IPsec drops it (XfrmOutPolBlock)", "see to who has made it"),
    "policy of IPsec for the host": (
        HOST_ONLY, "ip xfrm policy add dir in src 192.168.202.11/32 dst 0.0.0.0/0 action block",
        "192.168.202.1", "a policy of IPsec drops it (XfrmInPolBlock)", "see to who has made it"),
    "forwarding of the bridge alone": (
        BRIDGED, "sysctl -w net.ipv4.ip_forward=0; sysctl -w net.ipv4.conf.br0.forwarding=1; "
        "ip route replace default via 192.168.64.9", "8.8.8.8",
        "nobody answers for 192.168.64.9 on br0", "see that 192.168.64.9 is there"),
    "no neighbour": (
        HOST_ONLY, "", "192.168.202.77",
        "nobody answers for 192.168.202.77 on veth1", "see that 192.168.202.77 is there"),
    "no gateway": (
        BRIDGED, "ip route replace default via 192.168.64.9 metric 50", "8.8.8.8",
        "nobody answers for 192.168.64.9 on br0", "see that 192.168.64.9 is there"),
    "no gateway, and a rule that cannot be it": (
        BRIDGED,
        "iptables -A FORWARD -m mark --mark 7 -j DROP; ip route replace default via 192.168.64.9",
        "8.8.8.8",
        "nobody answers for 192.168.64.9 on br0", "see that 192.168.64.9 is there"),
    "no gateway, and a firewall of IPv6": (
        BRIDGED, "ip6tables -P FORWARD DROP; ip route replace default via 192.168.64.9", "8.8.8.8",
        "nobody answers for 192.168.64.9 on br0", "see that 192.168.64.9 is there"),
    "nothing listens, and a rule that cannot be it": (
        BRIDGED, NFT_RULE + "meta mark 7 drop", "8.8.8.8:81",
        "nothing listens on TCP port 81 of 8.8.8.8", "start what should listen there"),
    "enslaved port": (
        VERBATIM, "", "8.8.8.8",
        "enp0s1 is a port of br0, yet has 192.168.64.3/24, so that nothing sent from there gets an "
        "answer", "put it up without --verbatim"),
    "no route on the host": (
        HOST_ONLY, "ip netns exec A ip route add default via 192.168.202.1; "
        "sysctl -w net.ipv4.ip_forward=1; ip route del default; rm /run/netmodes/A/before.json",
        "8.8.8.8", "the host has no route to 8.8.8.8", "ip route add 8.8.8.8 via GATEWAY"),
    "beyond": (
        BRIDGED, "", "10.7.7.7",
        "it gets to 192.168.64.1, and 192.168.64.1 says Destination Host Unreachable",
        "see that 192.168.64.1 passes it on"),
    "silent": (
        BRIDGED, "nsenter --net=/run/lan/neighbour sysctl -w net.ipv4.icmp_echo_ignore_all=1",
        "192.168.64.7",
        "192.168.64.7 is there, for it answers ARP, but answers nothing else",
        "see to the firewall of 192.168.64.7"),
    "stub resolver": (
        f"{BRIDGED} --dns none", "", "outside.example",
        "the resolver 127.0.0.53 cannot be reached: to A this is its own loopback",
        "put it up with --dns IP"),
    "resolver out of reach": (
        f"{BRIDGED} --dns 8.8.8.8", "ip netns exec A ip route del default", "outside.example:80",
        "the resolver 8.8.8.8 cannot be reached: A has no default route",
        "ip netns exec A ip route add default via 192.168.64.100"),
    "no resolver": (
        f"{BRIDGED} --dns 192.168.64.7", "", "outside.example",
        "the resolver 192.168.64.7 answers no questions", "see that 192.168.64.7 does"),
    "no names": (
        HOST_ONLY, "", "outside.example",
        "A asks nobody for names, as its nsswitch.conf has it", "try it by an address"),
    "no such name": (
        BRIDGED, "", "nowhere.example",
        "there is no nowhere.example, says the resolver 192.168.64.1", "see to its spelling"),
    "nothing listens": (
        HOST_ONLY, "", "192.168.202.1:81",
        "nothing listens on TCP port 81 of 192.168.202.1", "on 192.168.202.1 or 0.0.0.0"),
    "published, and nothing listens": (
        "nat", "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to 192.168.64.7:81",
        "192.168.64.3:8080",
        "the host turns it to 192.168.64.7:81, and nothing listens there: `-A PREROUTING -p tcp -m "
        "tcp --dport 8080 -j DNAT --to-destination 192.168.64.7:81` in table nat",
        "see that 192.168.64.7:81 answers: netmodes why A 192.168.64.7:81"),
    "nothing listens in it": (
        HOST_ONLY, "", "127.0.0.1:80",
        "nothing listens on TCP port 80 of A", "start what should listen there"),
    "nothing listens on the LAN": (
        BRIDGED, "", "192.168.64.7:81",
        "nothing listens on TCP port 81 of 192.168.64.7", "start what should listen there"),
}  # fmt: skip


def up(lab: Lab, mode: str, breaking: str) -> None:
    """Put a mode up, then break it."""
    lab.ok("netmodes", *mode.split())
    broken = lab.sh(f"set -e\n{breaking}")
    assert broken.returncode == 0, broken.stderr


def answer(done: Done) -> dict[str, str]:
    """What is wrong, what shows it and what fixes it, from what `why` printed."""
    found = re.search(
        r"^(?:error|warning): (?P<what>.*?)\n  see: (?P<see>.*)\n  fix: (?P<fix>.*)",
        done.stdout,
        re.M | re.S,
    )
    assert found, done.stdout + done.stderr
    what = " ".join(found["what"].split())
    counted = re.sub(r"packets \d+ bytes \d+", "packets N bytes N", what)
    return {**found.groupdict(), "what": counted, "fix": found["fix"].strip()}


def test_other_gateway(quick_lab: Lab) -> None:
    """A namespace whose own gateway passes nothing on is told so, where the host gets an answer."""
    up(quick_lab, f"{BRIDGED} --gateway 192.168.64.7", NO_ROUTER)
    broken = answer(quick_lab.netmodes("why", "A", "8.8.8.8"))

    assert broken["what"] == "8.8.8.8 answers the host, but not A by its own gateway, 192.168.64.7"
    assert "see that 192.168.64.7 passes it on" in broken["fix"]


def test_other_subnet(quick_lab: Lab) -> None:
    """A gateway that does not know the namespace's subnet is the cause, not who is beyond it; once
    it has the route that is advised the target answers."""
    quick_lab.ok("ip", "addr", "add", "10.7.0.3/24", "dev", "enp0s1")
    up(quick_lab, f"{BRIDGED} --address 10.7.0.9/24", "")
    broken = answer(quick_lab.netmodes("why", "A", "8.8.8.8"))
    quick_lab.ok("ip", "route", "add", "10.7.0.0/24", "via", "192.168.64.3", router=True)
    fixed = quick_lab.netmodes("why", "A", "8.8.8.8")

    says = "192.168.64.1 is in 192.168.64.0/24, and seems not to know 10.7.0.0/24"
    assert broken["what"] == f"no answer finds the way back: {says}"
    assert "give 192.168.64.1 a route to 10.7.0.0/24, or `netmodes down A`" in broken["fix"]
    assert fixed.returncode == 0, fixed.stdout


@pytest.mark.sweep
@pytest.mark.parametrize("case", FIXED)
def test_fixed(quick_lab: Lab, case: str) -> None:
    """Just what was broken is found, and after the command that fixes it the target answers."""
    mode, breaking, target, what = FIXED[case]
    up(quick_lab, mode, breaking)

    broken = quick_lab.netmodes("why", "A", target)
    found = answer(broken)
    shown = quick_lab.sh(found["see"])
    seen = re.sub(r"packets \d+ bytes \d+", "packets N bytes N", shown.stdout + shown.stderr)
    whats = [found["what"]]
    quick_lab.sh(found["fix"])
    while (fixed := quick_lab.netmodes("why", "A", target)).returncode and case in LEADS_ON:
        further = answer(fixed)
        if further["what"] in whats:
            break
        whats.append(further["what"])
        quick_lab.sh(further["fix"])

    assert broken.returncode == 1
    assert found["what"] == what
    assert "another NIC" in case or "rp_filter=" not in found["fix"]
    assert "forbidden with more" not in case or "route del" not in found["fix"]
    assert not re.search(r"tables\S* .*-D |flush|firewall-cmd", found["fix"])
    assert seen
    assert case in NOT_THERE or any(word in seen for word in re.findall(NAMED, what)), seen
    assert fixed.returncode == 0, fixed.stdout


@pytest.mark.parametrize(
    ("mode", "target"), [(HOST_ONLY, "192.168.202.1"), (BRIDGED, "192.168.64.7")]
)
def test_wrong_mac(quick_lab: Lab, mode: str, target: str) -> None:
    """A MAC that somebody has entered in the namespace for another's address is told, and whose is
    right; without it the target answers."""
    entered = f"{target} lladdr 02:00:00:00:00:09 dev veth1 nud permanent"
    up(quick_lab, mode, f"ip -n A neigh replace {entered}")
    found = answer(quick_lab.netmodes("why", "A", target))
    quick_lab.ok("bash", "-c", found["fix"])

    assert found["what"].startswith(f"A has 02:00:00:00:00:09 for {target}, which has ")
    assert quick_lab.netmodes("why", "A", target).returncode == 0


@pytest.mark.sweep
@pytest.mark.parametrize("case", SAID)
def test_said(quick_lab: Lab, case: str) -> None:
    """Just what is wrong is found, and what to do about it; where that is to put the network up
    again, as it says, the target then answers."""
    mode, breaking, target, what, advice = SAID[case]
    up(quick_lab, mode, breaking)

    done = quick_lab.netmodes("why", "A", target)
    said = answer(done)
    for down in re.findall("`(netmodes down A)`", said["fix"]):
        quick_lab.ok(*down.split())
        dns = ["--dns", "192.168.64.1"] if "with --dns IP" in said["fix"] else []
        quick_lab.ok("netmodes", *re.sub(r" --verbatim| --dns \S+", "", mode).split(), *dns)
        assert quick_lab.netmodes("why", "A", target).returncode == 0

    assert done.returncode == 1
    assert said["what"] == what
    assert advice in said["fix"]


def test_hanging(lab: Lab) -> None:
    """A connection that is made and then hangs, for its answers come past the host, is cut off by
    a rule, whose fix leads on."""
    serve(lab)
    lab.ok("bash", "-euc", f". {HOSTS}/stateful.sh")
    lab.ok("netmodes", *BRIDGED.split(), "--gateway", "192.168.64.100", "--anyway")
    said = answer(lab.run("netmodes", "why", "A", "8.8.8.8:80"))

    assert said["what"].startswith("the host's firewall drops what A sends once it is connected")
    assert "`ct state invalid drop`" in said["what"]
    fetch = ("timeout", "2", "bash", "-c", FETCH, "8.8.8.8")
    assert lab.inside(*fetch).returncode != 0
    lab.ok("bash", "-c", said["fix"])
    assert lab.inside(*fetch).returncode == 0
    assert "8.8.8.8 answers on TCP port 80" in lab.netmodes("why", "A", "8.8.8.8:80").stdout


@pytest.mark.parametrize(
    "rules",
    [
        "iptables -A INPUT -j REJECT",
        "iptables -P INPUT DROP",
        "nft add table inet f; nft 'add chain inet f c { type filter hook input priority 0; "
        "policy drop; }'",
    ],
)
def test_opens_no_more(quick_lab: Lab, rules: str) -> None:
    """What lets a ping pass lets no connection pass, nor does a port's let another's."""
    up(quick_lab, HOST_ONLY, rules)
    said = []
    for target in ("192.168.202.1", "192.168.202.1:80", "192.168.202.1:81"):
        found = answer(quick_lab.netmodes("why", "A", target))
        quick_lab.sh(found["fix"])
        said.append(found["what"])
    reached = quick_lab.netmodes("why", "A", "192.168.202.1:80")

    assert len({*said}) == 1
    assert reached.returncode == 0


def test_no_rule_no_table(quick_lab: Lab) -> None:
    """Where nobody has a rule no table is made; where somebody has, each is gone afterwards."""
    quick_lab.ok("netmodes", *HOST_ONLY.split())
    without = quick_lab.netmodes("why", "A", "192.168.202.1")
    quick_lab.ok("iptables", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")

    done = quick_lab.netmodes("why", "A", "192.168.202.1")

    assert "nft" not in without.stderr
    assert "[#] env HOME=/dev/null nft -i <<'STDIN'\ntable inet netmodes-trace-" in done.stderr
    assert quick_lab.ok("nft", "list", "tables").split() == ["table", "ip", "filter"]


@pytest.mark.parametrize("moment", [0.1, 0.2, 0.3, 0.4, 0.6, 1.0])
def test_killed(quick_lab: Lab, moment: float) -> None:
    """However early or late it is killed, it leaves no table, neither here nor in the namespace."""
    up(quick_lab, HOST_ONLY, f"{NFT_POLICY}; iptables -A INPUT -i veth0 -j DROP")
    quick_lab.ok("bash", "-c", f"ip netns exec A bash -c {NFT_RULE + 'drop'!r}")

    killed = quick_lab.sh(
        f"netmodes why A 192.168.202.1 >/dev/null & sleep {moment}; kill -9 $!; wait; sleep 0.2; "
        "nft list tables; ip netns exec A nft list tables"
    )

    assert killed.stdout.splitlines() == ["table inet f", "table ip filter", "table inet f"]


def test_old_nft(quick_lab: Lab) -> None:
    """An nft that knows no owner of a table traces as well, and the table is deleted."""
    up(quick_lab, HOST_ONLY, "iptables -A INPUT -i veth0 -j DROP")
    quick_lab.replace("nft", OLD_NFT)

    found = answer(quick_lab.netmodes("why", "A", "192.168.202.1"))

    assert found["what"] == "the host's firewall drops what A sends: `-A INPUT -i veth0 -j DROP`"
    assert quick_lab.ok("nft", "list", "tables").split() == ["table", "ip", "filter"]


def test_noise(quick_lab: Lab) -> None:
    """What others send there meanwhile, dropped by another rule, is not taken for its packet."""
    up(
        quick_lab,
        BRIDGED,
        "iptables -A FORWARD -p icmp -m length --length 100 -j DROP; "
        "iptables -A FORWARD -s 192.168.64.50 -p icmp -j DROP",
    )

    done = quick_lab.sh(
        "ip netns exec A ping -q -i 0.01 -c 300 -s 72 8.8.8.8 >/dev/null & netmodes why A 8.8.8.8"
    )

    assert answer(done)["what"].endswith(": `-A FORWARD -s 192.168.64.50/32 -p icmp -j DROP`")


def test_refused_is_seen(quick_lab: Lab) -> None:
    """Where nothing listens on another machine, what shows it is a connection it refuses."""
    quick_lab.ok("netmodes", *BRIDGED.split())

    found = answer(quick_lab.netmodes("why", "A", "192.168.64.7:81"))

    assert "Connection refused" in quick_lab.sh(found["see"]).stderr


def test_unplugged_uplink(quick_lab: Lab) -> None:
    """An uplink whose cable is out is named, and not who is behind it."""
    quick_lab.ok("netmodes", *BRIDGED.split())
    quick_lab.ok("ip", "link", "set", "port1", "down", router=True)

    done = quick_lab.netmodes("why", "A", "8.8.8.8")

    assert done.returncode == 1
    assert answer(done)["what"] == "enp0s1 has no carrier"


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("192.168.222.11", "dummy0 has no cable: what it sends is lost"),
        ("8.8.8.8", "A has no route to 8.8.8.8"),
    ],
)
def test_isolated(quick_lab: Lab, target: str, what: str) -> None:
    """Isolated has a card that leads nowhere, and no route but its own; there is none to add."""
    quick_lab.replace("ip", NO_DUMMY.format(real='"$REAL"'))
    quick_lab.ok("netmodes", "isolated")

    done = quick_lab.netmodes("why", "A", target)

    assert done.returncode == 1
    assert answer(done)["what"] == what
    assert answer(done)["fix"].startswith("none: isolated reaches nobody")


def test_missing_program(lab: Lab) -> None:
    """A program that is not there is named, and not taken for a packet that is lost."""
    lab.ok("netmodes", *HOST_ONLY.split())

    done = lab.sh(
        "mkdir /run/few; ln -s $(command -v ip) /run/few; "
        "PATH=/run/few exec $(command -v netmodes) why A 192.168.202.1"
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no `ping` on PATH: install iputils-ping" in done.stderr


HEALTHY = {
    "host-only": (HOST_ONLY, "192.168.202.1", ["veth1", "its own", "answers"]),
    "a port": (HOST_ONLY, "192.168.202.1:80", ["veth1", "its own", "answers on TCP port 80"]),
    "itself": (HOST_ONLY, "127.0.0.1", ["by lo", "answers"]),
    "outside": (
        BRIDGED,
        "8.8.8.8",
        [
            "192.168.64.100, its gateway",
            "br0, whose port",
            "br0 to 192.168.64.1",
            "8.8.8.8 answers",
        ],
    ),
    "outside by NAT": (
        "nat",
        "8.8.8.8",
        ["10.64.0.1, its gateway", "nat0, whose port", "by nat0 and sends it out by enp0s1", "ans"],
    ),
    "the LAN": (BRIDGED, "192.168.64.7", ["to 192.168.64.7", "br0, whose port", "answers"]),
    "turned elsewhere": (
        "nat && iptables -t nat -A PREROUTING -d 8.8.8.8 -j DNAT --to 192.168.64.7",
        "8.8.8.8",
        ["10.64.0.1, its gateway", "nat0, whose port", "and turns it to 192.168.64.7", "answers"],
    ),
    "ports without pings": (
        f"{HOST_ONLY} && iptables -A INPUT -p icmp -j DROP",
        "192.168.202.1:80",
        ["veth1", "its own", "answers on TCP port 80"],
    ),
}


@pytest.mark.parametrize("case", HEALTHY)
def test_healthy(quick_lab: Lab, case: str) -> None:
    """A path that works is its hops, in order."""
    mode, target, hops = HEALTHY[case]
    assert quick_lab.sh(f"netmodes {mode}").returncode == 0

    done = quick_lab.netmodes("why", "A", target)

    lines = re.split(r"^\d+\. ", done.stdout, flags=re.M)[1:]
    assert done.returncode == 0, done.stdout
    assert len(lines) == len(hops)
    for line, words in zip(lines, hops, strict=True):
        assert words in " ".join(line.split())


def test_name(lab: Lab) -> None:
    """A name is looked up in the namespace, then its address followed."""
    lab.ok("netmodes", *BRIDGED.split())

    done = lab.netmodes("why", "A", "outside.example")

    assert done.returncode == 0
    assert done.stdout.startswith("1. outside.example is 8.8.8.8, says A's resolver\n2. A sends")
    assert "8.8.8.8 answers" in done.stdout


def test_shows_all_it_does(lab: Lab) -> None:
    """Each command is shown as it can be pasted; neighbours and redirects are forgotten first."""
    lab.ok("netmodes", *HOST_ONLY.split())

    done = lab.netmodes("why", "A", "192.168.202.1")

    shown = [line.removeprefix("[#] ") for line in done.stderr.splitlines()]
    assert shown[:2] == [
        "ip netns exec A ip neigh flush all",
        "ip netns exec A ip route flush cache",
    ]
    assert "ip netns exec A ping -n -c 1 -W 1 192.168.202.1" in shown
    assert lab.sh("\n".join(shown)).returncode == 0


@pytest.mark.parametrize("target", ["192.168.202.255", "192.168.64.255:80", "nobody.example"])
def test_no_machine(lab: Lab, target: str) -> None:
    """What is for all of a subnet, or is nobody's once it is looked up, is no machine's."""
    lab.ok("netmodes", *HOST_ONLY.split())
    lab.sh("echo 0.0.0.0 nobody.example >/run/hosts && mount --bind /run/hosts /etc/hosts")

    done = lab.netmodes("why", "A", target)

    assert (done.returncode, done.stdout) == (1, "")
    assert "is not the address of one machine" in done.stderr


def test_no_network(lab: Lab) -> None:
    """A namespace that is not a network of ours is refused."""
    done = lab.netmodes("why", "B", "8.8.8.8")

    assert (done.returncode, done.stdout) == (1, "")
    assert "B is not a network of ours" in done.stderr
