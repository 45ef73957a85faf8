# A default route whose gateway is an IPv6 address (RFC 5549).
# bridged: refused, the route to default has via
# unknown: the gateway
# doctor says: the route to default has via
router=$(lan router ip -6 -br addr show lan0 | awk '{sub("/.*", "", $3); print $3}')
ip route replace default src 192.168.64.3 via inet6 "$router" dev enp0s1 metric 100
