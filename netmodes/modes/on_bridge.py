"""What bridged and nat share: a bridge, which later networks of the same mode join."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from netmodes.commands import addresses, devices, dns, forwarding, requirements
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode, refuse_interrupted
from netmodes.plan.network import Network, Topology
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step


class OnBridge(Mode):
    """A mode whose namespaces share a bridge; its options are the modes' own."""

    thorough = True

    bridge: str
    bridge_address: str
    address: str
    host_device: str
    device: str
    dns: str

    def validate(self) -> None:
        devices.validate_bridge(self.bridge, self.host_device, self.device)
        devices.validate_pair(self.host_device, self.device)
        addresses.validate_pair(self.bridge_address, self.address)
        dns.validate(self.dns)

    @abstractmethod
    def joined(self, facts: Facts) -> Network | None:
        """A network of this mode whose bridge this one joins, or None."""

    @abstractmethod
    def own_bridge(self, facts: Facts) -> tuple[str, str, str]:
        """A bridge of its own: its name, its address and the namespace's, both in CIDR."""

    def topology(self, facts: Facts) -> Topology:
        there = self.joined(facts)
        bridge, near, far = self._join(there, facts) if there else self.own_bridge(facts)
        host_device, device = devices.free_pair(self.host_device, self.device, facts)
        return Topology(
            device,
            far,
            host_device,
            ingress=bridge,
            host_address=near,
            bridge=bridge,
            gateway=addresses.bare(near),
            subnets=(addresses.subnet(far),),
            joins=there.name if there else "",
        )

    def _join(self, there: Network, facts: Facts) -> tuple[str, str, str]:
        """The same for the bridge of another network."""
        refuse_interrupted(there)
        bridge, near = there.topology.bridge, there.topology.host_address
        for name, value in (("bridge", bridge), ("bridge_address", near)):
            if getattr(self, name) not in ("", value):
                raise Refused(f"{there.name} is on {bridge} already: leave {name} out")
        number = addresses.number(self.article.address)
        return bridge, near, addresses.lan_address(self.address, number, bridge, facts, near)

    def inherited(self, net: Topology, facts: Facts) -> Iterator[Step]:
        there = facts.on_bridge(net.bridge, self.mode) if net.joins else []
        shared = {step.share: step for network in there for step in network.shares}
        yield from shared.values() if there else facts.shared(forwarding.SHARE)

    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield requirements.no_namespace(self.namespace)
        for device in (net.host_device, net.device, *([] if net.joins else [net.bridge])):
            yield requirements.no_device(device)
        if net.joins:
            yield from requirements.is_bridge(net.bridge, net.host_address)
        else:
            yield from forwarding.requirements(facts)
