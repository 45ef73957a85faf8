# A policy rule sends what comes from the host's address to the router, even to its own subnet.
ip route add default via 192.168.64.1 table 100
ip rule add from 192.168.64.3 table 100
