# A proxied and a static neighbour that the admin deletes while the network is up.
# meanwhile: ip neigh del proxy 192.168.64.60 dev $UPLINK; ip neigh del 192.168.64.77 dev $UPLINK
ip neigh add proxy 192.168.64.60 dev enp0s1
ip neigh add proxy 192.168.64.61 dev enp0s1
ip neigh add 192.168.64.77 lladdr 02:00:00:00:00:77 dev enp0s1
ip neigh add 192.168.64.78 lladdr 02:00:00:00:00:78 dev enp0s1
