# A cloud host: its address is a /32, its gateway onlink.
# bridged: refused, has 192.168.64.3/32, so there is no subnet to join
# doctor says: enp0s1 has 192.168.64.3/32, so there is no subnet to join
ip addr flush dev enp0s1
ip addr add 192.168.64.3/32 dev enp0s1
ip route add 192.168.64.1 dev enp0s1 scope link
ip route add default via 192.168.64.1 dev enp0s1 onlink
