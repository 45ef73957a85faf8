"""What every mode is: parameters checked at birth, settled on a machine's facts, rendered as steps.

Mode(parameters) ── settle(facts) ──▶ the same, nothing left open ── steps() ──▶ Plan
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, field, fields
from functools import partial
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Any, ClassVar

from netmodes.commands import devices
from netmodes.diagnose import doctor
from netmodes.errors import Refused
from netmodes.journal import locked
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Cell, NotAsPromised, Report
from netmodes.plan.step import Check, Outcome, Plan, Record, Step

if TYPE_CHECKING:
    from typing_extensions import Self

    from netmodes.diagnose.why.trace import Answer

__all__ = ["Mode", "parameter", "refuse_interrupted", "refuse_others"]

Echo = Callable[[str], None]

#: An address with its prefix length.
CIDR = re.compile(r"[0-9.]+/[0-9]+")


def parameter(
    default: str,
    meaning: str,
    otherwise: str = "",
    *,
    metavar: str = "NAME",
    required: bool = False,
    multiple: bool = False,
) -> Any:  # noqa: ANN401
    """A mode's parameter: always text, "" for one to be settled on the machine's facts.

    Args:
        default: its value where none is given.
        meaning: one line for ``--help``.
        otherwise: what "" settles to on the article's machine.
        metavar: its shape, for ``--help``.
        required: there is no default.
        multiple: it may be given several times; as text, the values with commas between.
    """
    metadata: dict[str, Any] = {
        "meaning": meaning,
        "otherwise": otherwise or default,
        "metavar": metavar,
    }
    metadata |= {"required": required, "multiple": multiple}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Mode(ABC):
    """One kind of network for one namespace.

    Raises:
        Refused: a value is not a name or an address, or two of them do not fit.
    """

    #: ``insists`` says what there is in ``objections`` to go on against.
    mode: ClassVar[str]
    verbatim_note: ClassVar[str]
    reach: ClassVar[tuple[Cell, ...]]
    thorough: ClassVar[bool] = False
    insists: ClassVar[str] = ""
    namespace: str = parameter("A", "name of the namespace")

    def __post_init__(self) -> None:
        devices.check_namespace(self.namespace)
        self.validate()

    @abstractmethod
    def validate(self) -> None:
        """Refuse values that can be right on no machine; "" is still open."""

    @abstractmethod
    def settle(self, facts: Facts) -> Self:
        """The same with nothing left open, or refused by what the machine has."""

    @abstractmethod
    def checks(self, facts: Facts) -> Iterator[Check]:
        """What must hold on the machine before the first command; the mode is settled."""

    @abstractmethod
    def steps(self, facts: Facts) -> Iterator[Step]:
        """The commands in order; the mode is settled."""

    def objections(self, facts: Facts) -> Iterator[str]:
        """Why not to go on, one sentence each, unless the user does anyway; the mode is settled."""
        yield from ()

    def notices(self, facts: Facts) -> Iterator[Finding]:
        """What to know before it starts; the mode is settled."""
        yield from doctor.before_up(facts)

    def inherited(self, facts: Facts) -> Iterator[Step]:
        """Steps that another network has run and this one shares; the mode is settled."""
        yield from ()

    @classmethod
    def options(cls) -> tuple[Field[str], ...]:
        """The parameters, with what ``parameter`` says of each."""
        return fields(cls)

    @classmethod
    def own_addresses(cls) -> tuple[str, ...]:
        """The addresses it takes where none are given and all are free, one of each subnet."""
        settled = [option.metadata["otherwise"] for option in fields(cls)]
        subnets = {ip_interface(text).network: text for text in settled if CIDR.fullmatch(text)}
        return tuple(subnets.values())

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").partition("\n")[0]

    @property
    def parameters(self) -> dict[str, str]:
        """Every parameter by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def plan(
        self, facts: Facts | None = None, *, verbatim: bool = False, anyway: bool = False
    ) -> Plan:
        """The commands, rendered and not run.

        Args:
            facts: the machine they are for; None reads this one.
            verbatim: the article's commands alone, no guard commands.
            anyway: go on against ``objections``.

        Raises:
            Refused: the machine does not allow it.
        """
        facts = facts or host_facts(thorough=self.thorough)
        self._refuse_taken_name(facts)
        mode = self.settle(facts)
        if not anyway and (objection := next(mode.objections(facts), None)):
            raise Refused(objection)
        plan = Plan(
            mode.mode,
            mode.namespace,
            mode.parameters,
            tuple(mode.steps(facts)),
            tuple(mode.checks(facts)),
            tuple(mode.inherited(facts)),
            tuple(finding.notice for finding in mode.notices(facts)),
        )
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
        """Run the commands; on a failure or signal take back what was done.

        Args:
            verbatim: the article's commands alone, no guard commands.
            anyway: go on against ``objections``.
            confirm: seconds; unless ``confirm`` is called within them, or if this process ends
                before, a watcher takes everything back.
            check: try every promise of the mode; if one is not kept, take everything back.
            echo: is given each line before it runs.

        Returns:
            The record; without outcomes if the same network was up already.

        Raises:
            Refused: the machine does not allow it; nothing was touched.
            CommandFailed: a command failed; what was done has been taken back.
            NotAsPromised: a promise is not kept; the same, but for what was up already.
            Interrupted: the same, after a signal.
        """
        from netmodes.engine import down as updown
        from netmodes.engine.runner import Runner, silent
        from netmodes.network import need_root

        need_root()
        with locked() as lock:
            facts = host_facts(thorough=self.thorough)
            if self._is_up(facts):
                report = self._checked(echo) if check else None
                return Record(updown.running(self.namespace).plan, (), report)
            plan = self.plan(facts, verbatim=verbatim, anyway=anyway)
            promises = partial(self.check, echo=echo) if check else None
            return updown.put_up(plan, Runner(echo or silent, lock), facts, confirm, promises)

    def _checked(self, echo: Echo | None) -> Report:
        """What came of every promise, of a network that was up before and stays.

        Raises:
            NotAsPromised: one is not kept.
        """
        report = self.check(echo=echo)
        if report.differing:
            raise NotAsPromised(report)
        return report

    def confirm(self) -> None:
        """Keep what ``up(confirm=…)`` has put up; see ``netmodes.network.confirm``."""
        from netmodes.network import confirm

        confirm(self.namespace)

    def down(self, *, kill: bool = False, echo: Echo | None = None) -> None:
        """Take everything back; see ``netmodes.network.down``."""
        from netmodes.network import down

        down(self.namespace, kill=kill, echo=echo)

    def exec(self, *argv: str) -> Outcome:
        """Run a command inside the namespace, to its end, as the current user."""
        from netmodes.engine.runner import Runner

        return Runner().quietly(("ip", "netns", "exec", self.namespace, *argv))

    def check(self, *, outside: str = "", echo: Echo | None = None) -> Report:
        """Try every promise of the mode on the network that is up; see ``diagnose.check``."""
        from netmodes.diagnose.check import check

        return check(self.namespace, outside=outside, echo=echo)

    def why(self, target: str, *, echo: Echo | None = None) -> Answer:
        """Follow a packet to the first thing that is wrong; see ``netmodes.diagnose.why``."""
        from netmodes.diagnose.why.why import why

        return why(self.namespace, target, echo=echo)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down(kill=True)

    def _is_up(self, facts: Facts) -> bool:
        """Whether just this network is up.

        Raises:
            Refused: one of this name is, with other parameters; or it was interrupted.
        """
        network = facts.network(self.namespace)
        if network is None:
            return False
        name, there = self.namespace, network["parameters"]
        refuse_interrupted(network)
        if network["mode"] != self.mode:
            raise Refused(f"{name} is up as {network['mode']}: `netmodes down {name}` first")
        wanted = {key: value for key, value in self.parameters.items() if value}
        differ = [key for key, value in wanted.items() if there.get(key) != value]
        if differ:
            said = ", ".join(f"{key} {there.get(key)}, not {wanted[key]}" for key in differ)
            raise Refused(f"{name} is up with {said}: `netmodes down {name}` first")
        return True

    def _refuse_taken_name(self, facts: Facts) -> None:
        name = self.namespace
        if (network := facts.network(name)) is not None:
            refuse_interrupted(network)
            raise Refused(
                f"{name} is up already: `netmodes down {name}` first, or choose another name"
            )
        if name in facts.known("namespaces"):
            raise Refused(f"namespace {name} exists and is not ours: choose another name")


def refuse_interrupted(network: dict[str, Any]) -> None:
    """Refuse to build on a network of ours that is not wholly up.

    Raises:
        Refused: it was interrupted, waits for its confirmation, or cannot be read.
    """
    name = network["name"]
    if network["state"] == "unreadable":
        raise Refused(
            f"the journal of {name} cannot be read: `netmodes down {name}` says what to do"
        )
    if network["state"] == "unconfirmed":
        raise Refused(f"{name} waits for its confirmation: `netmodes confirm {name}`")
    if network["state"] != "up":
        raise Refused(f"{name} was interrupted: `netmodes down {name}` takes it back")


def refuse_others(mode: Mode, there: dict[str, Any], *parameters: str) -> None:
    """Refuse to join a network with parameters that cannot differ from its own; "" is open.

    Raises:
        Refused: one differs.
    """
    for name in parameters:
        if getattr(mode, name) not in ("", there["parameters"][name]):
            bridge = there["parameters"]["bridge"]
            raise Refused(f"{there['name']} is on {bridge} already: leave {name} out")
