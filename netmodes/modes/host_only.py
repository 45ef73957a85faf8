"""The article's host-only mode (Host Only 모드)."""

from collections.abc import Iterator
from dataclasses import dataclass

from netmodes.commands import (
    addresses,
    devices,
    dns,
    forwarding,
    iproute,
    requirements,
    rules,
    sysctl,
)
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode
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

    def validate(self) -> None:
        devices.validate_pair(self.host_device, self.device)
        addresses.validate_pair(self.host_address, self.address)

    def topology(self, facts: Facts) -> Topology:
        host_device, device = devices.free_pair(self.host_device, self.device, facts)
        article = (self.article.host_address, self.article.address)
        host_address, address = addresses.own_pair(self.host_address, self.address, facts, article)
        return Topology(
            device,
            address,
            host_device,
            ingress=host_device,
            host_address=host_address,
            subnets=(addresses.subnet(address),),
        )

    def flow(self, net: Topology, facts: Facts) -> Flow:
        near, far = map(addresses.bare, (net.host_address, net.address))
        return Flow(far, net.host_device, "", host=(near,), stays=True)

    def notices(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Finding]:
        yield from verdict.warnings
        yield from dns.close_notices(self.namespace, facts)
        yield from super().notices(net, facts, verdict)

    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield requirements.no_namespace(self.namespace)
        yield requirements.no_device(net.host_device)
        yield requirements.no_device(net.device)
        yield from requirements.no_overlap(net.address)
        yield from dns.requirements(dns.close(self.namespace, facts))

    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)
        yield from sysctl.as_on_host(self.namespace, facts)
        deaf = f"{self.namespace} does not reach itself: not its own address, not 127.0.0.1"
        yield iproute.set_up("lo", self.namespace).as_guard(deaf)

        yield iproute.add_veth(net.host_device, net.device)
        yield iproute.into_namespace(net.device, self.namespace)
        yield forwarding.keep_to_host(net.host_device, self.namespace)
        yield from forwarding.ipv4_alone(net.host_device, self.namespace, facts)

        yield iproute.add_address(net.host_address, net.host_device)
        yield iproute.set_up(net.host_device)
        yield from rules.main_first(net.address, self.namespace, facts)

        yield iproute.add_address(net.address, net.device, self.namespace)
        yield iproute.set_up(net.device, self.namespace)

        yield from dns.close(self.namespace, facts)
