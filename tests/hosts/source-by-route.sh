# The host's address outside is one of lo, which its default route names; the NIC's own leads nowhere.
ip addr add 203.0.113.3/32 dev lo
ip route replace default via 192.168.64.1 dev enp0s1 proto static src 203.0.113.3 metric 100
lan router ip route add 203.0.113.3 via 192.168.64.3
lan router nft -f - <<'RULES'
table ip provider {
    chain input {
        type filter hook input priority 0; policy accept;
        ip saddr 192.168.64.3 ip daddr 8.8.8.8 drop
    }
}
RULES
