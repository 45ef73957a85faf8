# A host without any IPv4 address, whose default route is by the device alone, as a modem's.
# doctor says: enp0s1 has no IPv4 address, so there is no subnet to join
# unknown: the gateway
# nat: refused, the host has no IPv4 address, so nobody outside can answer
# bridged: refused, enp0s1 has no IPv4 address, so there is no subnet to join
ip addr flush dev enp0s1
ip -6 addr add fd00:64::3/64 dev enp0s1 nodad
ip route add default dev enp0s1
