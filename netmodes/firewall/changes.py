"""What rules did to a packet that they let pass; each is put into words once it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from netmodes.firewall import trace
from netmodes.firewall.netlink import Event
from netmodes.plan.verdict import Drop

#: A rule by which the kernel does not know a connection.
UNTRACKED = re.compile(r"\bnotrack\b|\bct (\w+ )?zone set\b|-j CT --zone", re.IGNORECASE)

#: A rule by which a packet may go another way, to a program on this machine perhaps.
MARKS = re.compile(r"\bmark set\b|\btproxy to\b|-j (TPROXY|(CONN)?MARK)\b")

#: A rule that may have a packet die here.
TTL = re.compile(r"\bip ttl set\b|-j TTL\b")


@dataclass(frozen=True)
class Change:
    """That a packet is for another than whom it was sent to, or from another.

    Args:
        rule: the rule that has it so; None for one that no trace tells of.
        was: the packet as it came.
        now: the packet from then on; it is the same where this machine takes it for its own.
    """

    rule: Drop | None
    was: Event
    now: Event

    @property
    def is_kept(self) -> bool:
        """Whether this machine takes it for its own."""
        return self.was.target == self.now.target and self.was.port == self.now.port

    @property
    def end(self) -> str:
        """Whom it is for from then on, with its port."""
        return f"{self.now.target}:{self.now.port}" if self.now.port else self.now.target


@dataclass(frozen=True)
class Changes:
    """What rules did to a packet in one place.

    Args:
        events: what the kernel told of it.
        told: the same in short.
        name: has a rule in words.
    """

    events: Sequence[Event]
    told: trace.Told
    name: Callable[[Drop], Drop]

    @property
    def mark(self) -> int:
        """The mark that it has when it is routed; 0 for none."""
        return next((one.mark for one in self._routed if not one.answer), 0)

    @property
    def back_by(self) -> int:
        """The ifindex of the device that the answer comes in by; 0 where none does."""
        return next((one.came_by for one in self._routed if one.answer), 0)

    @cached_property
    def untracked(self) -> Drop | None:
        """What has the kernel not know its connection."""
        return self._entered(UNTRACKED)

    @cached_property
    def dies(self) -> Drop | None:
        """A rule that lowers its TTL."""
        return self._entered(TTL)

    @cached_property
    def turned(self) -> Change | None:
        """What has it go elsewhere: a rule that translates its target, or marks it."""
        for was, now, rule in self._steps():
            if (now.target, now.port) != (was.target, was.port):
                return Change(self._named(rule), was, now)
            if now.chain == "first-input":
                return Change(self._entered(MARKS), was, now)
        return None

    @cached_property
    def disguised(self) -> Change | None:
        """What gives it another source."""
        found = (one for one in self._steps() if one[0].source != one[1].source)
        return next((Change(self._named(rule), was, now) for was, now, rule in found), None)

    @property
    def _routed(self) -> list[Event]:
        return [one for one in self.events if one.chain == "last-prerouting"]

    def _named(self, rule: Event | None) -> Drop | None:
        return self.name(trace.dropped(rule, "")) if rule else None

    def _entered(self, does: re.Pattern[str]) -> Drop | None:
        """The first rule that does so before the packet was routed."""
        rules = (self.name(trace.dropped(event, "first prerouting")) for event in self.told.entered)
        return next((rule for rule in rules if does.search(rule.rule)), None)

    def _steps(self) -> Iterator[tuple[Event, Event, Event | None]]:
        """Each two headers of the packet, one after the other, and the rule between them."""
        rule = was = None
        for event in self.events:
            if event.source and not event.answer:
                if was:
                    yield was, event, rule
                was = event
            is_ours = trace.NAME in event.table
            rule = None if is_ours else event if event.kind == "rule" else rule
