# Two NICs with a gateway each; the other one is preferred.
# bridged: refused, the host leads outside by enp0s2
# bridged --gateway 192.168.64.1: as promised
ip link add enp0s2 type veth peer name lan1
ip link set lan1 netns /run/lan/router
lan router ip addr add 10.7.0.1/24 dev lan1
lan router ip link set lan1 up
ip addr add 10.7.0.3/24 dev enp0s2
ip link set enp0s2 up
ip route add default via 10.7.0.1 metric 50
