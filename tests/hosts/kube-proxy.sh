# kube-proxy and a bridge of pods: marks are masqueraded, what is invalid is dropped, services are
# translated.
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
ip link add cni0 type bridge
ip addr add 10.244.0.1/24 dev cni0
ip link set cni0 up
iptables -N KUBE-FORWARD
iptables -N KUBE-FIREWALL
iptables -N FLANNEL-FWD
iptables -A INPUT -j KUBE-FIREWALL
iptables -A OUTPUT -j KUBE-FIREWALL
iptables -A FORWARD -j KUBE-FORWARD
iptables -A FORWARD -j FLANNEL-FWD
iptables -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
iptables -A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP 2>/dev/null ||
    iptables -A KUBE-FORWARD -m mark --mark 0x8000/0x8000 -j DROP
iptables -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
iptables -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FLANNEL-FWD -s 10.244.0.0/16 -j ACCEPT
iptables -A FLANNEL-FWD -d 10.244.0.0/16 -j ACCEPT
for chain in KUBE-SERVICES KUBE-POSTROUTING KUBE-MARK-MASQ KUBE-SVC-DNS KUBE-SEP-DNS; do iptables -t nat -N "$chain"; done
iptables -t nat -A PREROUTING -j KUBE-SERVICES
iptables -t nat -A OUTPUT -j KUBE-SERVICES
iptables -t nat -A POSTROUTING -j KUBE-POSTROUTING
iptables -t nat -A KUBE-SERVICES -d 10.96.0.10 -p udp --dport 53 -j KUBE-SVC-DNS
iptables -t nat -A KUBE-SVC-DNS -m statistic --mode random --probability 0.5 -j KUBE-SEP-DNS
iptables -t nat -A KUBE-SEP-DNS -p udp -j DNAT --to-destination 10.244.0.7:53
iptables -t nat -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
iptables -t nat -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
iptables -t nat -A KUBE-POSTROUTING -j MASQUERADE --random-fully
iptables -t nat -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
