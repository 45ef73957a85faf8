"""What bridged and nat have in common: a bridge, which later networks of the same mode join."""

from abc import abstractmethod
from collections.abc import Iterator
from ipaddress import IPv4Network

from netmodes.commands import addresses, devices, dns, forwarding, lan, requirements
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode
from netmodes.plan.network import Network, Topology, refuse_unless_up
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step


class OnBridge(Mode):
    """A mode whose namespaces share a bridge; each mode declares these options itself."""

    thorough = True
    on_bridge = True

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
        """The network whose bridge this one joins, or None."""

    @abstractmethod
    def own_bridge(self, facts: Facts) -> tuple[str, str, str]:
        """The name and address of a new bridge, and the namespace's address, both in CIDR."""

    def topology(self, facts: Facts) -> Topology:
        joined = self.joined(facts)
        bridge, near, far = self._join(joined, facts) if joined else self.own_bridge(facts)
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
            joins=joined.name if joined else "",
        )

    def _join(self, joined: Network, facts: Facts) -> tuple[str, str, str]:
        """The joined network's bridge, and an address on it, in the form of ``own_bridge``."""
        refuse_unless_up(joined)
        bridge, near = joined.topology.bridge, joined.topology.host_address
        for name, value in (("bridge", bridge), ("bridge_address", near)):
            if getattr(self, name) not in ("", value):
                raise Refused(f"{joined.name} is on {bridge} already: leave {name} out")
        number = addresses.number(self.article.address)
        return bridge, near, lan.address(self.address, number, bridge, facts, near)

    def on_host(self, net: Topology, facts: Facts) -> tuple[str, ...]:
        """The host's addresses that a namespace reaches; a router of its own may know no others."""
        near, subnet = addresses.bare(net.host_address), IPv4Network(addresses.subnet(net.address))
        every = [one.ip for one in facts.every_address()]
        by_host = net.gateway == near
        others = [str(one) for one in every if by_host or one in subnet]
        return tuple(dict.fromkeys([near, *others]))

    def inherited(self, net: Topology, facts: Facts) -> Iterator[Step]:
        if not net.joins:
            yield from facts.shared(forwarding.SHARE)
            return
        networks = facts.on_bridge(net.bridge, self.mode)
        shares = {step.share: step for one in networks for step in one.shares}
        if not shares:
            raise Refused(f"these facts do not tell how to undo {net.bridge}: join it there")
        yield from shares.values()

    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield requirements.no_namespace(self.namespace)
        yield requirements.no_device(net.host_device)
        yield requirements.no_device(net.device)
        if net.joins:
            yield from requirements.is_bridge(net.bridge, net.host_address)
        else:
            yield requirements.no_device(net.bridge)
            yield from forwarding.requirements(facts)
