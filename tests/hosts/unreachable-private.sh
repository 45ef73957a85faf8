# Private subnets are unreachable but for those that are known, as on a border router.
# doctor says: which isolated takes first, overlaps the host's route to 192.168.0.0/16
# doctor says: which host-only takes first, overlaps the host's route to 192.168.0.0/16
# doctor says: which nat takes first, overlaps the host's route to 10.0.0.0/8
for subnet in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do
    ip route add unreachable "$subnet" metric 999
done
