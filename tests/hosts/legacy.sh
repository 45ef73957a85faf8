# iptables-legacy alone: what comes in and what is forwarded is dropped but for what is named.
# bridged: refused, iptables-legacy's policy for FORWARD
# nat: refused, iptables-legacy's policy for FORWARD
# doctor says: the firewall drops what br0 passes on (iptables-legacy's policy for FORWARD)
iptables-legacy -A INPUT -i lo -j ACCEPT
iptables-legacy -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-legacy -A INPUT -p icmp -j ACCEPT
iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT
iptables-legacy -P INPUT DROP
iptables-legacy -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-legacy -P FORWARD DROP
