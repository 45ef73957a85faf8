# libvirt: a bridge that has no port yet, and chains that refuse what is not its own.
ip link add virbr0 type bridge
ip addr add 192.168.122.1/24 dev virbr0
ip link set virbr0 up
sysctl -qw net.ipv4.ip_forward=1
iptables -N LIBVIRT_FWO; iptables -N LIBVIRT_FWI; iptables -N LIBVIRT_FWX
iptables -A FORWARD -j LIBVIRT_FWX; iptables -A FORWARD -j LIBVIRT_FWI; iptables -A FORWARD -j LIBVIRT_FWO
iptables -A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT
iptables -A LIBVIRT_FWO -i virbr0 -j REJECT
iptables -A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A LIBVIRT_FWI -o virbr0 -j REJECT
iptables -A LIBVIRT_FWX -i virbr0 -o virbr0 -j ACCEPT
iptables -t nat -A POSTROUTING -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE
