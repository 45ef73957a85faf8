# Two subnets on the uplink, the gateway in the second.
# bridged says: the namespace joins 192.168.64.0/24, the default gateway's
ip addr flush dev enp0s1
ip addr add 10.7.0.3/24 dev enp0s1
ip addr add 192.168.64.3/24 dev enp0s1
ip route add default via 192.168.64.1 src 192.168.64.3
