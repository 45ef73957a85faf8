# Two NICs with a gateway each, and Docker's rules, which translate its own networks alone.
# bridged: refused, the host leads outside by enp0s2
# bridged --gateway 192.168.64.1: as promised
# also: 172.17.0.1
# doctor says: iptables drops what is forwarded, but what its rules accept
# doctor says: the firewall drops what br0 passes on (iptables' policy for FORWARD)
second_nic
ip route add default via 10.7.0.1 metric 50
sysctl -qw net.ipv4.ip_forward=1
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
iptables -P FORWARD DROP
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
