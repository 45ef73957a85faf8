"""A mode: a description and the verbs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netmodes import network
from netmodes.engine.confirm import validate_seconds
from netmodes.engine.record import Outcome, Record
from netmodes.engine.runner import Echo
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.modes.description import Description
from netmodes.plan.answer import Answer
from netmodes.plan.network import Network
from netmodes.plan.plan import Plan
from netmodes.plan.report import Report

if TYPE_CHECKING:
    from typing_extensions import Self


class Mode(Description):
    """A kind of network for one namespace, which can be put up and undone."""

    def plan(
        self,
        facts: Facts | None = None,
        *,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
    ) -> Plan:
        """The plan for a machine; nothing runs.

        Args:
            facts: the machine; None reads the facts of this one.
            verbatim: leave out the guard commands.
            anyway: go on against an objection.
            confirm: seconds within which a run must be confirmed; without, its risks are notices.

        Raises:
            Refused: the machine does not allow it, or the mode objects.
        """
        if confirm is not None:
            validate_seconds(confirm)
        facts = facts or host_facts(thorough=self.thorough)
        self._refuse_taken_name(facts)
        net = self.settle(facts)
        verdict = network.judge(self.flow(net, facts), facts)
        if verdict.objections and not (anyway or net.joins):
            raise Refused(verdict.objections[0])
        risks = () if confirm else self.risks(net, facts)
        plan = self.render(net, facts, replace(verdict, warnings=(*verdict.warnings, *risks)))
        return plan.verbatim() if verbatim else plan

    def script(
        self,
        facts: Facts | None = None,
        *,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
    ) -> str:
        """The plan as a bash script; see ``netmodes.script.bash``."""
        from netmodes.script.bash import render

        plan = self.plan(facts, verbatim=verbatim, anyway=anyway, confirm=confirm)
        return render(plan, confirm)

    def up(
        self,
        *,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
        check: bool = False,
        echo: Echo | None = None,
    ) -> Record:
        """Put the network up; see ``network.up``."""

        def render(facts: Facts) -> Plan | None:
            if self.is_up(facts):
                return None
            plan = self.plan(facts, verbatim=verbatim, anyway=anyway, confirm=confirm)
            risks = [*self.risks(plan.topology, facts)]
            if risks and confirm is None and not anyway:
                raise Refused(f"{risks[0]}, or go on with --anyway")
            return plan

        return network.up(
            self.namespace, render, thorough=self.thorough, confirm=confirm, check=check, echo=echo
        )

    def confirm(self) -> None:
        """Keep a network that ``up(confirm=…)`` put up; see ``network.confirm``."""
        network.confirm(self.namespace)

    def down(self, *, kill: bool = False, echo: Echo | None = None) -> None:
        """Undo the network; see ``network.down``."""
        network.down(self.namespace, kill=kill, echo=echo)

    def exec(self, *argv: str) -> Outcome:
        """Run a command in the namespace; see ``network.run``."""
        return network.run(self.namespace, *argv)

    def check(self, *, outside: str = "", echo: Echo | None = None) -> Report:
        """Try every promise of the network; see ``network.check``."""
        return network.check(self.namespace, outside=outside, echo=echo)

    def why(self, target: str, *, echo: Echo | None = None) -> Answer:
        """Follow a packet to the first fault; see ``network.why``."""
        return network.why(self.namespace, target, echo=echo)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down(kill=True)

    def is_up(self, facts: Facts) -> bool:
        """Whether just this network is up.

        Raises:
            Refused: a network of this name is up with other parameters, or was interrupted.
        """
        name, found = self.namespace, facts.network(self.namespace)
        if found is None:
            return False
        refuse_unless_up(found)
        if found.mode != self.mode:
            raise Refused(f"{name} is up as {found.mode}: `netmodes down {name}` first")
        has = found.parameters
        wants = {key: value for key, value in self.parameters.items() if value}
        differ = [key for key, value in wants.items() if has.get(key) != value]
        if differ:
            said = ", ".join(f"{key} {has.get(key)}, not {wants[key]}" for key in differ)
            raise Refused(f"{name} is up with {said}: `netmodes down {name}` first")
        return True

    def _refuse_taken_name(self, facts: Facts) -> None:
        """Refuse a namespace's name that is in use."""
        name = self.namespace
        if (found := facts.network(name)) is not None:
            refuse_unless_up(found)
            raise Refused(
                f"{name} is up already: `netmodes down {name}` first, or choose another name"
            )
        if name in facts.known("namespaces"):
            raise Refused(f"namespace {name} exists and is not ours: choose another name")


def refuse_unless_up(network: Network) -> None:
    """Refuse to use a network of ours that is not up, or waits for its confirmation."""
    name = network.name
    if network.state == "unreadable":
        raise Refused(
            f"the journal of {name} cannot be read: `netmodes down {name}` says what to do"
        )
    if network.state == "unconfirmed":
        raise Refused(f"{name} waits for its confirmation: `netmodes confirm {name}`")
    if network.state != "up":
        raise Refused(f"{name} was interrupted: `netmodes down {name}` undoes it")
