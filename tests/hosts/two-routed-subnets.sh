# Two subnets on the uplink, both known to the router.
# bridged --bridge-address 10.7.0.9/24 --gateway 10.7.0.1 rehearsed: a difference, nobody answers for 10.7.0.1
# bridged --address 10.7.0.9/24: as promised
# bridged --bridge-address 10.7.0.9/24 --gateway 10.7.0.1: as promised
# also: 10.7.0.1
ip addr add 10.7.0.3/24 dev enp0s1
lan router ip addr add 10.7.0.1/24 dev lan0
