# The subnet's route is not the one that the kernel made with the address.
ip addr flush dev enp0s1
ip addr add 192.168.64.3/24 dev enp0s1
ip route del 192.168.64.0/24 dev enp0s1
ip route add 192.168.64.0/24 dev enp0s1 metric 50 proto static
ip route add default via 192.168.64.1
