# ufw: only SSH and pings come in, and what is forwarded is dropped but for pings.
# doctor says: iptables drops what is forwarded, but what its rules accept
for chain in INPUT OUTPUT FORWARD; do
    low=${chain,,}
    for part in before user after; do iptables -N "ufw-$part-$low"; done
done
iptables -A ufw-before-input -i lo -j ACCEPT
iptables -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A ufw-before-input -m conntrack --ctstate INVALID -j DROP
iptables -A ufw-before-input -p icmp --icmp-type echo-request -j ACCEPT
iptables -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A ufw-before-forward -p icmp --icmp-type echo-request -j ACCEPT
iptables -A ufw-before-output -o lo -j ACCEPT
iptables -A ufw-user-input -p tcp --dport 22 -j ACCEPT
iptables -A ufw-after-input -p udp --dport 137 -j RETURN
iptables -A ufw-after-input -m limit --limit 3/min -j LOG --log-prefix '[UFW BLOCK] '
for chain in INPUT OUTPUT FORWARD; do
    for part in before user after; do iptables -A "$chain" -j "ufw-$part-${chain,,}"; done
done
iptables -P INPUT DROP
iptables -P FORWARD DROP
