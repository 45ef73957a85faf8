"""The article's host-only mode (Host Only 모드)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from netmodes.commands import addresses, devices, dns, forwarding, iproute
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode, parameter
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Cell
from netmodes.plan.step import Check, Step


@dataclass(frozen=True)
class HostOnly(Mode):
    """The namespace and the host reach each other, nothing further.

    host                      namespace A
    ┌────────────────────┐    ┌────────────────────┐
    │ veth0              ├────┤ veth1              │
    │ 192.168.202.1/24   │    │ 192.168.202.11/24  │
    └────────────────────┘    └────────────────────┘
    """

    mode: ClassVar[str] = "host-only"
    verbatim_note: ClassVar[str] = "lo stays down in the namespace, so it does not reach itself"
    reach: ClassVar[tuple[Cell, ...]] = (
        Cell("namespace", "itself", True),
        Cell("host", "namespace", True),
        Cell("namespace", "the host's end of the cable", True),
        Cell("namespace", "the host's other addresses", False),
        Cell("namespace", "the gateway", False),
        Cell("namespace", "outside", False),
        Cell("namespace", "a name", False),
        Cell("outside", "namespace", False),
    )

    host_device: str = parameter("", "the host's end of the cable", "veth0")
    device: str = parameter("", "the namespace's end", "veth1")
    host_address: str = parameter("", "the host's address", "192.168.202.1/24", metavar="CIDR")
    address: str = parameter("", "the namespace's address", "192.168.202.11/24", metavar="CIDR")

    def validate(self) -> None:
        devices.check_pair(self.host_device, self.device)
        addresses.check_pair(self.host_address, self.address)

    def settle(self, facts: Facts) -> HostOnly:
        host_device, device = devices.free_pair(self.host_device, self.device, facts)
        host_address, address = addresses.own_pair(
            self.host_address, self.address, facts, ("192.168.202.1/24", "192.168.202.11/24")
        )
        return replace(
            self,
            host_device=host_device,
            device=device,
            host_address=host_address,
            address=address,
        )

    def notices(self, facts: Facts) -> Iterator[Finding]:
        yield from dns.notices(self.namespace, "", facts)
        yield from super().notices(facts)

    def checks(self, facts: Facts) -> Iterator[Check]:
        yield iproute.no_namespace(self.namespace)
        yield iproute.no_device(self.host_device)
        yield iproute.no_device(self.device)
        yield from iproute.no_overlap(self.address)
        yield from dns.checks(dns.close(self.namespace, facts))

    def steps(self, facts: Facts) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)
        deaf = f"{self.namespace} does not reach itself: not its own address, not 127.0.0.1"
        yield iproute.set_up("lo", self.namespace).as_guard(deaf)

        yield iproute.add_veth(self.host_device, self.device)
        yield iproute.move(self.device, self.namespace)
        yield forwarding.keep(self.host_device, self.namespace)

        yield iproute.add_address(self.host_address, self.host_device)
        yield iproute.set_up(self.host_device)

        yield iproute.add_address(self.address, self.device, self.namespace)
        yield iproute.set_up(self.device, self.namespace)

        yield from dns.close(self.namespace, facts)
