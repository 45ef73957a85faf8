"""NAT mode, the other reading of the article's bridged mode: out through the host."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from netmodes.commands import (
    addresses,
    devices,
    dns,
    forwarding,
    iproute,
    lan,
    nat,
    netfilter,
    notices,
    publish,
    requirements,
    rules,
)
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.modes.on_bridge import OnBridge
from netmodes.modes.option import option
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network, Topology
from netmodes.plan.promise import Promise
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.verdict import Flow, Verdict


@dataclass(frozen=True)
class Nat(OnBridge):
    """The namespace reaches the internet by the host's address, unseen by the LAN."""

    mode = "nat"
    verbatim_note = "names may not resolve, and a firewall may drop what it forwards"
    objects = "even if a firewall drops its packets, or no way leads outside"
    article = Topology(
        device="veth1",
        address="10.64.0.11/24",
        host_device="veth0",
        host_address="10.64.0.1/24",
        bridge="nat0",
        gateway="10.64.0.1",
    )
    picture = """\
host                                           namespace {namespace}
┌─────────────────────────────────────────┐    ┌────────────────────┐
│ {bridge:18}   ┌─ {host_device:15} ├────┤ {device:18} │
│ {host_address:18} ──┘                  │    │ {address:18} │
│  └─ NAT ─ the NIC of the default route  ├──┐ └────────────────────┘
└─────────────────────────────────────────┘  └─ the LAN
"""
    promises = (
        Promise("namespace", "itself", True),
        Promise("host", "namespace", True),
        Promise("namespace", "the bridge", True),
        Promise("namespace", "the host's other addresses", True),
        Promise("namespace", "the gateway", True),
        Promise("namespace", "outside", True),
        Promise("namespace", "a name", True),
        Promise("neighbour", "namespace", True),
        Promise("outside", "namespace", False),
    )

    bridge: str = option("", "the bridge")
    bridge_address: str = option("", "its address", metavar="CIDR")
    address: str = option("", "the namespace's address", metavar="CIDR")
    host_device: str = option("", "the host's end of the cable")
    device: str = option("", "the namespace's end")
    dns: str = option("auto", dns.MEANING, metavar="auto|none|IP", multiple=True)
    publish: str = option(
        "",
        "pass the host's port HOST on to PORT",
        metavar="HOST:PORT[/udp]",
        multiple=True,
    )
    attach: str = option("", "a process: its namespace, not a new one", metavar="PID")

    @property
    def parameters(self) -> dict[str, str]:
        return {**super().parameters, "publish": publish.normal(self.publish)}

    def validate(self) -> None:
        super().validate()
        publish.validate(self.publish, self.names)

    def joined(self, facts: Facts) -> Network | None:
        networks = facts.on_bridge(self.bridge, self.mode)
        return networks[0] if networks else None

    def topology(self, facts: Facts) -> Topology:
        publish.refuse_published(self.publish, facts)
        return super().topology(facts)

    def own_bridge(self, facts: Facts) -> tuple[str, str, str]:
        near, far = self._subnet(self.bridge_address, self.address, facts)
        return devices.free_device(self.bridge, self.article.bridge, facts), near, far

    def _subnet(self, near: str, far: str, facts: Facts) -> tuple[str, str]:
        """The bridge's and the namespace's address, in CIDR, in a subnet of their own."""
        article = (self.article.host_address, self.article.address)
        return addresses.own_pair(near, far, facts, article)

    def flow(self, net: Topology, facts: Facts) -> Flow:
        ports = tuple((port.protocol, port.host) for port in publish.parse(self.publish))
        to = tuple(dns.servers("auto" if self.dns == "none" else self.dns, facts))
        host, out = self.on_host(net, facts), lan.way_out(facts)
        return Flow(addresses.bare(net.address), net.bridge, out, to=to, ports=ports, host=host)

    def objections(self, net: Topology, facts: Facts) -> Iterator[Finding]:
        yield from notices.no_way_out(facts)
        yield from forwarding.no_answers(lan.way_out(facts), facts)

    def promised(self) -> Iterator[Promise]:
        yield from super().promised()
        if self.publish:
            yield Promise("host", "its published ports", True)
            yield Promise("outside", "its published ports", True)

    def notices(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Finding]:
        if self._moved_aside(net, facts):
            yield from notices.of_subnet(self.mode, self.article.host_address, facts)
        yield from self.objections(net, facts)
        yield from publish.by_another_way(self.publish, facts)
        yield from verdict.warnings
        yield from dns.give_notices(self.resolving, self.dns, facts)
        yield from super().notices(net, facts, verdict)

    def _moved_aside(self, net: Topology, facts: Facts) -> bool:
        """Whether netmodes chose the subnet, because the first was not free."""
        if net.joins or net.host_address == self.article.host_address:
            return False
        with suppress(Refused):
            return self._subnet("", "", facts) == (net.host_address, net.address)
        return False

    def on_machine(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield from super().on_machine(net, facts)
        if not net.joins:
            yield from requirements.no_overlap(net.host_address)
        yield from netfilter.requirements(self._tables(net, facts))
        yield from publish.requirements(self.publish, net, facts)
        yield from dns.requirements(dns.give(self.resolving, self.dns, facts))

    def _tables(self, net: Topology, facts: Facts) -> Iterator[Step]:
        if not net.joins:
            yield from nat.steps(net.bridge, net.host_address, facts)
        yield from publish.steps(self.name, net, self.publish, facts)

    def shared_steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        if not net.joins:
            yield from forwarding.switch_on(facts)

            yield iproute.add_bridge(net.bridge)
            yield from forwarding.through(net.bridge, facts)
            yield from forwarding.ipv4_alone(net.bridge, self.name, facts)
            yield iproute.add_address(net.host_address, net.bridge)
            yield iproute.set_up(net.bridge)
            yield from rules.main_first(net.address, self.name, facts)

            yield from netfilter.accept(verdict, net.bridge, *nat.through(net.bridge, verdict.outs))
            yield from netfilter.leave_to_docker(verdict, net.bridge)
            yield from nat.steps(net.bridge, net.host_address, facts)

    def inside(self, net: Topology, name: str, facts: Facts) -> Iterator[Step]:
        yield iproute.add_address(net.address, net.device, name)
        yield iproute.set_up(net.device, name)
        yield self.set_lo_up(name)
        yield iproute.add_default_route(net.gateway, name)

    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield from self.namespaced(facts)

        yield from self.shared_steps(net, facts, verdict)

        yield iproute.add_veth(net.host_device, net.device)
        yield iproute.into_namespace(net.device, self.name)
        yield iproute.plug_in(net.host_device, net.bridge)
        if self.publish:
            yield iproute.hairpin(net.host_device)
        yield iproute.set_up(net.host_device)

        yield from self.inside(net, self.name, facts)
        yield from dns.give(self.resolving, self.dns, facts)

        yield from publish.steps(self.name, net, self.publish, facts)
