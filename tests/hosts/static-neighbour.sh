# A static neighbour entry, for a service address that nobody answers ARP for.
# also: 192.168.64.8
lan neighbour ip addr add 192.168.64.8/32 dev lo
lan neighbour sysctl -qw net.ipv4.conf.eth0.arp_ignore=1
neighbour=$(lan neighbour ip -br link show eth0 | awk '{print $3}')
ip neigh add 192.168.64.8 lladdr "$neighbour" dev enp0s1 nud permanent
