# A route whose MTU is locked, which `ip -j` does not print.
ip route add 10.20.0.0/16 via 192.168.64.1 mtu lock 1400
