"""A mode: a description and the verbs."""

from __future__ import annotations

import os
from abc import ABCMeta
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from netmodes import network
from netmodes.commands import attach
from netmodes.engine.confirm import validate_seconds
from netmodes.engine.record import Record
from netmodes.engine.runner import Echo, load
from netmodes.engine.signals import put_off
from netmodes.errors import Refused
from netmodes.handle import Handle, Verbs
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts
from netmodes.modes.anew import with_shares
from netmodes.modes.description import Description
from netmodes.plan.finding import Finding
from netmodes.plan.network import Topology, refuse_unless_up
from netmodes.plan.plan import Plan
from netmodes.plan.rehearsal import Rehearsal
from netmodes.plan.verdict import Flow, Verdict

#: What the user of a mode needs, beside its options; all else makes it a mode.
USED = """
    __enter__ __exit__ check confirm down exec mode names parameters plan rehearse script unit up
    why
    """.split()


class Shown(ABCMeta):
    """A class of which ``help`` and ``dir`` show what its user needs."""

    def __dir__(cls) -> list[str]:
        return [*USED, *getattr(cls, "__match_args__", ())]


def told(objections: list[Finding]) -> list[Finding]:
    """The objections, each fix once; it may do for other rules of that chain as well."""
    drops = [(one.what.partition(" (")[0], one.evidence, one.fix) for one in objections]
    fixed = {(what, chain) for what, chain, fix in drops if fix}
    return [
        one
        for at, one in enumerate(objections)
        if (drops[at] not in drops[:at] if one.fix else drops[at][:2] not in fixed)
    ]


