"""The other reading of the article's bridged mode: out through the host, by NAT."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface
from typing import Any, ClassVar

from netmodes.commands import addresses, devices, forwarding, iproute, nat, publish
from netmodes.commands import dns as resolver
from netmodes.diagnose import doctor
from netmodes.errors import Refused
from netmodes.firewall import objections as firewall
from netmodes.firewall.verdict import Packet
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode, parameter, refuse_interrupted, refuse_others
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Cell
from netmodes.plan.step import Check, Step, step_from

DEFAULT = ("10.64.0.1/24", "10.64.0.11/24")

#: Where a VPN has all of 10.0.0.0/8, and where one has that and all of 172.16.0.0/12.
ASIDE = (("172.30.0.1/24", "172.30.0.11/24"), ("192.168.230.1/24", "192.168.230.11/24"))


@dataclass(frozen=True)
class Nat(Mode):
    """The namespace reaches the internet by the host's address, unseen by the LAN.

    host                                           namespace A
    ┌─────────────────────────────────────────┐    ┌────────────────────┐
    │ nat0                 ┌─ veth0           ├────┤ veth1              │
    │ 10.64.0.1/24       ──┘                  │    │ 10.64.0.11/24      │
    │  └─ NAT ─ the NIC of the default route  ├──┐ └────────────────────┘
    └─────────────────────────────────────────┘  └─ the LAN
    """

    mode: ClassVar[str] = "nat"
    verbatim_note: ClassVar[str] = "names may not resolve, and a firewall may drop what it forwards"
    thorough: ClassVar[bool] = True
    insists: ClassVar[str] = "where a firewall drops"

    reach: ClassVar[tuple[Cell, ...]] = (
        Cell("namespace", "itself", True),
        Cell("host", "namespace", True),
        Cell("namespace", "the bridge", True),
        Cell("namespace", "the host's other addresses", True),
        Cell("namespace", "the gateway", True),
        Cell("namespace", "outside", True),
        Cell("namespace", "a name", True),
        Cell("neighbour", "namespace", True),
        Cell("outside", "namespace", False),
    )

    bridge: str = parameter("", "the bridge", "nat0")
    bridge_address: str = parameter("", "its address", DEFAULT[0], metavar="CIDR")
    address: str = parameter("", "the namespace's address", DEFAULT[1], metavar="CIDR")
    host_device: str = parameter("", "the host's end of the cable", "veth0")
    device: str = parameter("", "the namespace's end", "veth1")
    dns: str = parameter("auto", resolver.MEANING, metavar="auto|none|IP", multiple=True)
    publish: str = parameter(
        "", "a port of the host, passed on", metavar="HOST:PORT[/udp]", multiple=True
    )

    @property
    def parameters(self) -> dict[str, str]:
        return {**super().parameters, "publish": publish.normal(self.publish)}

    def validate(self) -> None:
        devices.check_bridge(self.bridge, self.host_device, self.device)
        devices.check_pair(self.host_device, self.device)
        addresses.check_pair(self.bridge_address, self.address)
        publish.check(self.publish, self.namespace)
        resolver.validate(self.dns)

    def settle(self, facts: Facts) -> Nat:
        publish.refuse_published(self.publish, facts)
        there = next(iter(facts.on_bridge(self.bridge, self.mode)), None)
        mode = self._joining(there, facts) if there else self._bridging(facts)
        host_device, device = devices.free_pair(self.host_device, self.device, facts)
        return replace(mode, host_device=host_device, device=device)

    def _bridging(self, facts: Facts) -> Nat:
        """With a bridge and a subnet of its own."""
        near, far = self._subnet(self.bridge_address, self.address, facts)
        bridge = devices.free_device(self.bridge, "nat0", facts)
        return replace(self, bridge=bridge, bridge_address=near, address=far)

    @staticmethod
    def _subnet(near: str, far: str, facts: Facts) -> tuple[str, str]:
        """The bridge's and the namespace's address, in a subnet of their own."""
        return addresses.own_pair(near, far, facts, DEFAULT, *ASIDE)

    def _joining(self, there: dict[str, Any], facts: Facts) -> Nat:
        """With the bridge of another network of this mode."""
        refuse_interrupted(there)
        refuse_others(self, there, "bridge_address")
        bridge, near = (there["parameters"][name] for name in ("bridge", "bridge_address"))
        far = addresses.lan_address(self.address, 11, bridge, facts, near)
        return replace(self, bridge=bridge, bridge_address=near, address=far)

    def _sent(self, facts: Facts) -> tuple[Packet, Packet]:
        """What goes from the namespace outside, and the answer."""
        out = next((route["dev"] for route in facts.default_routes() if "dev" in route), "")
        return firewall.packets(self.bridge, out, addresses.bare(self.address))

    def objections(self, facts: Facts) -> Iterator[str]:
        if not facts.on_bridge(self.bridge, self.mode):
            yield from firewall.objections(self._sent(facts), facts)

    def notices(self, facts: Facts) -> Iterator[Finding]:
        if self._moved_aside(facts):
            yield from doctor.of_subnet(self.mode, DEFAULT[0], facts)
        yield from firewall.rejecting(self._sent(facts), facts)
        yield from resolver.notices(self.namespace, self.dns, facts)
        yield from super().notices(facts)

    def _moved_aside(self, facts: Facts) -> bool:
        """Whether the subnet is what netmodes itself takes where the first is not free."""
        if self.bridge_address == DEFAULT[0] or facts.on_bridge(self.bridge, self.mode):
            return False
        with suppress(Refused):
            return self._subnet("", "", facts) == (self.bridge_address, self.address)
        return False

    def inherited(self, facts: Facts) -> Iterator[Step]:
        there = facts.on_bridge(self.bridge, self.mode)
        shared = {step["share"]: step for network in there for step in network["shared"]}
        forwards = facts.shared(iproute.FORWARDING)
        yield from map(step_from, shared.values() if there else forwards)

    def checks(self, facts: Facts) -> Iterator[Check]:
        joins = bool(facts.on_bridge(self.bridge, self.mode))
        yield iproute.no_namespace(self.namespace)
        for device in (self.host_device, self.device, *([] if joins else [self.bridge])):
            yield iproute.no_device(device)
        if joins:
            yield from iproute.is_bridge(self.bridge, self.bridge_address)
        else:
            yield from forwarding.checks(facts)
            yield from iproute.no_overlap(self.bridge_address)
        yield from publish.checks(self.publish)
        yield from resolver.checks(resolver.give(self.namespace, self.dns, facts))

    def steps(self, facts: Facts) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)

        if not facts.on_bridge(self.bridge, self.mode):
            yield from forwarding.begin(facts)

            yield iproute.add_bridge(self.bridge)
            yield iproute.add_address(self.bridge_address, self.bridge)
            yield iproute.set_up(self.bridge)

            through = nat.through(self.bridge)
            yield from firewall.accept(self._sent(facts), facts, *through)
            yield from firewall.leave_to_docker(self._sent(facts), facts)
            yield from nat.steps(self.bridge, self.bridge_address, facts)

        yield iproute.add_veth(self.host_device, self.device)
        yield iproute.move(self.device, self.namespace)
        yield iproute.plug_in(self.host_device, self.bridge)
        if self.publish:
            yield iproute.reflect(self.host_device)
        yield iproute.set_up(self.host_device)

        yield iproute.add_address(self.address, self.device, self.namespace)
        yield iproute.set_up(self.device, self.namespace)
        yield iproute.set_up("lo", self.namespace)
        gateway = addresses.bare(self.bridge_address)
        yield iproute.add_default_route(gateway, self.namespace)
        yield from resolver.give(self.namespace, self.dns, facts)

        subnet = str(IPv4Interface(self.bridge_address).network)
        yield from publish.steps(
            self.namespace, self.bridge, subnet, self.address, self.publish, facts
        )
