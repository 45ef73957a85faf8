"""A plan: all that a run does, rendered and not yet run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from netmodes.plan.network import (
    Topology,
    name_of,
    promises_from,
    topology_from,
    topology_of,
)
from netmodes.plan.promise import Promise
from netmodes.plan.requirement import Requirement, requirement_from
from netmodes.plan.step import Step, step_from
from netmodes.plan.text import one_line, plain, text, text_by_name, texts, without_empty

#: The plan's format, in the journal and in the record.
FORMAT = 5


@dataclass(frozen=True)
class Plan:
    """The steps of one network, rendered and not yet run.

    Args:
        mode: the mode's name on the command line.
        namespaces: the names of its namespaces.
        parameters: every option of the mode by name, settled, as text.
        topology: the devices and addresses that it makes, for its first namespace.
        steps: the commands in order.
        requirements: what must hold before the first command.
        promises: who reaches whom afterwards, and who must not.
        inherited: steps that another network has run and this one shares, before its own.
        notices: what to know before the run starts, one sentence each.
        picture: the network as text, with its names and addresses.
        confirms: it can cut the host off, so that a run may wait for a confirmation.
        more: the devices and addresses of each other namespace.
    """

    mode: str
    namespaces: tuple[str, ...]
    parameters: dict[str, str]
    topology: Topology
    steps: tuple[Step, ...]
    requirements: tuple[Requirement, ...] = ()
    promises: tuple[Promise, ...] = ()
    inherited: tuple[Step, ...] = ()
    notices: tuple[str, ...] = ()
    picture: str = ""
    confirms: bool = False
    more: tuple[Topology, ...] = ()

    @property
    def name(self) -> str:
        """The network's name; see ``network.name_of``."""
        return name_of(self.namespaces)

    @property
    def process(self) -> tuple[str, str]:
        """The process whose namespace it is for, and that one's inode; "" for one of its own."""
        number, _, inode = self.parameters.get("attach", "").partition(":")
        return number, inode

    @property
    def topologies(self) -> dict[str, Topology]:
        """The devices and addresses of each namespace, by its name."""
        return dict(zip(self.namespaces, (self.topology, *self.more), strict=True))

    @property
    def members(self) -> str:
        """The namespaces as the journal of several keeps them, a line each; "" for one."""
        return "".join(f"{name}\n" for name in self.namespaces) if self.more else ""

    @property
    def ours(self) -> list[str]:
        """What a line about the network names: a device, or a subnet."""
        return [*dict.fromkeys(name for net in (self.topology, *self.more) for name in net.ours)]

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """All steps that this network may have to undo; the journal numbers them from 0."""
        return (*self.inherited, *self.steps)

    @property
    def hands_over(self) -> bool:
        """Whether it moves its uplink's addresses and routes to its bridge."""
        return any(step.share == f"addresses {self.topology.uplink}" for step in self.steps)

    @property
    def groups(self) -> Iterator[tuple[bool, list[tuple[int, Step]]]]:
        """The steps with their numbers, neighbours together: those with an undo, batches inside.

        What is looked for in a process's namespace is found once that has its name.
        """
        first = len(self.inherited)
        named = first if self.process[0] else -1

        def kind(item: tuple[int, Step]) -> tuple[bool, bool, bool]:
            number, step = item
            return step.undo is not None, step.inside != "", number == named

        for (noted, *_), group in groupby(enumerate(self.steps, start=first), kind):
            yield noted, list(group)

    @property
    def shares(self) -> dict[int, str]:
        """The shares, each by its step's index in ``all_steps``."""
        return {index: step.share for index, step in enumerate(self.all_steps) if step.share}

    @property
    def shares_text(self) -> str:
        """The shares as the journal keeps them: a line each, the index and the name."""
        return "".join(f"{index} {share}\n" for index, share in self.shares.items())

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands, each quoted for a shell."""
        return tuple(str(step) for step in self.steps)

    def verbatim(self) -> Plan:
        """The plan without its guard commands: the article's alone."""
        return replace(
            self,
            steps=tuple(step for step in self.steps if not step.guard),
            requirements=tuple(one for one in self.requirements if not one.guard),
        )

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON; ``Plan.from_dict`` reads it."""
        data = json.loads(json.dumps(self, default=vars))  # asdict takes five times as long
        return {"format": FORMAT, **data}

    def intent(self) -> str:
        """The JSON text that the journal keeps: what taking it back needs, and nothing empty."""
        data = self.to_dict()
        del data["notices"], data["picture"], data["requirements"]
        for steps in ("steps", "inherited"):
            data[steps] = list(map(without_empty, data[steps]))
        return json.dumps(data)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """A plan from the JSON of ``to_dict`` or ``intent``.

        Raises:
            ValueError: its format is unknown, or a value is not of its type.
            LookupError, TypeError, AttributeError: the JSON is no plan.
        """
        if data.get("format") == 1:
            data = _from_format_1(data)
        if data.get("format") not in (2, 3, 4, FORMAT):  # an undo tells its own
            raise ValueError(f"format {data.get('format')!r} is not {FORMAT}")
        steps, inherited = (tuple(map(step_from, data[key])) for key in ("steps", "inherited"))
        required = data.get("requirements", ()) if data["format"] > 2 else ()
        namespaces = tuple(map(plain, texts(data["namespaces"])))
        more = tuple(map(topology_from, data.get("more", ())))
        if len(namespaces) != 1 + len(more):
            raise ValueError("its namespaces are not those that it has addresses for")
        return cls(
            one_line(data["mode"]),
            namespaces,
            text_by_name(data["parameters"]),
            topology_from(data["topology"]),
            steps,
            tuple(map(requirement_from, required)),
            promises_from(data["promises"]),
            inherited,
            texts(data.get("notices", ())),
            text(data.get("picture", "")),
            bool(data.get("confirms", False)),
            more,
        )


def _from_format_1(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1, of netmodes before 26 November 2026, had one namespace and only parameters."""
    return {
        **data,
        "format": FORMAT,
        "namespaces": [data["namespace"]],
        "topology": asdict(topology_of(data["parameters"])),
        "promises": [],
    }
