# Two NICs, a default route by both (ECMP) and a source that is neither's.
# bridged: refused, the route to default has nexthops, which cannot move to a bridge
# unknown: the gateway
ip addr add 10.99.0.3/32 dev lo
lan router ip route add 10.99.0.3 via 192.168.64.3
second_nic
ip route del default
ip route add default src 10.99.0.3 metric 20 nexthop via 192.168.64.1 dev enp0s1 weight 1 onlink nexthop via 10.7.0.1 dev enp0s2 weight 1 onlink
