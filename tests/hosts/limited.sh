# Few pings a second are let in, and a chain of csf's looks at all but the loopback.
iptables -N LOGDROPIN
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT ! -i lo -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A INPUT ! -i lo -p tcp --syn -m hashlimit --hashlimit-above 50/sec --hashlimit-mode srcip --hashlimit-name syn -j LOGDROPIN
iptables -A INPUT ! -i lo -p tcp -m conntrack --ctstate NEW -j ACCEPT
iptables -A INPUT ! -i lo -p icmp --icmp-type 8 -m limit --limit 5/sec -j ACCEPT
iptables -A INPUT ! -i lo -j LOGDROPIN
iptables -A LOGDROPIN -j DROP
