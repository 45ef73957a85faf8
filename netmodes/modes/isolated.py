"""The article's isolated mode (격리 모드)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from netmodes.commands import (
    addresses,
    devices,
    dns,
    iproute,
    lan,
    notices,
    requirements,
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
from netmodes.plan.verdict import Verdict


@dataclass(frozen=True)
class Isolated(Mode):
    """The namespace has a network of its own and reaches nobody."""

    mode = "isolated"
    article = Topology(device="dummy0", address="192.168.222.10/24")
    picture = """\
host                      namespace {namespace}
┌────────────────────┐    ┌────────────────────┐
│                    │    │ {device:18} │
│                    │    │ {address:18} │
└────────────────────┘    └────────────────────┘
"""
    promises = (
        Promise("namespace", "itself", True),
        Promise("host", "namespace", False),
        Promise("namespace", "the host's other addresses", False),
        Promise("namespace", "the gateway", False),
        Promise("namespace", "outside", False),
        Promise("namespace", "a name", False),
        Promise("outside", "namespace", False),
    )

    device: str = option("", "the card in the namespace")
    address: str = option("", "its address", metavar="CIDR")

    def validate(self) -> None:
        devices.validate_device(self.device)
        addresses.validate_address(self.address)

    def topology(self, facts: Facts) -> Topology:
        device = devices.free_device(self.device, self.article.device, facts)
        address = addresses.own_address(self.address, self.article.address, facts)
        return Topology(device, address, subnets=(addresses.subnet(address),))

    def notices(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Finding]:
        yield from notices.dummy_of_the_module(facts)
        yield from dns.close_notices(self.names, facts)
        yield from super().notices(net, facts, verdict)

    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield requirements.no_namespace(self.name)
        yield requirements.no_device(net.device)
        yield from requirements.no_overlap(net.address)
        yield from dns.requirements(dns.close(self.names, facts))

    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield iproute.add_namespace(self.name)
        yield from sysctl.as_on_host(self.name, facts)

        yield iproute.add_dummy(net.device)
        yield iproute.into_namespace(net.device, self.name)

        yield from self._inside(self.name, net)

        yield from dns.close(self.names, facts)

    def _inside(self, name: str, net: Topology) -> Iterator[Step]:
        yield iproute.add_address(net.address, net.device, name)
        yield iproute.set_up(net.device, name)
        yield iproute.set_up("lo", name)

    def more(self, net: Topology, facts: Facts) -> Iterator[Topology]:
        count = len(self.names) - 1
        for address in lan.following(net.address, count, "", facts, []):
            yield replace(net, address=address)

    def requirements_of_several(self, nets: Nets, facts: Facts) -> Iterator[Requirement]:
        yield several.no_namespace(self.names)
        yield from requirements.no_overlap(nets[0].address)
        yield from dns.requirements(dns.close(self.names, facts))

    def several(self, nets: Nets, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield several.add_namespaces(self.names)
        for name, net in zip(self.names, nets, strict=True):
            yield from sysctl.as_on_host(name, facts)
            yield several.inside(name, [iproute.add_dummy(net.device), *self._inside(name, net)])

        yield from dns.close(self.names, facts)
