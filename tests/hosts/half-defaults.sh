# openvpn's two half defaults, and a host route to its server.
# bridged: refused, the host leads outside by tun0
# bridged --gateway 192.168.64.1: as promised
# also: 10.8.0.1
# doctor says: the host leads outside by tun0
tunnel tun0 10.8.0.2/24 10.8.0.1/24
ip route add 192.168.64.20 via 192.168.64.1
ip route add 0.0.0.0/1 via 10.8.0.1
ip route add 128.0.0.0/1 via 10.8.0.1
