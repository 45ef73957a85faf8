# A default route whose gateway is an IPv6 address (RFC 5549).
# bridged rehearsed: a difference, which cannot move to a bridge
# bridged: not yet, a route by an IPv6 gateway cannot move
# unknown: the gateway
# doctor says: the route to default has via
router=$(lan router ip -6 -br addr show lan0 | awk '{sub("/.*", "", $3); print $3}')
ip route replace default src 192.168.64.3 via inet6 "$router" dev enp0s1 metric 100
