# A route whose MTU is locked, which `ip -j` does not print.
# bridged: not yet, the lock is gone
ip route add 10.20.0.0/16 via 192.168.64.1 mtu lock 1400
