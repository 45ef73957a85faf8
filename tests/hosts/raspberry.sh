# A Raspberry Pi: dhcpcd gives a container's cable a link-local address and a default route.
# doctor says: veth55aa is a port of docker0, yet has 169.254.108.8/16
# host-only says: ip addr del 169.254.108.8/16 dev veth55aa
ip addr flush dev enp0s1
ip addr add 192.168.64.3/24 brd + dev enp0s1 noprefixroute
ip route add 192.168.64.0/24 dev enp0s1 proto dhcp scope link src 192.168.64.3 metric 202
ip route add default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 202
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip netns add c
ip link add veth55aa type veth peer name eth0 netns c
ip link set veth55aa master docker0 up
ip -n c link set eth0 up
ip addr add 169.254.108.8/16 brd 169.254.255.255 dev veth55aa noprefixroute
ip route add 169.254.0.0/16 dev veth55aa scope link src 169.254.108.8 metric 204
ip route add default dev veth55aa scope link src 169.254.108.8 metric 1000204
