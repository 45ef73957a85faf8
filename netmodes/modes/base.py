"""What every mode is: options checked at birth, settled on a machine's facts, rendered as steps.

Mode(options) ── settle(facts) ──▶ Topology ── render(topology, facts, verdict) ──▶ Plan
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import Field, asdict, dataclass, field, fields, replace
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Any, ClassVar

from netmodes import network
from netmodes.commands import devices, notices
from netmodes.engine.record import Outcome, Record
from netmodes.engine.runner import Echo
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network, Topology
from netmodes.plan.plan import Plan
from netmodes.plan.promise import Promise, Report
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.verdict import Flow, Verdict

if TYPE_CHECKING:
    from typing_extensions import Self

    from netmodes.plan.answer import Answer

#: An address with its prefix length.
CIDR = re.compile(r"[0-9.]+/[0-9]+")


def option(
    default: str,
    meaning: str,
    otherwise: str = "",
    *,
    metavar: str = "NAME",
    required: bool = False,
    multiple: bool = False,
    short: str = "",
    completes: str = "",
    suggest: Callable[[Facts], str] | None = None,
) -> Any:  # noqa: ANN401
    """A mode's option: always text, "" for one to be settled on the machine's facts.

    Args:
        default: its value where none is given.
        meaning: one line for ``--help``.
        otherwise: what "" settles to, in words; without it, the article's value.
        metavar: its shape, for ``--help``.
        required: there is no default.
        multiple: it may be given several times; as text, the values with commas between.
        short: its one-letter form on the command line.
        completes: what the Tab key offers: "device" for the host's devices.
        suggest: what to name on this machine where a required option is missing, in words.
    """
    metadata = {
        "meaning": meaning,
        "otherwise": otherwise or default,
        "metavar": metavar,
        "required": required,
        "multiple": multiple,
        "short": short,
        "completes": completes,
        "suggest": suggest or (lambda facts: f"name {meaning}"),
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Mode(ABC):
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

    def plan(
        self, facts: Facts | None = None, *, verbatim: bool = False, anyway: bool = False
    ) -> Plan:
        """The commands, rendered and not run.

        Args:
            facts: the machine they are for; None reads this one.
            verbatim: the article's commands alone, no guard commands.
            anyway: go on against an objection.

        Raises:
            Refused: the machine does not allow it.
        """
        facts = facts or host_facts(thorough=self.thorough)
        self._refuse_taken_name(facts)
        net = self.settle(facts)
        verdict = network.judge(self.flow(net, facts), facts)
        if verdict.objections and not (anyway or net.joins):
            raise Refused(verdict.objections[0])
        plan = self.render(net, facts, verdict)
        return plan.verbatim() if verbatim else plan

    def script(
        self, facts: Facts | None = None, *, verbatim: bool = False, anyway: bool = False
    ) -> str:
        """The same commands as bash; see ``netmodes.script.bash``."""
        from netmodes.script.bash import render

        return render(self.plan(facts, verbatim=verbatim, anyway=anyway))

    def up(
        self,
        *,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
        check: bool = False,
        echo: Echo | None = None,
    ) -> Record:
        """Run the commands; on a failure or signal undo what was done; see ``network.up``."""

        def render(facts: Facts) -> Plan | None:
            return None if self.is_up(facts) else self.plan(facts, verbatim=verbatim, anyway=anyway)

        return network.up(
            self.namespace,
            render,
            thorough=self.thorough,
            confirm=confirm,
            check=check,
            echo=echo,
        )

    def confirm(self) -> None:
        """Keep what ``up(confirm=…)`` has put up; see ``network.confirm``."""
        network.confirm(self.namespace)

    def down(self, *, kill: bool = False, echo: Echo | None = None) -> None:
        """Undo everything; see ``network.down``."""
        network.down(self.namespace, kill=kill, echo=echo)

    def exec(self, *argv: str) -> Outcome:
        """Run a command inside the namespace, to its end, as the current user."""
        return network.run(self.namespace, *argv)

    def check(self, *, outside: str = "", echo: Echo | None = None) -> Report:
        """Try every promise of the mode on the network that is up; see ``network.check``."""
        return network.check(self.namespace, outside=outside, echo=echo)

    def why(self, target: str, *, echo: Echo | None = None) -> Answer:
        """Follow a packet to the first thing that is wrong; see ``network.why``."""
        return network.why(self.namespace, target, echo=echo)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down(kill=True)

    def is_up(self, facts: Facts) -> bool:
        """Whether just this network is up.

        Raises:
            Refused: one of this name is, with other parameters; or it was interrupted.
        """
        network = facts.network(self.namespace)
        if network is None:
            return False
        name, there = self.namespace, network.parameters
        refuse_interrupted(network)
        if network.mode != self.mode:
            raise Refused(f"{name} is up as {network.mode}: `netmodes down {name}` first")
        wanted = {key: value for key, value in self.parameters.items() if value}
        differ = [key for key, value in wanted.items() if there.get(key) != value]
        if differ:
            said = ", ".join(f"{key} {there.get(key)}, not {wanted[key]}" for key in differ)
            raise Refused(f"{name} is up with {said}: `netmodes down {name}` first")
        return True

    def _refuse_taken_name(self, facts: Facts) -> None:
        """Refuse a namespace's name that is in use.

        Raises:
            Refused: it is.
        """
        name = self.namespace
        if (network := facts.network(name)) is not None:
            refuse_interrupted(network)
            raise Refused(
                f"{name} is up already: `netmodes down {name}` first, or choose another name"
            )
        if name in facts.known("namespaces"):
            raise Refused(f"namespace {name} exists and is not ours: choose another name")


def refuse_interrupted(network: Network) -> None:
    """Refuse to build on a network of ours that is not wholly up.

    Raises:
        Refused: it was interrupted, waits for its confirmation, or cannot be read.
    """
    name = network.name
    if network.state == "unreadable":
        raise Refused(
            f"the journal of {name} cannot be read: `netmodes down {name}` says what to do"
        )
    if network.state == "unconfirmed":
        raise Refused(f"{name} waits for its confirmation: `netmodes confirm {name}`")
    if network.state != "up":
        raise Refused(f"{name} was interrupted: `netmodes down {name}` undoes it")
