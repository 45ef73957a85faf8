# VRRP with a MAC of its own: a macvlan of the NIC has the service address.
# bridged: refused, enp0s1 carries vrrp.51 and cannot be bridged
# doctor says: enp0s1 carries vrrp.51 and cannot be bridged
ip link add vrrp.51 link enp0s1 type macvlan mode private
ip link set vrrp.51 address 00:00:5e:00:01:33
ip link set vrrp.51 up
ip addr add 192.168.64.9/32 dev vrrp.51
sysctl -qw net.ipv4.conf.enp0s1.arp_ignore=1 net.ipv4.conf.enp0s1.arp_filter=1
sysctl -qw net.ipv4.conf.vrrp/51.accept_local=1 net.ipv4.conf.vrrp/51.rp_filter=0
