# A VPN whose table comes before main and has no route back to the host's own subnets (an exit node).
# bridged: refused, the host leads outside by tailscale0
# unknown: the gateway
# bridged --gateway 192.168.64.1: as promised
# also: 100.64.0.9
# doctor says: the host leads outside by tailscale0
ip netns add vpn
ip link add tailscale0 type veth peer name eth0 netns vpn
ip link add eth1 netns vpn type veth peer name port4
ip link set port4 netns /run/lan/router
lan router ip link set port4 master lan0 up
ip addr add 100.64.0.1/32 dev tailscale0
ip link set tailscale0 up
ip -n vpn addr add 100.64.0.9/32 dev eth0
ip -n vpn addr add 192.168.64.20/24 dev eth1
ip -n vpn link set eth0 up
ip -n vpn link set eth1 up
ip -n vpn route add 100.64.0.1 dev eth0
ip -n vpn route add default via 192.168.64.1
ip netns exec vpn sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.proxy_arp=1
ip netns exec vpn iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
ip route add default dev tailscale0 table 52
ip rule add pref 5210 fwmark 0x80000/0xff0000 lookup main
ip rule add pref 5230 fwmark 0x80000/0xff0000 lookup default
ip rule add pref 5269 to 192.168.64.0/24 lookup main
ip rule add pref 5270 lookup 52
