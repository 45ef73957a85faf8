# A VPN that has a route to the LAN itself, preferred to the LAN's own.
# bridged: refused, the host has another way to 192.168.64.50
# host-only rehearsed: not yet, the copy adds the default route when its gateway is behind the VPN
# nat rehearsed: not yet, the copy adds the default route when its gateway is behind the VPN
# also: 192.168.192.57
ip netns add vpn
ip link add zt0 type veth peer name eth0 netns vpn
ip link add eth1 netns vpn type veth peer name port4
ip link set port4 netns /run/lan/router
lan router ip link set port4 master lan0 up
ip addr add 192.168.192.5/24 dev zt0
ip link set zt0 up
ip -n vpn addr add 192.168.192.57/24 dev eth0
ip -n vpn addr add 192.168.64.20/24 dev eth1
ip -n vpn link set eth0 up
ip -n vpn link set eth1 up
ip netns exec vpn sysctl -qw net.ipv4.ip_forward=1
ip netns exec vpn iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
ip route add 192.168.64.0/24 via 192.168.192.57 dev zt0 metric 50
