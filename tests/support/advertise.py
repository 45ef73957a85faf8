"""A router's advertisements, for the tests: ``advertise.py DEVICE PREFIX/64 VALID ROUTER``.

Ten times a second to all nodes: addresses of this prefix are valid, and preferred, for VALID
seconds, and this is a default router for ROUTER seconds (RFC 4861, 4.2).
"""

import socket
import struct
import sys
import time
from ipaddress import IPv6Network

ALL_NODES = "ff02::1"


def advertisement(prefix: IPv6Network, valid: int, router: int) -> bytes:
    """The message; the kernel fills in its checksum."""
    head = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, router, 0, 0)
    on_link_and_autonomous = 0xC0
    lifetimes = (valid, valid, 0)
    words = (3, 4, prefix.prefixlen, on_link_and_autonomous, *lifetimes)
    return head + struct.pack("!BBBBIII", *words) + prefix.network_address.packed


def main(device: str, prefix: str, valid: str, router: str) -> None:
    """Advertise until killed."""
    message = advertisement(IPv6Network(prefix), int(valid), int(router))
    out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    while True:
        out.sendto(message, (ALL_NODES, 0, 0, socket.if_nametoindex(device)))
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
