# A company's VPN that has every private subnet.
# also: 10.9.0.1
# doctor says: which isolated takes first, overlaps the host's route to 192.168.0.0/16
# doctor says: which host-only takes first, overlaps the host's route to 192.168.0.0/16
# doctor says: which nat takes first, overlaps the host's route to 10.0.0.0/8
ip netns add vpn
ip link add tun0 type veth peer name eth0 netns vpn
ip addr add 10.9.0.2/24 dev tun0
ip link set tun0 up
ip -n vpn addr add 10.9.0.1/24 dev eth0
ip -n vpn link set eth0 up
ip -n vpn route add default via 10.9.0.2
for subnet in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do
    ip route add "$subnet" via 10.9.0.1
done
