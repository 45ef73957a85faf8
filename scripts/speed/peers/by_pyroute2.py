"""A bridge and N namespaces by pyroute2, each cable born in its namespace: up|down N."""

import sys
from ipaddress import IPv4Address
from pathlib import Path

from pyroute2 import IPRoute, NetNS, netns


def up(number: int) -> None:
    """Make the bridge, and each namespace in turn."""
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    with IPRoute() as host:
        host.link("add", ifname="br0", kind="bridge")
        bridge = host.link_lookup(ifname="br0")[0]
        host.addr("add", index=bridge, address="10.64.0.1", prefixlen=20)
        host.link("set", index=bridge, state="up")
        for i in range(1, number + 1):
            netns.create(f"n{i}")
            peer = {"ifname": "veth1", "net_ns_fd": f"n{i}"}
            host.link("add", ifname=f"v{i}", kind="veth", peer=peer)
            port = host.link_lookup(ifname=f"v{i}")[0]
            host.link("set", index=port, master=bridge, state="up")
            inside(f"n{i}", str(IPv4Address("10.64.0.10") + i))


def inside(namespace: str, address: str) -> None:
    """Give a namespace its address and its way out."""
    with NetNS(namespace) as net:
        device = net.link_lookup(ifname="veth1")[0]
        net.addr("add", index=device, address=address, prefixlen=20)
        net.link("set", index=device, state="up")
        net.link("set", index=1, state="up")  # lo
        net.route("add", dst="default", gateway="10.64.0.1")


def down(number: int) -> None:
    """Delete each cable and namespace in turn, and the bridge."""
    with IPRoute() as host:
        for i in range(1, number + 1):
            host.link("del", index=host.link_lookup(ifname=f"v{i}")[0])
            netns.remove(f"n{i}")
        host.link("del", index=host.link_lookup(ifname="br0")[0])


{"up": up, "down": down}[sys.argv[1]](int(sys.argv[2]))
