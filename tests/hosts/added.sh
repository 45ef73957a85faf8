# Addresses, routes and neighbours that somebody adds, and changes, while the network is up.
# meanwhile: ip addr add 192.168.64.200/24 dev $UPLINK
# meanwhile: ip addr add 10.3.0.1 peer 10.3.0.2/32 dev $UPLINK
# meanwhile: ip route add 10.4.0.0/16 via 192.168.64.1 dev $UPLINK metric 7 proto static
# meanwhile: ip route add 10.5.0.0/16 via 192.168.64.1 dev $UPLINK table 100
# meanwhile: ip route replace default via 192.168.64.7 dev $UPLINK proto dhcp src 192.168.64.3 metric 100
# meanwhile: ip -6 route add fd00:a::/48 via fe80::1 dev $UPLINK
# meanwhile: ip -6 route add default dev $UPLINK metric 77
# meanwhile: ip neigh add 192.168.64.88 lladdr 02:00:00:00:88:88 dev $UPLINK protocol static
# meanwhile: ip neigh add proxy 192.168.64.66 dev $UPLINK
# meanwhile: ip neigh add fd00::9 lladdr 02:00:00:00:88:89 dev $UPLINK nud permanent router