class Mode(Description, Verbs, metaclass=Shown):
    """A kind of network for one namespace, which can be put up and undone.

    A ``with`` puts it up, and takes down what it put up itself, in this process; it refuses a
    network that is up already.
    """

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
        if verbatim and self.names[1:]:
            raise Refused("the article's commands are for one namespace: leave out --verbatim")
        facts = facts or self.read()
        facts = with_shares(facts) if facts.before else facts
        return self.on(facts)._plan(facts, verbatim, anyway, confirm)

    def read(self, meanwhile: Callable[[], None] | None = None) -> Facts:
        """The facts of this machine, as far as the mode asks about it."""
        return host_facts(
            thorough=self.thorough,
            uplink=self.parameters.get("uplink", ""),
            process=attach.pid(self.process),
            meanwhile=meanwhile,
        )

    def _plan(self, facts: Facts, verbatim: bool, anyway: bool, confirm: float | None) -> Plan:
        self._refuse_taken_names(facts)
        for option in self.missing:
            raise Refused(f"{self.mode} needs --{option.name}: {option.metadata['suggest'](facts)}")
        net, facts, verdict = self._judged(facts)
        objections = self._objected(net, facts, verdict)
        if objections and not anyway:
            raise Refused("; ".join(map(str, objections)) + ", or go on with --anyway")
        risks = () if confirm else self.risks(net, facts)
        verdict = replace(verdict, warnings=(*verdict.warnings, *risks))
        plan = self.render(net, facts, verdict)
        return plan.verbatim() if verbatim else plan

    def objected(self, facts: Facts) -> list[Finding]:
        """What the mode objects to on a machine, for which ``plan`` refuses.

        Raises:
            Refused: the machine does not allow it.
        """
        return self._objected(*self._judged(facts))

    def _judged(self, facts: Facts) -> tuple[Topology, Facts, Verdict]:
        """The names and addresses, what the kernel says of the packets, and the verdict on them."""
        net = self.settle(facts)
        flow = self.flow(net, facts)
        facts = self._asked(net, flow, facts)
        return net, facts, network.judge(flow, facts)

    def _objected(self, net: Topology, facts: Facts, verdict: Verdict) -> list[Finding]:
        """What a firewall drops does not matter on a way that the mode does not take."""
        if net.joins:
            return []
        sure = [one for one in self.objections(net, facts) if one.level == "error"]
        return told(sure or [*verdict.objections])

    def _asked(self, net: Topology, flow: Flow | None, facts: Facts) -> Facts:
        """The facts with the kernel's verdicts on the mode's packets, where rules may drop any."""
        if flow is None or net.joins or facts.verdicts is not None:
            return facts
        from netmodes.rehearse.verdicts import learn

        render = partial(self.alone.render, net, facts)
        found = learn(render, flow, facts, self.ways(net, facts))
        return replace(facts, verdicts=found)

    def script(
        self,
        facts: Facts | None = None,
        *,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
    ) -> str:
        """The plan as a bash script, which needs no Python.

        Args:
            facts, verbatim, anyway: as for ``plan``.
            confirm: seconds within which somebody must confirm a run of the script.

        Raises:
            Refused: the machine does not allow it, or the mode objects.
        """
        from netmodes.script.bash import render

        plan = self.plan(facts, verbatim=verbatim, anyway=anyway, confirm=confirm)
        return render(plan, confirm)

    def unit(self) -> str:
        """A systemd unit that runs the script at boot; see ``netmodes.script.unit``.

        Raises:
            Refused: it is for the namespace of a process, of which none outlives a boot.
        """
        from netmodes.script.unit import unit

        if self.process:
            raise Refused("no process outlives a boot: leave out --attach")
        return unit(self.mode, self.names)

    def rehearse(
        self,
        facts: Facts | None = None,
        *,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
    ) -> Rehearsal:
        """Try the mode in a copy of a machine, and touch nothing outside: up, check and down.

        Args:
            facts: the machine, by ``host_facts(whole=True)``; None for this one.
            verbatim, anyway, confirm: as for ``up``; in the copy nobody has to confirm.
        """
        from netmodes.rehearse.rehearse import rehearse

        here = facts or host_facts(whole=True)
        try:
            plan = self.alone.plan(here, verbatim=verbatim, anyway=anyway, confirm=confirm)
        except Refused as error:
            return Rehearsal(self.mode, self.network, refused=str(error))
        return rehearse(plan, here, elsewhere=facts is not None)

    def up(
        self,
        *,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
        check: bool = False,
        echo: Echo | None = None,
    ) -> Record:
        """Put the network up, and leave it up; on a failure or signal undo what was done.

        Args:
            verbatim: leave out the guard commands.
            anyway: go on against an objection.
            confirm: seconds, 1 to 86400, within which ``confirm`` must be called, or a watcher
                undoes everything; None for no watcher.
            check: try every promise; if one is not kept, undo everything.
            echo: is given each line before it runs, as ``print`` would be.

        Returns:
            The record; without outcomes if the same network was up already.

        Raises:
            Refused: the machine does not allow it, or it is up with other options, or this process
                is not root; nothing was touched.
            CommandFailed, NotAsPromised, Interrupted: what was done is undone; ``left`` of the
                error says what could not be.
        """

        def render(facts: Facts) -> Plan | None:
            return None if self.is_up(facts) else self._safe_plan(facts, verbatim, anyway, confirm)

        read = partial(self.read, meanwhile=load)
        return network.up(self.names, render, read=read, confirm=confirm, check=check, echo=echo)

    def confirm(self) -> None:
        """Keep a network that ``up(confirm=…)`` put up.

        Raises:
            Refused: it is not up, or not any more.
        """
        network.confirm(self.network)

    def down(self, *, kill: bool = False, echo: Echo | None = None) -> None:
        """Undo the network, newest command first; one that is not up is left so.

        Args:
            kill: end the processes in the namespace, rather than refuse.
            echo: is given each line before it runs.

        Raises:
            Refused: the namespace is not ours, or processes run in it.
            NetmodesError: something is left; the text says what.
            KeyboardInterrupt: Ctrl-C came; the network is down nevertheless.
        """
        with put_off():
            if not network.down(self.network, kill=kill, echo=echo):  # or of more, that were put up
                network.down(*self.names, kill=kill, echo=echo)

    def __enter__(self) -> Handle:
        record = network.up(self.names, self._plan_alone, read=self.read)
        handle = Handle(self.namespace, record)
        vars(self)["_made"] = os.getpid(), handle
        return handle

    def __exit__(self, *_: object) -> None:
        """Take down what ``__enter__`` put up; a forked child put up nothing."""
        pid, handle = vars(self).pop("_made")
        if pid == os.getpid():
            with put_off():
                handle.end()
                network.down(self.network, kill=True, run=handle.record.run)

    def _plan_alone(self, facts: Facts) -> Plan:
        """The plan of a network that goes with its ``with``, so that nobody else may use it."""
        name, found = self.name, facts.network(self.name)
        if found is not None and found.state == "up":
            raise Refused(
                f"{name} is up already, and would be taken down at the end of this `with`: "
                f"`netmodes.running({name!r})` uses it as it is, `namespace=None` takes a free name"
            )
        return self._safe_plan(facts)

    def _safe_plan(
        self,
        facts: Facts,
        verbatim: bool = False,
        anyway: bool = False,
        confirm: float | None = None,
    ) -> Plan:
        """The plan of a run that cannot cut the user off for good, unless he takes that risk."""
        plan = self.plan(facts, verbatim=verbatim, anyway=anyway, confirm=confirm)
        risks = [*self.risks(plan.topology, facts)]
        if risks and confirm is None and not anyway:
            raise Refused(f"{risks[0]}, or go on with --anyway")
        return plan

    def is_up(self, facts: Facts) -> bool:
        """Whether just this network is up.

        Raises:
            Refused: a network of this name is up with other parameters, or was interrupted.
        """
        name, found = self.name, facts.network(self.name)
        if found is None:
            return False
        refuse_unless_up(found)
        whole = found.journal
        if found.mode != self.mode:
            raise Refused(f"{name} is up as {found.mode}: `netmodes down {whole}` first")
        names = [one.name for one in facts.known("networks") if one.journal == found.journal]
        has = {**found.parameters, "namespace": ",".join(names)}
        wants = {key: value for key, value in self.on(facts).parameters.items() if value}
        differ = [key for key, value in wants.items() if has.get(key) != value]
        if differ:
            said = ", ".join(f"{key} {has.get(key)}, not {wants[key]}" for key in differ)
            raise Refused(f"{name} is up with {said}: `netmodes down {whole}` first")
        return True

    def _refuse_taken_names(self, facts: Facts) -> None:
        """Refuse namespaces' names that are in use."""
        ours, others = facts.known("networks"), {*facts.known("namespaces")}
        up = {name: one for one in ours for name in (one.name, one.journal)}
        for name in (*self.names, self.network):
            if (found := up.get(name)) is not None:
                refuse_unless_up(found)
                said = found.name if name in self.names else f"{found.name}, of an earlier {name},"
                raise Refused(
                    f"{said} is up already: `netmodes down {name}` first, or choose another name"
                )
            if name in others:
                raise Refused(f"namespace {name} exists and is not ours: choose another name")
