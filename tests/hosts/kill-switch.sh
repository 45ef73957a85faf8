# A VPN program's kill switch: what is forwarded leaves by the tunnel, or to the LAN.
# bridged: refused, the host leads outside by wg0
# also: 10.9.0.1
# doctor says: the host leads outside by wg0
ip netns add vpn
ip link add wg0 type veth peer name eth0 netns vpn
ip link add eth1 netns vpn type veth peer name port4
ip link set port4 netns /run/lan/router
lan router ip link set port4 master lan0 up
ip addr add 10.9.0.2/24 dev wg0
ip link set wg0 up
ip -n vpn addr add 10.9.0.1/24 dev eth0
ip -n vpn addr add 192.168.64.20/24 dev eth1
ip -n vpn link set eth0 up
ip -n vpn link set eth1 up
ip -n vpn route add default via 192.168.64.1
ip netns exec vpn sysctl -qw net.ipv4.ip_forward=1
ip netns exec vpn iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
ip route add default via 10.9.0.1 table 1836018789
ip rule add not fwmark 0x6d6f6c65 table 1836018789
ip rule add table main suppress_prefixlength 0
nft -f - <<'RULES'
table inet mullvad {
    chain output {
        type filter hook output priority 0; policy drop;
        oif "lo" accept
        ip daddr { 10.0.0.0/8, 192.168.0.0/16 } accept
        oifname "wg0" accept
        ct state established accept
    }
    chain forward {
        type filter hook forward priority 0; policy drop;
        oifname "wg0" accept
        iifname "wg0" ct state established accept
        ip daddr { 10.0.0.0/8, 192.168.0.0/16 } accept
        ip saddr { 10.0.0.0/8, 192.168.0.0/16 } ct state established accept
        reject
    }
}
RULES
