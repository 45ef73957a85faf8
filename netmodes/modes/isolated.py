"""The article's isolated mode (격리 모드)."""

from collections.abc import Iterator
from dataclasses import dataclass

from netmodes.commands import addresses, devices, dns, iproute, notices, requirements, sysctl
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode
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
        yield from dns.close_notices(self.namespace, facts)
        yield from super().notices(net, facts, verdict)

    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield requirements.no_namespace(self.namespace)
        yield requirements.no_device(net.device)
        yield from requirements.no_overlap(net.address)
        yield from dns.requirements(dns.close(self.namespace, facts))

    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)
        yield from sysctl.as_on_host(self.namespace, facts)

        yield iproute.add_dummy(net.device)
        yield iproute.into_namespace(net.device, self.namespace)

        yield iproute.add_address(net.address, net.device, self.namespace)
        yield iproute.set_up(net.device, self.namespace)
        yield iproute.set_up("lo", self.namespace)

        yield from dns.close(self.namespace, facts)
