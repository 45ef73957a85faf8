# A static address and a default route without `src`, as a Debian server has them.
ip addr flush dev enp0s1
ip addr add 192.168.64.3/24 dev enp0s1
ip route add default via 192.168.64.1
