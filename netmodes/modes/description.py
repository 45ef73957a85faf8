"""What a mode is, without its verbs: options, which settle to a topology, which renders as a plan.

Mode(options) ── settle(facts) ──▶ Topology ── render(topology, facts, verdict) ──▶ Plan
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import Field, asdict, dataclass, fields, replace
from ipaddress import ip_interface
from typing import TYPE_CHECKING, ClassVar

from netmodes.commands import devices, notices
from netmodes.machine.facts import Facts
from netmodes.modes.option import option
from netmodes.plan.finding import Finding
from netmodes.plan.network import Topology
from netmodes.plan.plan import Plan
from netmodes.plan.promise import Promise
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.verdict import Flow, Verdict

if TYPE_CHECKING:
    from typing_extensions import Self

#: An address with its prefix length.
CIDR = re.compile(r"[0-9.]+/[0-9]+")


@dataclass(frozen=True)
class Description(ABC):
    """One kind of network for one namespace.

    Raises:
        Refused: a value is not a name or an address, or two of them do not fit.
    """

    #: Its name on the command line.
    mode: ClassVar[str]

    #: The article's own devices and addresses; options that are not given are counted up from it.
    article: ClassVar[Topology]

    #: The network, drawn; a field of the topology stands in braces, with its width.
    picture: ClassVar[str]

    #: Who reaches whom, and who must not.
    promises: ClassVar[tuple[Promise, ...]]

    #: What the article's commands alone come to, in words.
    verbatim_note: ClassVar[str] = ""

    #: It asks about firewalls, policy rules, hardware and managers as well.
    thorough: ClassVar[bool] = False

    #: The option that names the NIC by which it can cut the host off; "" where it cannot.
    #: Its run may wait for a confirmation.
    confirms: ClassVar[str] = ""

    #: Where it may object, so that --anyway goes on, in words; "" where it never does.
    objects: ClassVar[str] = ""

    namespace: str = option("A", "name of the namespace", short="-n")

    def __post_init__(self) -> None:
        devices.validate_namespace(self.namespace)
        self.validate()

    @abstractmethod
    def validate(self) -> None:
        """Refuse values that can be right on no machine; "" is still open."""

    @abstractmethod
    def topology(self, facts: Facts) -> Topology:
        """Its devices and addresses on this machine; refused if the machine does not allow them."""

    @abstractmethod
    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        """What must hold on the machine before the first command."""

    @abstractmethod
    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        """The commands in order."""

    def flow(self, net: Topology, facts: Facts) -> Flow | None:
        """What it has the host forward, for the firewall to judge; None for nothing."""
        return None

    def notices(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Finding]:
        """What to know before it starts."""
        yield from notices.before_up(facts)

    def inherited(self, net: Topology, facts: Facts) -> Iterator[Step]:
        """Steps that another network has run and this one shares."""
        yield from ()

    @classmethod
    def options(cls) -> tuple[Field[str], ...]:
        """The options, with what ``option`` says of each."""
        return fields(cls)

    @classmethod
    def otherwise(cls, option: Field[str]) -> str:
        """What an option settles to where it is not given: in words, or the article's value."""
        return str(option.metadata["otherwise"] or getattr(cls.article, option.name, ""))

    @classmethod
    def own_addresses(cls) -> tuple[str, ...]:
        """The addresses it takes where none are given and all are free, one of each subnet."""
        settled = [cls.otherwise(item) for item in fields(cls) if not item.metadata["required"]]
        subnets = {ip_interface(text).network: text for text in settled if CIDR.fullmatch(text)}
        return tuple(subnets.values())

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").partition("\n")[0]

    @classmethod
    def needed(cls) -> dict[str, str]:
        """The options that it cannot do without, with the article's values."""
        required = [item.name for item in fields(cls) if item.metadata["required"]]
        return {name: getattr(cls.article, name) for name in required}

    @classmethod
    def draw(cls, namespace: str, net: Topology) -> str:
        """The picture with these names and addresses."""
        return cls.picture.format(namespace=namespace, **asdict(net)).rstrip("\n")

    @property
    def parameters(self) -> dict[str, str]:
        """Every option by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def settle(self, facts: Facts) -> Topology:
        """Its devices and addresses on this machine, which fit together.

        Raises:
            Refused: they do not, or the machine does not allow them.
        """
        net = self.topology(facts)
        self.settled(net)
        return net

    def settled(self, net: Topology) -> Self:
        """The same with no option left open; refused where two values do not fit."""
        values = {name: value or getattr(net, name, "") for name, value in self.parameters.items()}
        return replace(self, **values)

    def render(self, net: Topology, facts: Facts, verdict: Verdict) -> Plan:
        """The plan of this mode, settled to this topology."""
        return Plan(
            self.mode,
            (self.namespace,),
            self.settled(net).parameters,
            net,
            tuple(self.steps(net, facts, verdict)),
            tuple(self.requirements(net, facts)),
            self.promises,
            tuple(self.inherited(net, facts)),
            tuple(finding.notice for finding in self.notices(net, facts, verdict)),
            self.draw(self.namespace, net),
        )
