# A VPN whose table comes before main and has no route back to the host's own subnets (an exit node).
# bridged: refused, the host leads outside by tailscale0
# unknown: the gateway
# bridged --gateway 192.168.64.1: as promised
# also: 100.64.0.9
# doctor says: the host leads outside by tailscale0
tunnel tailscale0 100.64.0.1/32 100.64.0.9/32
ip -n vpn route add 100.64.0.1 dev eth0
ip netns exec vpn sysctl -qw net.ipv4.conf.eth0.proxy_arp=1
ip route add default dev tailscale0 table 52
ip rule add pref 5210 fwmark 0x80000/0xff0000 lookup main
ip rule add pref 5230 fwmark 0x80000/0xff0000 lookup default
ip rule add pref 5269 to 192.168.64.0/24 lookup main
ip rule add pref 5270 lookup 52
