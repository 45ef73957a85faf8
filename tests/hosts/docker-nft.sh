# Docker's nft backend: a table of its own drops what enters its bridges, and lets pass all else.
sysctl -qw net.ipv4.ip_forward=1
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
nft -f - <<'RULES'
table ip docker-bridges {
    map filter-forward-in-jumps {
        type ifname : verdict
        elements = { "docker0" : jump filter-forward-in__docker0 }
    }
    map nat-postrouting-out-jumps {
        type ifname : verdict
    }
    chain filter-FORWARD {
        type filter hook forward priority filter; policy accept;
        oifname vmap @filter-forward-in-jumps
    }
    chain filter-forward-in__docker0 {
        ct state established,related counter accept
        iifname "docker0" counter accept
        counter drop comment "UNPUBLISHED PORT DROP"
    }
    chain nat-PREROUTING {
        type nat hook prerouting priority dstnat; policy accept;
        fib daddr type local counter jump nat-prerouting-and-output
    }
    chain nat-prerouting-and-output {
        iifname != "docker0" tcp dport 8080 counter dnat to 172.17.0.2:80 comment "DNAT"
    }
    chain nat-POSTROUTING {
        type nat hook postrouting priority srcnat; policy accept;
        oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade
    }
    chain raw-PREROUTING {
        type filter hook prerouting priority raw; policy accept;
        iifname != "docker0" ip daddr 172.17.0.2 counter drop comment "DROP DIRECT ACCESS"
    }
}
RULES
