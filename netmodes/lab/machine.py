"""The network of a lab: the commands that make the article's machine, its router, a neighbour."""

from collections.abc import Iterator

from netmodes.commands import iproute, sysctl
from netmodes.plan.step import Step

HOST, NEIGHBOUR, LAN, UPLINK = "host", "neighbour", "lan0", "enp0s1"
ROUTER_IP, HOST_IP, NEIGHBOUR_IP = "192.168.64.1", "192.168.64.3", "192.168.64.7"
OUTSIDE_IP, OUTSIDE_NAME, STUB_IP = "8.8.8.8", "outside.example", "127.0.0.53"
MAC = "4a:9e:7e:55:59:ee"


def steps() -> Iterator[Step]:
    """The lab's set-up, run on the router; the machine is the namespace ``host``."""
    yield iproute.add_bridge(LAN)
    for name, port, device in ((HOST, "port1", UPLINK), (NEIGHBOUR, "port2", "eth0")):
        yield iproute.add_namespace(name)
        yield iproute.add_veth(port, device)
        yield iproute.into_namespace(device, name)
        yield iproute.plug_in(port, LAN)
        yield iproute.set_up(port)

    yield iproute.set_up("lo")
    yield iproute.add_address(f"{ROUTER_IP}/24", LAN)
    yield iproute.add_address(f"{OUTSIDE_IP}/32", "lo")
    yield iproute.set_up(LAN)
    yield sysctl.write("net.ipv4.ip_forward", 1, "the router answers for all that is outside")
    yield Step(("ip", "route", "add", "unreachable", "default"), "nothing else is outside")

    yield iproute.set_up("lo", HOST)
    yield Step(
        ("ip", "link", "set", UPLINK, "address", MAC), f"{UPLINK} has the article's MAC", HOST
    )
    yield Step(
        ("ip", "addr", "add", f"{HOST_IP}/24", "metric", "100", "brd", "+", "dev", UPLINK),
        "the address that DHCP gave in the article",
        HOST,
    )
    yield iproute.set_up(UPLINK, HOST)
    default = ("default", "via", ROUTER_IP, "dev", UPLINK, "proto", "dhcp", "src", HOST_IP)
    why = "the default route that DHCP gave in the article"
    yield Step(("ip", "route", "add", *default, "metric", "100"), why, HOST)

    yield iproute.add_address(f"{NEIGHBOUR_IP}/24", "eth0", NEIGHBOUR)
    yield iproute.set_up("eth0", NEIGHBOUR)
    yield iproute.add_default_route(ROUTER_IP, NEIGHBOUR)
