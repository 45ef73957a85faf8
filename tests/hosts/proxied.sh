# A container for which the host answers ARP on the LAN.
# also: 192.168.64.60
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.enp0s1.forwarding=1
ip netns add container
ip link add veth9 type veth peer name eth0 netns container
ip link set veth9 up
ip -n container addr add 192.168.64.60/32 dev eth0
ip -n container link set eth0 up
ip -n container route add 169.254.1.1 dev eth0
ip -n container route add default via 169.254.1.1
ip addr add 169.254.1.1/32 dev veth9
ip route add 192.168.64.60 dev veth9
ip neigh add proxy 192.168.64.60 dev enp0s1
