# A server's socket and a tunnel that are bound to the NIC.
# bridged says: tunnels bound to enp0s1 lead nowhere while it is a port: vxlan7 (vxlan)
# bridged says: while it is a port: python3 (udp 0.0.0.0%enp0s1:5353)
# doctor says: tunnels bound to enp0s1
# doctor says: programs bound to enp0s1
ip link add vxlan7 type vxlan id 7 dev enp0s1 dstport 4789
python3 -c 'import socket, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
    port.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"enp0s1")
    port.bind(("", 5353))
    time.sleep(600)' >/dev/null 2>&1 &
until ss -Huan dev = enp0s1 | grep -q 5353; do sleep 0.02; done
