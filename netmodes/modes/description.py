"""What a mode is: options that settle to a topology, which is rendered as a plan.

Mode(options) ── settle(facts) ──▶ Topology ── render(topology, facts, verdict) ──▶ Plan
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import Field, asdict, dataclass, fields, replace
from ipaddress import ip_interface
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from netmodes.commands import attach, devices, iproute, notices, several, sysctl
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.modes.option import Name, option
from netmodes.plan.finding import Finding
from netmodes.plan.network import Topology, name_of
from netmodes.plan.plan import Plan
from netmodes.plan.promise import Promise
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.verdict import Flow, Verdict

if TYPE_CHECKING:
    from typing_extensions import Self

#: What each of several namespaces has, in their order.
Nets = tuple[Topology, ...]

#: The docstring of a mode: its summary, its options, its name, and what it cannot do without.
HELP = """\
{0}

Args:
    {1}

Raises:
    Refused: a value is invalid, or two do not fit together.

Example::

    with {2}({3}) as net:
        print(net.address, net.run(["ip", "addr"], text=True).stdout)
"""

#: An address with its prefix length.
CIDR = re.compile(r"[0-9.]+/[0-9]+")


def _text(value: object) -> str:
    """An option's value as text: of a sequence its items, with commas between; of None ""."""
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    if isinstance(value, bytes):
        raise Refused(f"{value!r} is bytes: give text")
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Description(ABC):
    """One kind of network for one namespace, described and not yet up.

    Raises:
        Refused: an option's value is invalid, or two values do not fit together.
    """

    #: The mode's name on the command line.
    mode: ClassVar[str]

    #: The article's devices and addresses; options that are not given are counted up from them.
    article: ClassVar[Topology]

    #: The network as text, with fields of the topology in braces, each with its width.
    picture: ClassVar[str]

    #: Who reaches whom, and who must not.
    promises: ClassVar[tuple[Promise, ...]]

    #: What to expect of ``--verbatim``, the article's commands alone, in words.
    verbatim_note: ClassVar[str] = ""

    #: The mode needs facts about firewalls, policy rules, hardware and managers as well.
    thorough: ClassVar[bool] = False

    #: The mode's namespaces share a bridge.
    on_bridge: ClassVar[bool] = False

    #: The option that names the NIC by which the mode can cut the host off, so that a run may wait
    #: for a confirmation; "" if it cannot.
    confirms: ClassVar[str] = ""

    #: What the mode may object to, in words after "Go on"; "" if it never objects.
    objects: ClassVar[str] = ""

    #: Several names, or one text with commas between, are several namespaces. None takes a free
    #: name, with the process's number in it, alone and as one of several.
    namespace: Name = option(  # noqa: RUF009
        "A", "namespace's name", short="-n", multiple=True
    )

    def __post_init__(self) -> None:
        given = self.namespace if isinstance(self.namespace, list | tuple) else [self.namespace]
        names = [devices.free_namespace() if name is None else name for name in given]
        object.__setattr__(self, "namespace", _text(names))
        for item in fields(self):
            object.__setattr__(self, item.name, _text(getattr(self, item.name)))
        devices.validate_namespaces(self.names)
        attach.validate(self.process, self.names)
        self.validate()

    @property
    def names(self) -> tuple[str, ...]:
        """The namespaces' names."""
        return tuple(self.namespace.split(","))

    @property
    def name(self) -> str:
        """The first namespace's name."""
        return self.names[0]

    @property
    def process(self) -> str:
        """The process whose namespace gets the network; "" for a namespace of its own."""
        return self.parameters.get("attach", "")

    @property
    def alone(self) -> Self:
        """The same for one new namespace, as a copy of a machine has it, which has no processes."""
        own = {"attach": ""} if self.process else {}
        return replace(self, namespace=self.name, **own)

    @abstractmethod
    def validate(self) -> None:
        """Refuse values that no machine can allow; "" is still open."""

    @abstractmethod
    def topology(self, facts: Facts) -> Topology:
        """The mode's devices and addresses on a machine.

        Raises:
            Refused: the machine does not allow them.
        """

    def more(self, net: Topology, facts: Facts) -> Iterator[Topology]:
        """The devices and addresses of each other namespace, counted up from the first's.

        Raises:
            Refused: the machine has no room for them, or the mode is for one namespace.
        """
        raise Refused(f"{self.mode} makes one namespace at a time: name one")

    @abstractmethod
    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        """The conditions for the first command, of one namespace."""

    @abstractmethod
    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        """The commands in order, of one namespace, as the article has them."""

    def requirements_of_several(self, nets: Nets, facts: Facts) -> Iterator[Requirement]:
        """The conditions for the first command, of several namespaces."""
        yield from ()

    def several(self, nets: Nets, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        """The commands in order, of several namespaces, in batches."""
        yield from ()

    def on(self, facts: Facts) -> Self:
        """The same mode, with what only the machine tells: a device's own name, a namespace."""
        if not self.process:
            return self
        return replace(self, attach=attach.located(self.process, facts))  # type: ignore[call-arg]

    def flow(self, net: Topology, facts: Facts) -> Flow | None:
        """The packets that the host is to forward, if any, for the firewall's verdict."""
        return None

    def ways(self, net: Topology, facts: Facts) -> list[str]:
        """The gateways that the namespace may go by, the first if connections by it pass."""
        return []

    def objections(self, net: Topology, facts: Facts) -> Iterator[Finding]:
        """Why the mode would not do here what it promises, beside a firewall; a warning may be."""
        yield from ()

    def risks(self, net: Topology, facts: Facts) -> Iterator[Finding]:
        """What the mode does only if the run waits for a confirmation."""
        yield from ()

    def notices(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Finding]:
        """What to know before the run starts."""
        yield from notices.before_up(facts)
        if self.process:
            yield from attach.notices(self.name, self.process)

    def promised(self) -> Iterator[Promise]:
        """Who reaches whom with these options; a process's files for names are its own."""
        yield from (one for one in self.promises if not self.process or one.target != "a name")

    def inherited(self, net: Topology, facts: Facts) -> Iterator[Step]:
        """Steps that another network has run and this one shares."""
        yield from ()

    def namespaced(self, facts: Facts) -> Iterator[Step]:
        """The namespace, new or a process's."""
        if self.process:
            yield attach.attach(self.name, self.process)
        else:
            yield iproute.add_namespace(self.name)
            yield from sysctl.as_on_host(self.name, facts)

    def set_lo_up(self, name: str) -> Step:
        """The loopback's switching on; a process's namespace gets back what it had."""
        return attach.set_lo_up(name, self.process) if self.process else iproute.set_up("lo", name)

    @property
    def resolving(self) -> tuple[str, ...]:
        """The namespaces that get files for names; a process would not see them."""
        return () if self.process else self.names

    @property
    def network(self) -> str:
        """The network's name."""
        return name_of(self.names)

    @property
    def group(self) -> str:
        """The group of the host's ends, where there are several namespaces."""
        return several.group(self.mode, self.names)

    @classmethod
    def options(cls) -> tuple[Field[str], ...]:
        """The options, each a field with the metadata of ``option``."""
        return fields(cls)

    @classmethod
    def otherwise(cls, option: Field[str]) -> str:
        """What an option settles to if it is not given: in words, or the article's value."""
        return str(option.metadata["otherwise"] or getattr(cls.article, option.name, ""))

    @classmethod
    def own_addresses(cls) -> tuple[str, ...]:
        """The addresses that it takes on an empty machine, in CIDR, one of each subnet."""
        settled = [cls.otherwise(item) for item in fields(cls) if not item.metadata["required"]]
        subnets = {ip_interface(text).network: text for text in settled if CIDR.fullmatch(text)}
        return tuple(subnets.values())

    @classmethod
    def summary(cls) -> str:
        """What the mode does, in one sentence."""
        return (cls.__doc__ or "").partition("\n")[0]

    @classmethod
    def help(cls) -> str:
        """What ``help`` shows: the summary, the options with what each settles to, an example."""
        parameters = [f"{item.name}: {item.metadata['meaning']}" for item in fields(cls)]
        notes = [
            f" ({note})" if (note := cls.otherwise(item).lstrip(", ")) else ""
            for item in fields(cls)
        ]
        options = map("".join, zip(parameters, notes, strict=True))
        needed = ", ".join(f'{name}="{value}"' for name, value in cls.needed().items())
        return HELP.format(cls.summary(), "\n    ".join(options), cls.__name__, needed)

    @classmethod
    def needed(cls) -> dict[str, str]:
        """The required options by name, with the article's values."""
        required = [item.name for item in fields(cls) if item.metadata["required"]]
        return {name: getattr(cls.article, name) for name in required}

    @classmethod
    def draw(cls, namespace: str, net: Topology) -> str:
        """The picture with these names and addresses."""
        return cls.picture.format(namespace=namespace, **asdict(net)).rstrip("\n")

    @property
    def missing(self) -> list[Field[str]]:
        """The options that it cannot do without and that are not given."""
        required = (item for item in fields(self) if item.metadata["required"])
        return [item for item in required if not getattr(self, item.name)]

    @property
    def parameters(self) -> dict[str, str]:
        """The value of every option, by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def settle(self, facts: Facts) -> Topology:
        """The mode's devices and addresses on a machine, validated.

        Raises:
            Refused: they do not fit together, or the machine does not allow them.
        """
        net = self.topology(facts)
        self.settled(net)  # refuses values that do not fit together
        return net

    def settled(self, net: Topology) -> Description:
        """The same mode with every option settled.

        Raises:
            Refused: two values do not fit together.
        """
        values = {name: value or getattr(net, name, "") for name, value in self.parameters.items()}
        return replace(self, **values)

    def render(self, net: Topology, facts: Facts, verdict: Verdict) -> Plan:
        """The plan of this mode, settled to a topology, given the firewall's verdict."""
        more = tuple(self.more(net, facts)) if self.names[1:] else ()
        steps, requirements = self.steps(net, facts, verdict), self.requirements(net, facts)
        if more:
            steps = self.several((net, *more), facts, verdict)
            requirements = self.requirements_of_several((net, *more), facts)
        if self.process:
            requirements = chain(attach.requirements(self.process), requirements)
        return Plan(
            self.mode,
            self.names,
            self.settled(net).parameters,
            net,
            tuple(steps),
            tuple(requirements),
            tuple(self.promised()),
            tuple(self.inherited(net, facts)),
            tuple(finding.notice for finding in self.notices(net, facts, verdict)),
            self.draw(self.name, net),
            bool(self.confirms),
            more,
        )
