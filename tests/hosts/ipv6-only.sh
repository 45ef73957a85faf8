# A host that has IPv6 alone.
# bridged: refused, has no IPv4 address
# nat: refused, the host has no way outside by IPv4
# unknown: the gateway
ip addr flush dev enp0s1
ip addr add 2001:db8::3/64 dev enp0s1 nodad
ip route add default via 2001:db8::1
