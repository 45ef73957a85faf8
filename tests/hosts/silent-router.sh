# A static neighbour entry, for a router that answers no ARP.
router=$(lan router ip -br link show lan0 | awk '{print $3}')
ip neigh replace 192.168.64.1 lladdr "$router" dev enp0s1 nud permanent
lan router sysctl -qw net.ipv4.conf.lan0.arp_ignore=8
