"""What bridged and nat have in common: a bridge, which later networks of the same mode join."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from netmodes.commands import (
    addresses,
    devices,
    dns,
    forwarding,
    lan,
    requirements,
    several,
    sysctl,
)
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode
from netmodes.modes.description import Nets
from netmodes.plan.network import Network, Topology, refuse_unless_up
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.verdict import Verdict


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
    attach: str

    def validate(self) -> None:
        devices.validate_bridge(self.bridge, self.host_device, self.device)
        devices.validate_pair(self.host_device, self.device)
        addresses.validate_pair(self.bridge_address, self.address)
        dns.validate(self.dns)
        if self.attach and self.dns not in ("auto", "none"):
            raise Refused("--dns is for `ip netns exec`, and not seen by a process: leave it out")

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
        devices.refuse_full(bridge, len(self.names), facts)
        return Topology(
            device,
            far,
            host_device,
            ingress=bridge,
            host_address=near,
            bridge=bridge,
            gateway=addresses.bare(near),
            subnets=(addresses.subnet(far),),
            joins=joined.journal if joined else "",
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

    def more(self, net: Topology, facts: Facts) -> Iterator[Topology]:
        count, device = len(self.names) - 1, self.leads(net)
        used = [net.host_address, net.gateway]
        found = lan.following(net.address, count, device, facts, used)
        own = {net.device, net.bridge, net.uplink}
        ends = devices.counted(net.host_device, bool(self.host_device), count + 1, own, facts)
        for end, address in zip(ends[1:], found, strict=True):
            yield replace(net, address=address, host_device=end)

    def leads(self, net: Topology) -> str:
        """What leads to the namespaces' subnet before the run: the uplink, or the bridge."""
        return net.bridge if net.joins or not net.uplink else net.uplink

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
        yield requirements.no_namespace(self.name)
        yield requirements.no_device(net.host_device)
        yield requirements.no_device(net.device)
        yield from self.on_machine(net, facts)
        yield from self.of_addresses((net,), facts)

    def requirements_of_several(self, nets: Nets, facts: Facts) -> Iterator[Requirement]:
        yield several.no_namespace(self.names)
        yield from several.no_device(tuple(net.host_device for net in nets), self.group)
        yield from self.on_machine(nets[0], facts)
        yield from self.of_addresses(nets, facts)

    def on_machine(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        """What must hold whatever the number of namespaces."""
        if net.joins:
            yield from requirements.is_bridge(net.bridge, net.host_address)
        else:
            yield requirements.no_device(net.bridge)
            yield from forwarding.requirements(facts)

    def of_addresses(self, nets: Nets, facts: Facts) -> Iterator[Requirement]:
        """What must hold of the addresses that namespaces get."""
        yield from ()

    @abstractmethod
    def shared_steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        """The commands for a bridge of its own, before a namespace is plugged in."""

    @abstractmethod
    def inside(self, net: Topology, name: str, facts: Facts) -> Iterator[Step]:
        """The commands in a namespace that has its cable."""

    def several(self, nets: Nets, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield several.add_namespaces(self.names)
        for name in self.names:
            yield from sysctl.as_on_host(name, facts)

        yield from self.shared_steps(nets[0], facts, verdict)

        words = ("up", "master", nets[0].bridge)
        yield several.add_cables(nets, self.names, self.group, *words, mtu=self.mtu(nets[0], facts))
        yield from self.reach(nets, facts)
        for name, net in zip(self.names, nets, strict=True):
            yield several.inside(name, self.inside(net, name, facts))
        yield from dns.give(self.names, self.dns, facts)

    def mtu(self, net: Topology, facts: Facts) -> int | None:
        """The MTU of both ends of a cable; None for a new device's."""
        return None

    def reach(self, nets: Nets, facts: Facts) -> Iterator[Step]:
        """What the host needs to reach them, beside their subnet."""
        yield from ()
