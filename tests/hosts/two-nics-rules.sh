# Two NICs in one subnet, each with a table and a rule for its own address, as cloud images make them.
ip addr flush dev enp0s1
ip link add enp0s2 type veth peer name port3
ip link set port3 netns /run/lan/router
lan router ip link set port3 master lan0 up
ip link set enp0s2 up
ip addr add 192.168.64.3/24 metric 512 brd + dev enp0s1
ip addr add 192.168.64.4/24 metric 522 brd + dev enp0s2
ip route add default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 512
ip route add default via 192.168.64.1 dev enp0s2 proto dhcp src 192.168.64.4 metric 522
for n in 1 2; do
    ip route add default via 192.168.64.1 dev enp0s$n proto static table 1010$n
    ip route add 192.168.64.0/24 dev enp0s$n proto static scope link table 1010$n
    ip rule add from 192.168.64.$((n+2)) lookup 1010$n pref 1010$n
done
