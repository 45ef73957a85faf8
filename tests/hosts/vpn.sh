# A VPN by policy routing, as wg-quick sets it up; its other end takes the host's address alone.
# bridged: refused, the host leads outside by wg0
# doctor says: the host leads outside by wg0
# bridged --gateway 192.168.64.1: as promised
# also: 10.9.0.1
tunnel wg0 10.9.0.2/24 10.9.0.1/24
ip netns exec vpn iptables -P FORWARD DROP
ip netns exec vpn iptables -A FORWARD -s 10.9.0.2 -j ACCEPT
ip netns exec vpn iptables -A FORWARD -d 10.9.0.2 -j ACCEPT
ip route add default via 10.9.0.1 table 51820
ip rule add not fwmark 51820 table 51820
ip rule add table main suppress_prefixlength 0
