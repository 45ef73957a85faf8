# A server's socket and a tunnel that are bound to the NIC.
# bridged says: vxlan7
# bridged says: 0.0.0.0%enp0s1:5353
# bridged: not yet, nothing is said of them
ip link add vxlan7 type vxlan id 7 dev enp0s1 dstport 4789
python3 -c 'import socket, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
    port.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"enp0s1")
    port.bind(("", 5353))
    time.sleep(600)' >/dev/null 2>&1 &
