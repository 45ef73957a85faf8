# A second NIC in the same subnets, by IPv6 too; each comes first among some of their equal routes.
lan router ip addr add fd00:64::1/64 dev lan0 nodad
lan router ip addr add 2001:4860:4860::8888/128 dev lo
lan router sysctl -qw net.ipv6.conf.all.forwarding=1
ip addr flush dev enp0s1
ip link add enp0s2 type veth peer name port3
ip link set port3 netns /run/lan/router
lan router ip link set port3 master lan0 up
ip link set enp0s2 up
ip addr add 192.168.64.4/24 dev enp0s2
ip addr add 192.168.64.3/24 dev enp0s1
ip addr add fd00:64::3/64 dev enp0s1 nodad
ip addr add fd00:64::4/64 dev enp0s2 nodad
ip route add default via 192.168.64.1 dev enp0s2
ip route append default via 192.168.64.1 dev enp0s1
ip route add 10.50.0.0/16 via 192.168.64.1 dev enp0s1 table 100
ip route append 10.50.0.0/16 via 192.168.64.1 dev enp0s2 table 100
ip -6 route add default via fd00:64::1 dev enp0s1
ip -6 route add fd55::/64 dev enp0s2 metric 9
ip -6 route append fd55::/64 dev enp0s1 metric 9
