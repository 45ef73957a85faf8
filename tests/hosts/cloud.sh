# A cloud host: its address is a /32, its gateway onlink.
# bridged: not yet, the fix of the refusal is refused
ip addr flush dev enp0s1
ip addr add 192.168.64.3/32 dev enp0s1
ip route add 192.168.64.1 dev enp0s1 scope link
ip route add default via 192.168.64.1 dev enp0s1 onlink
