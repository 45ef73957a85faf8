# A VPN by policy routing, as wg-quick sets it up; its other end takes the host's address alone.
# bridged: refused, the host leads outside by wg0
# doctor says: the host leads outside by wg0
# bridged --gateway 192.168.64.1: as promised
# also: 10.9.0.1
ip netns add vpn
ip link add wg0 type veth peer name eth0 netns vpn
ip link add eth1 netns vpn type veth peer name port4
ip link set port4 netns /run/lan/router
lan router ip link set port4 master lan0 up
ip addr add 10.9.0.2/24 dev wg0
ip link set wg0 up
ip -n vpn addr add 10.9.0.1/24 dev eth0
ip -n vpn addr add 192.168.64.20/24 dev eth1
ip -n vpn link set eth0 up
ip -n vpn link set eth1 up
ip -n vpn route add default via 192.168.64.1
ip netns exec vpn sysctl -qw net.ipv4.ip_forward=1
ip netns exec vpn iptables -P FORWARD DROP
ip netns exec vpn iptables -A FORWARD -s 10.9.0.2 -j ACCEPT
ip netns exec vpn iptables -A FORWARD -d 10.9.0.2 -j ACCEPT
ip netns exec vpn iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
ip route add default via 10.9.0.1 table 51820
ip rule add not fwmark 51820 table 51820
ip rule add table main suppress_prefixlength 0
