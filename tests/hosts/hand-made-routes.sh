# Routes that make the host answer for whole subnets, and others that are not unicast.
ip route add local 10.9.0.0/24 dev enp0s1
ip route add broadcast 10.8.0.255 dev enp0s1
ip route add multicast 239.1.0.0/16 dev enp0s1
ip -6 route add local fd00:99::/64 dev enp0s1
ip neigh add proxy 192.168.64.61 dev enp0s1 proto static router
ip neigh add 192.168.64.70 lladdr 02:00:00:00:00:01 dev enp0s1
ip -6 neigh add fd00:64::70 lladdr 02:00:00:00:00:01 dev enp0s1
