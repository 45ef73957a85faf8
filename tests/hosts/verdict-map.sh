# Devices are keys of a verdict map, which leads to a chain by goto.
# bridged: refused, `reject with icmpx admin-prohibited` in nft's chain inet fw input
# host-only: refused, `reject with icmpx admin-prohibited` in nft's chain inet fw input
# nat: refused, `reject with icmpx admin-prohibited` in nft's chain inet fw input
# doctor says: once it comes in on br0 (`reject with icmpx admin-prohibited`
nft -f - <<'RULES'
table inet fw {
    chain wan {
        tcp dport 22 accept
        icmp type echo-request accept
        drop
    }
    chain input {
        type filter hook input priority 0; policy accept;
        ct state vmap { established : accept, related : accept, invalid : drop }
        iifname vmap { "enp0s1" : goto wan, "lo" : accept }
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
        reject with icmpx admin-prohibited
    }
}
RULES
