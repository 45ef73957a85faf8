# wg-quick's own table: what is for the tunnel's address comes by the tunnel alone.
# bridged says: the firewall keeps 192.168.64.50 from 10.9.0.2
# nat says: the firewall keeps 10.64.0.11 from 10.9.0.2
# unknown: the host's other addresses
ip link add wg0 type veth peer name far0
ip addr add 10.9.0.2/24 dev wg0
ip link set wg0 up
ip link set far0 up
nft -f - <<'RULES'
table ip wg-quick-wg0 {
    chain preraw {
        type filter hook prerouting priority raw; policy accept;
        iifname != "wg0" ip daddr 10.9.0.2 fib saddr type != local drop
    }
    chain premangle {
        type filter hook prerouting priority mangle; policy accept;
        meta l4proto udp meta mark set ct mark
    }
    chain postmangle {
        type filter hook postrouting priority mangle; policy accept;
        meta l4proto udp meta mark 0x0000ca6c ct mark set meta mark
    }
}
RULES
