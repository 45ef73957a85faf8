# What comes in is marked by its device, and let in by its mark.
# bridged: refused, the firewall drops what the LAN sends to the host
# host-only: refused, the firewall drops what 192.168.202.11 sends to the host
# nat: refused, the firewall drops what 10.64.0.11 sends to the host
# doctor says: once it comes in on br0 (iptables' policy for INPUT)
iptables -t mangle -A PREROUTING -i en+ -j MARK --set-xmark 0x10/0x10
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
iptables -A INPUT -m mark --mark 0x10/0x10 -j ACCEPT
iptables -P INPUT DROP
