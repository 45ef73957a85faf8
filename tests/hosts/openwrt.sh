# A router's own firewall (OpenWrt): zones by device, and a chain that rejects TCP and all else.
# host-only: refused, the firewall drops what 192.168.202.11 sends to the host
# nat: refused, the firewall drops what nat0 passes on
# bridged: refused, the firewall drops what the LAN sends to the host once it comes in on br0
# bridged then: --anyway
# doctor says: the firewall drops what the LAN sends to the host once it comes in on br0 (`reject`
# doctor says: the firewall drops what br0 passes on (`reject`
ip link add br-lan type bridge
ip addr add 192.168.1.1/24 dev br-lan
ip link set br-lan up
sysctl -qw net.ipv4.ip_forward=1
nft -f - <<'RULES'
table inet fw4 {
    chain reject_all {
        meta l4proto tcp reject with tcp reset
        reject
    }
    chain input_wan {
        icmp type echo-request accept
        tcp dport 80 accept
    }
    chain input {
        type filter hook input priority filter; policy drop;
        iif lo accept
        ct state vmap { established : accept, related : accept }
        iifname br-lan accept
        iifname enp0s1 jump input_wan
        jump reject_all
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state vmap { established : accept, related : accept }
        iifname br-lan oifname enp0s1 accept
        jump reject_all
    }
    chain srcnat {
        type nat hook postrouting priority srcnat;
        oifname enp0s1 masquerade
    }
}
RULES
