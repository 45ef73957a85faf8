"""What the rules of iptables and nft do with a packet."""
