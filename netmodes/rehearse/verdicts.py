"""The kernel's verdicts on packets, asked in one copy of a machine, question by question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import IO, Any

from netmodes.commands import iproute
from netmodes.firewall import fixes, judgement, questions
from netmodes.machine.facts import OUTSIDE, Facts
from netmodes.machine.path import environment
from netmodes.machine.progress import working
from netmodes.machine.read import packets_table
from netmodes.machine.table import Table
from netmodes.machine.thin import thinned
from netmodes.plan.plan import Plan
from netmodes.plan.step import Step
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import Drop, Fate, Flow, Packet, Rule, Verdict, Verdicts
from netmodes.rehearse.rehearse import PROGRAM

#: Chains behind each other that a packet is followed through.
DEEP = 4


@dataclass(frozen=True)
class Asked:
    """A copy of a machine that answers questions.

    Args:
        questions: where it takes them, a line each.
        answers: where it gives them.
    """

    questions: IO[str]
    answers: IO[str]

    def make(self, table: Table, name: str, *, counts: bool) -> None:
        """Be a copy of the machine of these facts, for a namespace of this name.

        Args:
            table: the facts.
            name: the name.
            counts: whether rules may count packets, so that each is to be the first.
        """
        with suppress(OSError):  # it ended; the first question tells
            request = {"asks": name, "table": table.entries, "counts": counts}
            print(json.dumps(request), file=self.questions, flush=True)

    def after(self, steps: Sequence[Step], packets: Iterable[Packet]) -> dict[Packet, Fate]:
        """What becomes of packets once these steps have run as well.

        Raises:
            NoCopy: there is none, or it broke off.
        """
        every = [*packets]
        told = self._ask(steps=[*map(asdict, steps)], packets=[*map(asdict, every)])
        failed = f"`{told['failed'][0]}` fails in a copy" if told["failed"] else ""
        fates = [_fate(one, failed or told["why"]) for one in told["fates"]]
        return dict(zip(every, fates, strict=True))

    def named(self, rules: Iterable[Drop]) -> dict[Rule, Drop]:
        """Rules in words, by where each is found."""
        told = self._ask(rules=[*map(asdict, rules)])
        return {one.place: one for one in (Drop(**rule) for rule in told["rules"])}

    def left(self) -> list[str]:
        """The rules that the copy has not."""
        return [*map(str, self._ask()["left"])]

    def outs(self, asked: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        """The devices that the kernel takes, each asked in the words of ``ip route get``."""
        return tuple(dict.fromkeys(self._ask(routes=asked)["out"]))

    def _ask(self, **more: object) -> dict[str, Any]:
        question = {"steps": [], "packets": [], "routes": [], "rules": [], **more}
        try:
            print(json.dumps(question), file=self.questions, flush=True)
            told = json.loads(self.answers.readline())
        except (OSError, ValueError) as error:
            raise NoCopy("the copy of this machine broke off") from error
        if "fates" not in told:
            raise NoCopy(told["why"])
        return dict(told)


class NoCopy(Exception):
    """No copy can be made of the machine, or it broke off."""


@contextmanager
def asked() -> Iterator[Asked]:
    """What will be a copy of a machine; it ends with this."""
    copy = subprocess.Popen(
        (sys.executable, PROGRAM, str(os.getpid())),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
        start_new_session=True,  # Ctrl-C is for this process, which ends the other
    )
    pipes = [pipe for pipe in (copy.stdin, copy.stdout) if pipe]
    try:
        yield Asked(*pipes)
    finally:
        copy.kill()
        copy.wait()
        for pipe in pipes:
            with suppress(OSError):
                pipe.close()


def learn(
    render: Callable[[Verdict], Plan], flow: Flow, facts: Facts, ways: Sequence[str]
) -> Verdicts | None:
    """What the kernel says of a mode's packets; None where no rule may drop any.

    Args:
        render: the plan, with or without an accept.
        flow: its packets.
        facts: the machine; what they lack is read of this one.
        ways: the gateways that the namespace may go by, its own first.
    """
    if questions.has_rules(facts):
        return in_copy(render, flow, facts, ways)
    why = questions.unread(facts)
    return Verdicts(left=(why,)) if why else None


@working("asks the kernel about packets, in a copy of this machine")
def in_copy(
    render: Callable[[Verdict], Plan], flow: Flow, facts: Facts, ways: Sequence[str]
) -> Verdicts:
    """What it says in a copy of the machine; where none can be made, why."""
    try:
        with asked() as copy:  # it starts while this machine is read
            plan = render(Verdict())
            known = facts.table or Table()
            table = packets_table(known) if facts.before is None else thinned(known)
            copy.make(table, plan.name, counts=questions.has_counts(facts))
            found = _passing(copy, plan, flow, facts, render)
            return replace(found, gateways=_gateways(copy, plan, found, ways))
    except NoCopy as error:
        return Verdicts(left=(str(error),))


def _gateways(copy: Asked, plan: Plan, found: Verdicts, ways: Sequence[str]) -> dict[str, bool]:
    """Whether packets pass by each gateway, where the host may see connections one way."""
    own = [one for one in found.last if (one.sender, one.target) == ("namespace", OUTSIDE)]
    if {bool(found.last[one].drop) for one in own} != {True, False}:
        return {}
    by = {one: _is_passed(copy, plan.name, one, own) for one in ways[1:]}
    return {**dict.fromkeys(ways[:1], False), **by}


def _passing(
    copy: Asked, plan: Plan, flow: Flow, facts: Facts, render: Callable[[Verdict], Plan]
) -> Verdicts:
    """What becomes of the packets today, while the network is up, and with an accept."""
    today = copy.after([], questions.reaching(flow, facts))
    greetings = questions.greetings(flow)
    own = [*questions.leaving(flow, facts), *questions.entering(flow, facts)]
    own += [*greetings, *greetings.values()]
    every = [*(one for one, fate in today.items() if fate.passes), *own]
    up = copy.after(plan.steps, every)
    to = () if flow.stays else (OUTSIDE, *(one for one in flow.to if one not in flow.host))
    outs = copy.outs([(one, "from", flow.address, "iif", flow.bridge) for one in to])
    dropped = judgement.presumed({one: up[one] for one in own}, facts)
    outs = judgement.ways(dropped, outs, flow, facts)
    found = Verdicts(today, up, outs=outs)
    for chain in judgement.entries(dropped, outs, flow, facts):
        more = [one for one in render(Verdict(chain, outs)).steps if one not in plan.steps]
        found = replace(found, chain=chain, accepted=copy.after(more, every))
        still = judgement.presumed({one: found.accepted[one] for one in own}, facts)
        if not judgement.entries(still, outs, flow, facts):
            break
    found = _fixed(copy, flow, _repeated(copy, flow, found, every, facts), own, facts)
    return replace(found, left=tuple(copy.left()))


def _repeated(
    copy: Asked, flow: Flow, found: Verdicts, every: list[Packet], facts: Facts
) -> Verdicts:
    """The same, with what becomes of packets once what lets them in today is repeated."""
    rules = {one.place: one for packet in found.cut for one in found.today[packet].rules}
    if not rules:
        return found
    found = replace(found, rules=copy.named(rules.values()))
    lines = fixes.repeated(found.cut, found, flow, facts)
    fates = copy.after([Step(line, "") for line in lines], every) if lines else {}
    helps = bool(fates) and all(fates[one].passes for one in found.cut)
    return replace(found, repeated=fates if helps else {})


def _fixed(copy: Asked, flow: Flow, found: Verdicts, own: list[Packet], facts: Facts) -> Verdicts:
    """The same, with what becomes of packets once each fix for what drops them has been typed."""
    typed = list[Argv]()
    for _ in range(DEEP):
        asked = judgement.counted({one: found.in_the_end[one] for one in own}, flow)
        drops = judgement.drops(asked).items()
        every = (fixes.fix(drop, packets, flow, found.outs, facts) for drop, packets in drops)
        lines = [line for fix in every for line in fix if line not in typed]
        if not lines:
            break
        typed += lines
        fixed = copy.after([Step(line, "") for line in lines], own)
        found = replace(found, tries=(*found.tries, fixed))
    return found


def _is_passed(copy: Asked, name: str, gateway: str, packets: list[Packet]) -> bool:
    """Whether the namespace's packets pass by this gateway."""
    found = copy.after([iproute.replace_default_route(gateway, name, "")], packets)
    return all(fate.passes for fate in found.values())


def _fate(told: dict[str, Any], failed: str) -> Fate:
    """A fate as it was told; once a command failed only what passes is known."""
    if failed and not told["passes"]:
        return Fate(None, lost=failed)
    drop = told["drop"]
    rules = tuple(Drop(**one) for one in told["rules"])
    return Fate(told["passes"], drop and Drop(**drop), told["lost"], told["source"], rules)
