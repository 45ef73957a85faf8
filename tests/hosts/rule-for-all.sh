# Policy rules that send everything to the router ahead of the table main, as some VPNs have them.
# bridged: refused, the host has another way to 192.168.64.50
ip route add default via 192.168.64.1 table 100
ip rule add lookup 100 pref 100
ip rule add fwmark 7 lookup main pref 99
