# A VPN that has a route to the LAN itself, preferred to the LAN's own.
# bridged: refused, the host has another way to 192.168.64.50
# also: 192.168.192.57
tunnel zt0 192.168.192.5/24 192.168.192.57/24
ip route add 192.168.64.0/24 via 192.168.192.57 dev zt0 metric 50
