# A LAN with few addresses, none of them the article's.
ip addr flush dev enp0s1
ip addr add 192.168.64.3/28 dev enp0s1
ip route add default via 192.168.64.1
