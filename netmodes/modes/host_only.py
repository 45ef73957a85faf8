"""The article's host-only mode (Host Only 모드)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from netmodes.commands import (
    addresses,
    devices,
    dns,
    forwarding,
    iproute,
    requirements,
    rules,
    several,
    sysctl,
)
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode
from netmodes.modes.description import Nets
from netmodes.modes.option import option
from netmodes.plan.finding import Finding
from netmodes.plan.network import Topology
from netmodes.plan.promise import Promise
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.verdict import Flow, Verdict


@dataclass(frozen=True)
class HostOnly(Mode):
    """The namespace and the host reach each other, nothing further."""

    mode = "host-only"
    thorough = True
    objects = "even if a firewall drops its packets"
    verbatim_note = "lo stays down in the namespace, so it does not reach itself"
    article = Topology(
        device="veth1",
        address="192.168.202.11/24",
        host_device="veth0",
        host_address="192.168.202.1/24",
    )
    picture = """\
host                      namespace {namespace}
┌────────────────────┐    ┌────────────────────┐
│ {host_device:18} ├────┤ {device:18} │
│ {host_address:18} │    │ {address:18} │
└────────────────────┘    └────────────────────┘
"""
    promises = (
        Promise("namespace", "itself", True),
        Promise("host", "namespace", True),
        Promise("namespace", "the host's end of the cable", True),
        Promise("namespace", "the host's other addresses", False),
        Promise("namespace", "the gateway", False),
        Promise("namespace", "outside", False),
        Promise("namespace", "a name", False),
        Promise("outside", "namespace", False),
    )

    host_device: str = option("", "the host's end of the cable")
    device: str = option("", "the namespace's end")
    host_address: str = option("", "the host's address", metavar="CIDR")
    address: str = option("", "the namespace's address", metavar="CIDR")
    attach: str = option("", "a process: its namespace, not a new one", metavar="PID")

    def validate(self) -> None:
        devices.validate_pair(self.host_device, self.device)
        addresses.validate_pair(self.host_address, self.address)

    def topology(self, facts: Facts) -> Topology:
        host_device, device = devices.free_pair(self.host_device, self.device, facts)
        article = (self.article.host_address, self.article.address)
        host_address, address = addresses.own_pair(self.host_address, self.address, facts, article)
        return _topology(host_device, device, host_address, address)

    def flow(self, net: Topology, facts: Facts) -> Flow:
        near, far = map(addresses.bare, (net.host_address, net.address))
        return Flow(far, net.host_device, "", host=(near,), stays=True)

    def notices(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Finding]:
        yield from verdict.warnings
        yield from dns.close_notices(self.resolving, facts)
        yield from super().notices(net, facts, verdict)

    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield requirements.no_namespace(self.name)
        yield requirements.no_device(net.host_device)
        yield requirements.no_device(net.device)
        yield from requirements.no_overlap(net.address)
        yield from dns.requirements(dns.close(self.resolving, facts))

    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield from self.namespaced(facts)
        deaf = f"{self.name} does not reach itself: not its own address, not 127.0.0.1"
        yield self.set_lo_up(self.name).as_guard(deaf)

        yield iproute.add_veth(net.host_device, net.device)
        yield iproute.into_namespace(net.device, self.name)
        yield forwarding.keep_to_host(net.host_device, self.name)
        yield from forwarding.ipv4_alone(net.host_device, self.name, facts)

        yield from self._on_host(net)
        yield from rules.main_first(net.address, self.name, facts)

        yield from self._inside(self.name, net)

        yield from dns.close(self.resolving, facts)

    def _on_host(self, net: Topology) -> Iterator[Step]:
        yield iproute.add_address(net.host_address, net.host_device)
        yield iproute.set_up(net.host_device)

    def _inside(self, name: str, net: Topology) -> Iterator[Step]:
        yield iproute.add_address(net.address, net.device, name)
        yield iproute.set_up(net.device, name)

    def more(self, net: Topology, facts: Facts) -> Iterator[Topology]:
        count, given = len(self.names) - 1, bool(self.host_address or self.address)
        pairs = addresses.more_pairs(net.host_address, net.address, count, given, facts)
        named, own = bool(self.host_device), {net.device}
        ends = devices.counted(net.host_device, named, count + 1, own, facts)
        for end, (near, far) in zip(ends[1:], pairs, strict=True):
            yield _topology(end, net.device, near, far)

    def requirements_of_several(self, nets: Nets, facts: Facts) -> Iterator[Requirement]:
        yield several.no_namespace(self.names)
        yield from several.no_device(tuple(net.host_device for net in nets), self.group)
        yield requirements.no_overlaps([net.address for net in nets])
        yield from dns.requirements(dns.close(self.names, facts))

    def several(self, nets: Nets, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        each = [*zip(self.names, nets, strict=True)]
        yield several.add_namespaces(self.names)
        for name in self.names:
            yield from sysctl.as_on_host(name, facts)

        yield several.add_cables(nets, self.names, self.group)
        kept = (forwarding.keep_to_host(net.host_device, name) for name, net in each)
        yield from several.settings(kept, "what comes from them goes no further than the host")
        alone = [forwarding.ipv4_alone(net.host_device, name, facts) for name, net in each]
        yield from several.settings(chain(*alone), "their cables carry IPv4 alone")

        ends = (step for net in nets for step in self._on_host(net))
        yield several.at_once(ends, "the host's ends answer, and are switched on")
        yield from rules.all_main_first(nets, self.names, facts)
        for name, net in each:
            yield several.inside(name, [iproute.set_up("lo", name), *self._inside(name, net)])

        yield from dns.close(self.names, facts)


def _topology(host_device: str, device: str, near: str, far: str) -> Topology:
    """A cable from the host straight to a namespace, with the address of each end."""
    subnets = (addresses.subnet(far),)
    return Topology(
        device, far, host_device, ingress=host_device, host_address=near, subnets=subnets
    )
