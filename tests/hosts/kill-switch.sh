# A VPN program's kill switch: what is forwarded leaves by the tunnel, or to the LAN.
# bridged: refused, the host leads outside by wg0
# also: 10.9.0.1
# doctor says: the host leads outside by wg0
tunnel wg0 10.9.0.2/24 10.9.0.1/24
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
