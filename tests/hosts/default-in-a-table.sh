# The default route is in a table of its own, which is asked after the main one.
# unknown: the gateway
ip route del default
ip route add default via 192.168.64.1 table 50
ip rule add lookup 50 pref 40000
ip rule add pref 1000 lookup local
ip rule del pref 0
