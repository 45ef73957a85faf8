# A firewall that drops what conntrack calls invalid: what A sends after an answer passed it by.
# bridged --gateway 192.168.64.1: as promised
sysctl -qw net.bridge.bridge-nf-call-iptables=0
sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
nft -f - <<'RULES'
table inet fw {
    chain forward {
        type filter hook forward priority 0; policy accept;
        ct state invalid drop
    }
}
RULES
