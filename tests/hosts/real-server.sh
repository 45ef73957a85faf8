# A real server behind a load balancer (LVS): a service address on lo that it tells nobody by ARP.
# unknown: the host's other addresses
sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.lo.arp_ignore=1 net.ipv4.conf.lo.arp_announce=2
ip addr add 192.168.64.30/32 brd 192.168.64.30 dev lo label lo:0
ip route add 192.168.64.30 dev lo
