# A router that tells the host of a better one (ICMP redirect), which the host forgets with its NIC.
ip route add default via 192.168.64.7 metric 50
lan neighbour sysctl -qw net.ipv4.ip_forward=1
