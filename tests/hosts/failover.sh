# A service address that fails over to another machine while the network is up (VRRP).
# meanwhile: ip addr del 192.168.64.9/32 dev $UPLINK
ip addr add 192.168.64.9/32 dev enp0s1
