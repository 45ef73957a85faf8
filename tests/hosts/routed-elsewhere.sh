# The first free address of the LAN is a container's, by a route of the host.
# also: 192.168.64.50
sysctl -qw net.ipv4.conf.all.forwarding=1 net.ipv4.conf.all.proxy_arp=1
ip netns add container
ip link add veth9 type veth peer name eth0 netns container
ip link set veth9 up
ip -n container addr add 192.168.64.50/32 dev eth0
ip -n container link set eth0 up
ip -n container route add default dev eth0
ip addr add 169.254.1.1/32 dev veth9
ip route add 192.168.64.50 dev veth9
