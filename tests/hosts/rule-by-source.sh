# A policy rule sends what comes from the host's address to the router, even to its own subnet.
# nat: not yet, the host's answers to A from this address go to the router, as they are told
# nat rehearsed: a difference, there is no way from namespace to the host's other addresses
ip route add default via 192.168.64.1 table 100
ip rule add from 192.168.64.3 table 100
