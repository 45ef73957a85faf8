"""A plan: all that a run does, rendered and not yet run; JSON in and out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from netmodes.plan.network import Topology, promises_from, topology_from, topology_of
from netmodes.plan.promise import Promise
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step, step_from

#: The format number of the plan, in the journal and in the record.
FORMAT = 2


@dataclass(frozen=True)
class Plan:
    """The steps of one network, rendered and not yet run.

    Args:
        mode: the mode's name on the command line.
        namespaces: the names of its namespaces; the first is the network's.
        parameters: every option of the mode by name, settled, as text.
        topology: the devices and addresses that it makes.
        steps: the commands in order.
        requirements: what must hold before the first.
        promises: who reaches whom afterwards, and who must not.
        inherited: steps that another network has run and this one shares; they come first.
        notices: what to know before it starts, one sentence each.
        picture: the network, drawn with its names and addresses.
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

    @property
    def name(self) -> str:
        """The network's name, which is its first namespace's."""
        return self.namespaces[0]

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """All steps that this network may have to undo; the journal counts by their places."""
        return (*self.inherited, *self.steps)

    @property
    def shares(self) -> dict[int, str]:
        """What is shared, by its step's place in ``all_steps``."""
        return {index: step.share for index, step in enumerate(self.all_steps) if step.share}

    @property
    def shares_text(self) -> str:
        """The same as the journal keeps it: a line each, the place and the name."""
        return "".join(f"{index} {share}\n" for index, share in self.shares.items())

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands, each quoted for a shell."""
        return tuple(str(step) for step in self.steps)

    def verbatim(self) -> Plan:
        """The article's commands alone."""
        return replace(
            self,
            steps=tuple(step for step in self.steps if not step.guard),
            requirements=tuple(one for one in self.requirements if not one.guard),
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON; ``Plan.from_dict`` reads it."""
        return {"format": FORMAT, **asdict(self)}

    def intent(self) -> str:
        """As the journal keeps it, as JSON: without what is only for the eye at the moment."""
        data = self.to_dict()
        del data["notices"], data["picture"]
        return json.dumps(data)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """A plan from what ``to_dict`` or ``intent`` gave, after JSON.

        Raises:
            ValueError: it was written by a version with another format.
        """
        if data.get("format") == 1:
            data = _from_format_1(data)
        if data.get("format") != FORMAT:
            raise ValueError(f"format {data.get('format')!r} is not {FORMAT}")
        steps, inherited = (tuple(map(step_from, data[key])) for key in ("steps", "inherited"))
        required = ({**one, "argv": tuple(one["argv"])} for one in data["requirements"])
        return cls(
            data["mode"],
            tuple(data["namespaces"]),
            data["parameters"],
            topology_from(data["topology"]),
            steps,
            tuple(Requirement(**one) for one in required),
            promises_from(data["promises"]),
            inherited,
            tuple(data.get("notices", ())),
            data.get("picture", ""),
        )


def _from_format_1(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1, of netmodes before 26 November 2026, had one namespace and only parameters."""
    return {
        **data,
        "format": FORMAT,
        "namespaces": [data["namespace"]],
        "topology": asdict(topology_of(data["parameters"])),
        "requirements": data["checks"],
        "promises": [],
    }
