# The gateway is the other end of a point-to-point address, as in routed set-ups of hosters.
# bridged: refused, has 192.168.64.3 peer 192.168.64.1/32, so there is no subnet to join
# doctor says: enp0s1 has 192.168.64.3 peer 192.168.64.1/32
ip addr flush dev enp0s1
ip addr add 192.168.64.3 peer 192.168.64.1/32 dev enp0s1
ip route add default via 192.168.64.1
