# A route by another device that takes its source from the uplink.
# also: 10.7.0.2
ip netns add container
ip link add veth9 type veth peer name eth0 netns container
ip link set veth9 up
ip -n container addr add 10.7.0.2/24 dev eth0
ip -n container link set eth0 up
ip -n container route add default dev eth0
ip route add 10.7.0.0/24 dev veth9 src 192.168.64.3
