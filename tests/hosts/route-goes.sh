# An address and a route that go while the network is up, of several.
# meanwhile: ip addr del 192.168.64.9/24 dev $UPLINK
# meanwhile: ip route del 10.20.0.0/16 dev $UPLINK
ip addr add 192.168.64.9/24 dev enp0s1
ip route add 10.20.0.0/16 via 192.168.64.1
ip route add 10.21.0.0/16 via 192.168.64.1
