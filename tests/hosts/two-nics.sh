# A second NIC in the same subnet with the same metric.
ip addr flush dev enp0s1
ip link add enp0s2 type veth peer name port3
ip link set port3 netns /run/lan/router
lan router ip link set port3 master lan0 up
ip link set enp0s2 up
ip addr add 192.168.64.3/24 dev enp0s1
ip addr add 192.168.64.4/24 dev enp0s2
ip route add default via 192.168.64.1 src 192.168.64.3
