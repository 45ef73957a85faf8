"""The article's isolated mode (격리 모드)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from netmodes.commands import addresses, devices, dns, iproute
from netmodes.diagnose import doctor
from netmodes.machine.facts import Facts
from netmodes.modes.base import Mode, parameter
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Cell
from netmodes.plan.step import Check, Step


@dataclass(frozen=True)
class Isolated(Mode):
    """The namespace has a network of its own and reaches nobody.

    host                      namespace A
    ┌────────────────────┐    ┌────────────────────┐
    │                    │    │ dummy0             │
    │                    │    │ 192.168.222.10/24  │
    └────────────────────┘    └────────────────────┘
    """

    mode: ClassVar[str] = "isolated"
    verbatim_note: ClassVar[str] = ""
    reach: ClassVar[tuple[Cell, ...]] = (
        Cell("namespace", "itself", True),
        Cell("host", "namespace", False),
        Cell("namespace", "the host's other addresses", False),
        Cell("namespace", "the gateway", False),
        Cell("namespace", "outside", False),
        Cell("namespace", "a name", False),
        Cell("outside", "namespace", False),
    )

    device: str = parameter("", "the card in the namespace", "dummy0")
    address: str = parameter("", "its address", "192.168.222.10/24", metavar="CIDR")

    def validate(self) -> None:
        devices.check_device(self.device)
        addresses.check_address(self.address)

    def settle(self, facts: Facts) -> Isolated:
        return replace(
            self,
            device=devices.free_device(self.device, "dummy0", facts),
            address=addresses.own_address(self.address, "192.168.222.10/24", facts),
        )

    def notices(self, facts: Facts) -> Iterator[Finding]:
        yield from doctor.dummy_of_the_module(facts)
        yield from dns.notices(self.namespace, "", facts)
        yield from super().notices(facts)

    def checks(self, facts: Facts) -> Iterator[Check]:
        yield iproute.no_namespace(self.namespace)
        yield iproute.no_device(self.device)
        yield from iproute.no_overlap(self.address)
        yield from dns.checks(dns.close(self.namespace, facts))

    def steps(self, facts: Facts) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)

        yield iproute.add_dummy(self.device)
        yield iproute.move(self.device, self.namespace)

        yield iproute.add_address(self.address, self.device, self.namespace)
        yield iproute.set_up(self.device, self.namespace)
        yield iproute.set_up("lo", self.namespace)

        yield from dns.close(self.namespace, facts)
