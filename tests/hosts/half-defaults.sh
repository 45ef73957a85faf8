# openvpn's two half defaults, and a host route to its server.
# bridged: refused, the host leads outside by tun0
# bridged --gateway 192.168.64.1: as promised
# also: 10.8.0.1
# doctor says: the host leads outside by tun0
ip netns add vpn
ip link add tun0 type veth peer name eth0 netns vpn
ip link add eth1 netns vpn type veth peer name port4
ip link set port4 netns /run/lan/router
lan router ip link set port4 master lan0 up
ip addr add 10.8.0.2/24 dev tun0
ip link set tun0 up
ip -n vpn addr add 10.8.0.1/24 dev eth0
ip -n vpn addr add 192.168.64.20/24 dev eth1
ip -n vpn link set eth0 up
ip -n vpn link set eth1 up
ip -n vpn route add default via 192.168.64.1
ip netns exec vpn sysctl -qw net.ipv4.ip_forward=1
ip netns exec vpn iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
ip route add 192.168.64.20 via 192.168.64.1
ip route add 0.0.0.0/1 via 10.8.0.1
ip route add 128.0.0.0/1 via 10.8.0.1
