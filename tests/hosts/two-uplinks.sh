# Two NICs with a gateway each; the other one is preferred.
# bridged: refused, the host leads outside by enp0s2
# bridged --gateway 192.168.64.1: as promised
second_nic
ip route add default via 10.7.0.1 metric 50
