# fail2ban, by sets of nft: who has failed is dropped before all else.
nft -f - <<'RULES'
table inet f2b-table {
    set addr-set-sshd {
        type ipv4_addr
        flags timeout
        timeout 1h
        elements = { 203.0.113.7, 198.51.100.9 }
    }
    chain f2b-chain {
        type filter hook input priority filter - 1; policy accept;
        tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable
    }
}
RULES
