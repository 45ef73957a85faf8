# Static addresses of several subnets, also by IPv6; no route has `src`.
lan router ip addr add fd00:64::1/64 dev lan0 nodad
lan router ip addr add 2001:4860:4860::8888/128 dev lo
lan router sysctl -qw net.ipv6.conf.all.forwarding=1
ip addr flush dev enp0s1
ip addr add 192.168.64.3/24 metric 1024 dev enp0s1
ip addr add 192.168.64.9/24 dev enp0s1 label enp0s1:1
ip addr add 10.77.0.2/16 dev enp0s1
ip addr add 10.10.0.1 peer 10.10.0.2/32 dev enp0s1
ip addr add fd00:64::3/64 dev enp0s1 nodad
ip addr add fd00:65::3/64 dev enp0s1 nodad
ip addr add fd00:64::33/64 dev enp0s1 nodad
ip route add default via 192.168.64.1 metric 1024
ip route add 10.78.0.0/16 via 10.77.0.1
ip route add default via 192.168.64.1 table 100
ip rule add from 192.168.64.9 lookup 100
ip -6 route add default via fd00:64::1 dev enp0s1
ip -6 route add fd98::/64 via fd00:65::1 dev enp0s1 table 100 mtu lock 1400
