# tailscale: its own chains come first, and what comes from its addresses elsewhere is dropped.
ip link add tailscale0 type veth peer name far0
ip addr add 100.101.102.103/32 dev tailscale0
ip link set tailscale0 up
ip link set far0 up
ip rule add pref 5210 fwmark 0x80000/0xff0000 table main
ip rule add pref 5270 table 52
ip route add 100.64.0.0/10 dev tailscale0 table 52
iptables -N ts-input
iptables -N ts-forward
iptables -I INPUT -j ts-input
iptables -I FORWARD -j ts-forward
iptables -A ts-input -s 100.101.102.103/32 -i lo -j ACCEPT
iptables -A ts-input -s 100.115.92.0/23 ! -i tailscale0 -j RETURN
iptables -A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP
iptables -A ts-input -i tailscale0 -j ACCEPT
iptables -A ts-forward -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000
iptables -A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT
iptables -A ts-forward -s 100.64.0.0/10 -o tailscale0 -j DROP
iptables -A ts-forward -o tailscale0 -j ACCEPT
iptables -t nat -N ts-postrouting
iptables -t nat -A POSTROUTING -j ts-postrouting
iptables -t nat -A ts-postrouting -m mark --mark 0x40000/0xff0000 -j MASQUERADE
