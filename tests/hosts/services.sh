# Service addresses of a load balancer: local ones on lo, and one of them A's first.
# also: 192.168.64.50
ip addr add 192.168.64.50/32 dev lo
ip addr add 192.168.64.51/32 dev lo scope host
ip route add local 192.168.64.52/31 dev lo
