# Hardened settings, as the usual guides have them.
sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1 net.ipv4.conf.enp0s1.rp_filter=1
sysctl -qw net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.all.send_redirects=0
sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
sysctl -qw net.ipv4.conf.all.log_martians=1
