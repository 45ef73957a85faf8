"""The article's bridged mode (Bridged 모드)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netmodes.commands import (
    addresses,
    devices,
    dns,
    forwarding,
    handover,
    iproute,
    lan,
    netfilter,
    requirements,
    uplink,
)
from netmodes.machine.facts import Facts
from netmodes.modes.description import Nets
from netmodes.modes.on_bridge import OnBridge
from netmodes.modes.option import option
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network, Topology
from netmodes.plan.promise import Promise
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.verdict import Flow, Verdict

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class Bridged(OnBridge):
    """The namespace joins the LAN of the host's NIC and reaches the internet."""

    mode = "bridged"
    verbatim_note = (
        "the host's address stays on the enslaved NIC: once its ARP entry for the gateway expires, "
        "host and namespace lose the outside"
    )
    confirms = "uplink"
    objects = "even if packets get lost, a rule names the uplink, or SSH needs it"
    article = Topology(
        device="veth1",
        address="192.168.64.50/24",
        host_device="veth0",
        host_address="192.168.64.100/24",
        bridge="br0",
        uplink="enp0s1",
        gateway="192.168.64.100",
    )
    picture = """\
host                                           namespace {namespace}
┌─────────────────────────────────────────┐    ┌────────────────────┐
│ {bridge:18}   ┌─ {host_device:15} ├────┤ {device:18} │
│ {host_address:18} ──┤                  │    │ {address:18} │
│                      └─ {uplink:15} ├──┐ └────────────────────┘
└─────────────────────────────────────────┘  └─ the LAN
"""
    promises = (
        Promise("namespace", "itself", True),
        Promise("host", "namespace", True),
        Promise("host", "the gateway", True),
        Promise("namespace", "the bridge", True),
        Promise("namespace", "the host's other addresses", True),
        Promise("namespace", "the gateway", True),
        Promise("namespace", "outside", True),
        Promise("namespace", "a name", True),
        Promise("neighbour", "namespace", True),
        Promise("outside", "namespace", True),
    )

    uplink: str = option(
        "",
        "the host's NIC that leads outside",
        ", unless its bridge is up",
        required=True,
        completes="uplink",
        suggest=uplink.suggestion,
    )
    bridge: str = option("", "the bridge")
    bridge_address: str = option("", "its address", ".100 of the uplink's subnet", metavar="CIDR")
    address: str = option(
        "", "the namespace's address", ".50 of the uplink's subnet", metavar="CIDR"
    )
    gateway: str = option("", "the namespace's gateway", "the bridge", metavar="IP")
    host_device: str = option("", "the host's end of the cable")
    device: str = option("", "the namespace's end")
    dns: str = option("auto", dns.MEANING, metavar="auto|none|IP", multiple=True)
    attach: str = option("", "a process: its namespace, not a new one", metavar="PID")

    def validate(self) -> None:
        devices.validate_name(self.uplink)
        super().validate()
        addresses.validate_gateway(self.gateway, self.address)

    def on(self, facts: Facts) -> Self:
        return replace(super().on(facts), uplink=uplink.named(self.uplink, self.bridge, facts))

    def joined(self, facts: Facts) -> Network | None:
        return facts.bridged(self.uplink)

    def topology(self, facts: Facts) -> Topology:
        net = super().topology(facts)
        return replace(net, uplink=self.uplink, gateway=self.gateway or net.gateway)

    def own_bridge(self, facts: Facts) -> tuple[str, str, str]:
        uplink.validate_uplink(self.uplink, facts)
        hundred, fifty = map(addresses.number, (self.article.host_address, self.article.address))
        near = lan.address(self.bridge_address, hundred, self.uplink, facts, self.address)
        bridge = devices.free_device(self.bridge, self.article.bridge, facts)
        return bridge, near, lan.address(self.address, fifty, self.uplink, facts, near)

    def flow(self, net: Topology, facts: Facts) -> Flow:
        to, host = tuple(dns.servers(self.dns, facts)), self.on_host(net, facts)
        return Flow(
            addresses.bare(net.address), net.bridge, net.bridge, net.uplink, to=to, host=host
        )

    def objections(self, net: Topology, facts: Facts) -> Iterator[Finding]:
        return lan.other_way(net, facts)

    def risks(self, net: Topology, facts: Facts) -> Iterator[Finding]:
        if not net.joins:
            yield from uplink.ssh_session(net.uplink, facts)

    def notices(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Finding]:
        if not net.joins:
            yield from uplink.uplink_warnings(net.uplink, facts)
            yield from lan.several(net, facts)
            yield from self.objections(net, facts)
        yield from verdict.warnings
        yield from dns.give_notices(self.resolving, self.dns, facts)
        yield from super().notices(net, facts, verdict)

    def on_machine(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield from super().on_machine(net, facts)
        if net.joins:
            yield from requirements.is_port(net.uplink, net.bridge)
        else:
            yield from requirements.uplink_unchanged(net.uplink, facts)
        yield from dns.requirements(dns.give(self.resolving, self.dns, facts))

    def of_addresses(self, nets: Nets, facts: Facts) -> Iterator[Requirement]:
        net, device = nets[0], self.leads(nets[0])
        yield from requirements.not_elsewhere(net.address, device, facts)
        wanted = [*([] if net.joins else [net.host_address]), *(one.address for one in nets)]
        yield from requirements.nobody_has([*map(addresses.bare, wanted)], device, facts)

    def ways(self, net: Topology, facts: Facts) -> list[str]:
        return [] if self.gateway else [net.gateway, *lan.routers(net, facts)]

    def shared_steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        if not net.joins:
            yield from forwarding.switch_on(facts)

            yield iproute.add_bridge(net.bridge)
            yield from forwarding.through(net.bridge, facts)
            yield from handover.prepare(net.uplink, net.bridge, facts)
            yield iproute.add_address(net.host_address, net.bridge)
            yield iproute.set_up(net.bridge)

            yield iproute.plug_in_uplink(net.uplink, net.bridge)
            yield iproute.set_up_again(net.uplink)
            yield from handover.move(net.uplink, net.bridge, net.host_address, facts)
            yield from netfilter.accept(verdict, net.bridge, ("-i", net.bridge, "-o", net.bridge))

    def inside(self, net: Topology, name: str, facts: Facts) -> Iterator[Step]:
        yield iproute.add_address(net.address, net.device, name)
        yield iproute.set_up(net.device, name)
        device = self.leads(net)
        yield from handover.same_neighbours(net.address, device, name, net.device, facts)
        yield self.set_lo_up(name)
        yield iproute.add_default_route(net.gateway, name)
        if not self.gateway:
            yield from lan.past_host(net, name, facts)

    def mtu(self, net: Topology, facts: Facts) -> int | None:
        return handover.other_mtu(net.uplink, facts)

    def reach(self, nets: Nets, facts: Facts) -> Iterator[Step]:
        wanted = [net.address for net in nets]
        yield from handover.reach_all(wanted, self.leads(nets[0]), nets[0].bridge, facts)

    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield from self.namespaced(facts)

        yield from self.shared_steps(net, facts, verdict)

        yield iproute.add_veth(net.host_device, net.device)
        yield from handover.same_mtu(net.uplink, net.host_device, facts)
        yield from handover.same_mtu(net.uplink, net.device, facts)
        yield iproute.into_namespace(net.device, self.name)
        yield iproute.plug_in(net.host_device, net.bridge)
        yield iproute.set_up(net.host_device)
        yield from handover.reach(net.address, self.leads(net), net.bridge, facts)

        yield from self.inside(net, self.name, facts)
        yield from dns.give(self.resolving, self.dns, facts)
