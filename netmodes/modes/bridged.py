"""The article's bridged mode (Bridged 모드)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from netmodes.commands import addresses, devices, forwarding, handover, iproute
from netmodes.commands import dns as resolver
from netmodes.commands.uplink import burdens, check_uplink, unchanged
from netmodes.errors import Refused
from netmodes.firewall import objections as firewall
from netmodes.firewall.verdict import Packet
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode, parameter, refuse_interrupted, refuse_others
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Cell
from netmodes.plan.step import Check, Step, step_from


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
    reach: ClassVar[tuple[Cell, ...]] = (
        Cell("namespace", "itself", True),
        Cell("host", "namespace", True),
        Cell("host", "the gateway", True),
        Cell("namespace", "the bridge", True),
        Cell("namespace", "the host's other addresses", True),
        Cell("namespace", "the gateway", True),
        Cell("namespace", "outside", True),
        Cell("namespace", "a name", True),
        Cell("neighbour", "namespace", True),
        Cell("outside", "namespace", True),
    )

    thorough: ClassVar[bool] = True
    insists: ClassVar[str] = "where a firewall drops, or names the uplink"

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
    dns: str = parameter("auto", resolver.MEANING, metavar="auto|none|IP", multiple=True)

    def validate(self) -> None:
        if not self.uplink:
            raise Refused("bridged needs an uplink, the host's NIC that leads outside: name one")
        devices.check_device(self.uplink)
        devices.check_bridge(self.bridge, self.host_device, self.device)
        devices.check_pair(self.host_device, self.device)
        addresses.check_pair(self.bridge_address, self.address)
        addresses.check_gateway(self.gateway, self.address)
        resolver.validate(self.dns)

    def settle(self, facts: Facts) -> Bridged:
        there = facts.bridged(self.uplink)
        if there is None:
            check_uplink(self.uplink, facts)
            handover.check_movable(self.uplink, facts)
        mode = self._joining(there, facts) if there else self._bridging(facts)
        host_device, device = devices.free_pair(self.host_device, self.device, facts)
        return replace(
            mode,
            gateway=self.gateway or addresses.bare(mode.bridge_address),
            host_device=host_device,
            device=device,
        )

    def _bridging(self, facts: Facts) -> Bridged:
        """With a bridge of its own, in the uplink's subnet."""
        bridge_address = addresses.lan_address(
            self.bridge_address, 100, self.uplink, facts, self.address
        )
        return replace(
            self,
            bridge=devices.free_device(self.bridge, "br0", facts),
            bridge_address=bridge_address,
            address=addresses.lan_address(self.address, 50, self.uplink, facts, bridge_address),
        )

    def _joining(self, there: dict[str, Any], facts: Facts) -> Bridged:
        """With the bridge that a network of ours has put on the uplink."""
        refuse_interrupted(there)
        refuse_others(self, there, "bridge", "bridge_address")
        bridge = there["parameters"]["bridge"]
        return replace(
            self,
            bridge=bridge,
            bridge_address=there["parameters"]["bridge_address"],
            address=addresses.lan_address(
                self.address, 50, bridge, facts, there["parameters"]["bridge_address"]
            ),
        )

    @property
    def _sent(self) -> tuple[Packet, Packet]:
        """What goes from the namespace by the host to its gateway, and the answer."""
        return firewall.packets(self.bridge, self.bridge, addresses.bare(self.address))

    def objections(self, facts: Facts) -> Iterator[str]:
        if facts.bridged(self.uplink) is None:
            yield from map(str, firewall.naming(self.uplink, self.bridge, facts))
            yield from firewall.objections(self._sent, facts)

    def notices(self, facts: Facts) -> Iterator[Finding]:
        if facts.bridged(self.uplink) is None:
            yield from burdens(self.uplink, facts)
        yield from firewall.rejecting(self._sent, facts)
        yield from resolver.notices(self.namespace, self.dns, facts)
        yield from super().notices(facts)

    def inherited(self, facts: Facts) -> Iterator[Step]:
        there = facts.bridged(self.uplink)
        forwards = facts.shared(iproute.FORWARDING)
        yield from map(step_from, there["shared"] if there else forwards)

    def checks(self, facts: Facts) -> Iterator[Check]:
        joins = facts.bridged(self.uplink) is not None
        yield iproute.no_namespace(self.namespace)
        for device in (self.host_device, self.device, *([] if joins else [self.bridge])):
            yield iproute.no_device(device)
        if joins:
            yield from iproute.is_bridge(self.bridge, self.bridge_address)
            yield iproute.is_port(self.uplink, self.bridge)
        else:
            yield from forwarding.checks(facts)
            yield from unchanged(self.uplink, facts)
            yield from iproute.nobody_has(addresses.bare(self.bridge_address), self.uplink)
        yield from resolver.checks(resolver.give(self.namespace, self.dns, facts))
        lan = self.bridge if joins else self.uplink
        yield from iproute.nobody_has(addresses.bare(self.address), lan)

    def steps(self, facts: Facts) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)

        if facts.bridged(self.uplink) is None:
            yield from forwarding.begin(facts)

            yield iproute.add_bridge(self.bridge)
            yield from handover.prepare(self.uplink, self.bridge, facts)
            yield iproute.add_address(self.bridge_address, self.bridge)
            yield iproute.set_up(self.bridge)

            yield iproute.plug_in_uplink(self.uplink, self.bridge)
            yield iproute.set_up_again(self.uplink)
            yield from handover.move(self.uplink, self.bridge, self.bridge_address, facts)
            within = ("-i", self.bridge, "-o", self.bridge)
            yield from firewall.accept(self._sent, facts, within)

        yield iproute.add_veth(self.host_device, self.device)
        yield from handover.same_mtu(self.uplink, self.host_device, facts)
        yield from handover.same_mtu(self.uplink, self.device, facts)
        yield iproute.move(self.device, self.namespace)
        yield iproute.plug_in(self.host_device, self.bridge)
        yield iproute.set_up(self.host_device)

        yield iproute.add_address(self.address, self.device, self.namespace)
        yield iproute.set_up(self.device, self.namespace)
        yield iproute.set_up("lo", self.namespace)
        yield iproute.add_default_route(self.gateway, self.namespace)
        yield from resolver.give(self.namespace, self.dns, facts)
