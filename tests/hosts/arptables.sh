# ARP is taken from the uplink alone.
# bridged: refused, the policy of nft's chain arp filter INPUT
# host-only: refused, the policy of nft's chain arp filter INPUT
# nat: refused, the policy of nft's chain arp filter INPUT
# doctor says: once it comes in on br0 (the policy of nft's chain arp filter INPUT)
arptables -A INPUT -i enp0s1 -j ACCEPT
arptables -A INPUT -i lo -j ACCEPT
arptables -P INPUT DROP
