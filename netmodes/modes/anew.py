"""The steps that networks of a machine elsewhere share, rendered anew.

Its journals are somebody else's text: of them count the mode, its options and its names and
addresses, each checked, and no command.
"""

from dataclasses import replace

from netmodes.commands import netfilter
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.modes.description import Description
from netmodes.plan.network import Network
from netmodes.plan.step import Step


def with_shares(facts: Facts) -> Facts:
    """The same facts, whose networks have the steps that they share."""
    found = {one.journal: _shares(one, facts) for one in facts.known("networks")}
    shared = [
        replace(one, shares=found.get(one.topology.joins or one.journal, ()))
        for one in facts.known("networks")
    ]
    return replace(facts, networks=shared, before={})


def _shares(one: Network, today: Facts) -> tuple[Step, ...]:
    """The steps that a network with a bridge of its own shares; none where that is unknown."""
    kind = _kinds().get(one.mode)
    if kind is None or not kind.on_bridge or one.topology.joins:
        return ()
    try:
        mode, facts = (
            kind(**one.parameters),
            replace((today.before or {})[one.journal], networks=[]),
        )
        verdict = netfilter.accepted(one.topology.bridge, today)
        return tuple(step for step in mode.steps(one.topology, facts, verdict) if step.share)
    except (Refused, LookupError, TypeError):
        return ()


def _kinds(known: type[Description] = Description) -> dict[str, type[Description]]:
    """Every mode that this process knows, by name."""
    found = {name: kind for one in known.__subclasses__() for name, kind in _kinds(one).items()}
    return found | ({known.mode: known} if "mode" in vars(known) else {})
