"""The article's bridged mode (Bridged 모드)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from netmodes import addressing, iproute, names
from netmodes.errors import Refused
from netmodes.facts import Facts
from netmodes.modes.base import Mode, parameter
from netmodes.step import Check, Step
from netmodes.uplink import check_uplink, unchanged


@dataclass(frozen=True)
class Bridged(Mode):
    """The namespace joins the LAN of the host's NIC and reaches the internet.

    host                                           namespace A
    ┌─────────────────────────────────────────┐    ┌────────────────────┐
    │ br0                  ┌─ veth0           ├────┤ veth1              │
    │ 192.168.64.100/24  ──┤                  │    │ 192.168.64.50/24   │
    │                      └─ enp0s1          ├──┐ └────────────────────┘
    └─────────────────────────────────────────┘  └─ the LAN
    """

    mode: ClassVar[str] = "bridged"
    verbatim_note: ClassVar[str] = (
        "the host's address stays on the enslaved NIC: once its ARP entry for the gateway expires, "
        "host and namespace lose the outside"
    )

    uplink: str = parameter("", "the host's NIC that leads outside", required=True)
    bridge: str = parameter("", "the bridge", "br0")
    bridge_address: str = parameter(
        "", "its address", ".100 of the uplink's subnet", metavar="CIDR"
    )
    address: str = parameter(
        "", "the namespace's address", ".50 of the uplink's subnet", metavar="CIDR"
    )
    gateway: str = parameter("", "the namespace's gateway", "the bridge", metavar="IP")
    host_device: str = parameter("", "the host's end of the cable", "veth0")
    device: str = parameter("", "the namespace's end", "veth1")

    def check(self) -> None:
        if not self.uplink:
            raise Refused("bridged needs an uplink, the host's NIC that leads outside: name one")
        names.check_device(self.uplink)
        names.check_bridge(self.bridge, self.host_device, self.device)
        names.check_pair(self.host_device, self.device)
        addressing.check_pair(self.bridge_address, self.address)
        addressing.check_gateway(self.gateway, self.address)

    def settle(self, facts: Facts) -> Bridged:
        check_uplink(self.uplink, facts)
        host_device, device = names.free_pair(self.host_device, self.device, facts)
        bridge_address = addressing.lan_address(
            self.bridge_address, 100, self.uplink, facts, self.address
        )
        address = addressing.lan_address(self.address, 50, self.uplink, facts, bridge_address)
        return replace(
            self,
            bridge=names.free_device(self.bridge, "br0", facts),
            bridge_address=bridge_address,
            address=address,
            gateway=self.gateway or addressing.bare(bridge_address),
            host_device=host_device,
            device=device,
        )

    def checks(self, facts: Facts) -> Iterator[Check]:
        yield iproute.no_namespace(self.namespace)
        for device in (self.bridge, self.host_device, self.device):
            yield iproute.no_device(device)
        yield from unchanged(self.uplink, facts)
        for address in (self.bridge_address, self.address):
            yield from iproute.nobody_has(addressing.bare(address), self.uplink)

    def steps(self) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)
        yield iproute.sysctl("net.ipv4.ip_forward", 1, "the host passes on what is not for it")

        yield iproute.add_bridge(self.bridge)
        yield iproute.add_address(self.bridge_address, self.bridge)
        yield iproute.set_up(self.bridge)

        yield iproute.plug_in_uplink(self.uplink, self.bridge)
        yield iproute.set_up_again(self.uplink)

        yield iproute.add_veth(self.host_device, self.device)
        yield iproute.move(self.device, self.namespace)
        yield iproute.plug_in(self.host_device, self.bridge)
        yield iproute.set_up(self.host_device)

        yield iproute.add_address(self.address, self.device, self.namespace)
        yield iproute.set_up(self.device, self.namespace)
        yield iproute.set_up("lo", self.namespace)
        yield iproute.add_default_route(self.gateway, self.namespace)
