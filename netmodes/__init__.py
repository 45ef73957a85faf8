"""Network modes for Linux network namespaces, every command shown."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netmodes.engine.record import Outcome, Record
    from netmodes.errors import CommandFailed, Interrupted, NetmodesError, Refused
    from netmodes.handle import Handle, running
    from netmodes.machine.facts import Facts
    from netmodes.machine.read import host_facts, namespace_facts
    from netmodes.modes import MODES
    from netmodes.modes.base import Mode
    from netmodes.modes.bridged import Bridged
    from netmodes.modes.host_only import HostOnly
    from netmodes.modes.isolated import Isolated
    from netmodes.modes.nat import Nat
    from netmodes.plan.network import Network, Topology
    from netmodes.plan.plan import Plan
    from netmodes.plan.promise import Promise
    from netmodes.plan.rehearsal import Rehearsal
    from netmodes.plan.report import NotAsPromised, Report, Result
    from netmodes.plan.requirement import Requirement
    from netmodes.plan.step import Step
    from netmodes.plan.undo import Undo
    from netmodes.version import __version__

#: Where each name is; a module is imported once its name is asked for.
PLACES = {
    "engine.record": ("Outcome", "Record"),
    "errors": ("CommandFailed", "Interrupted", "NetmodesError", "Refused"),
    "handle": ("Handle", "running"),
    "machine.facts": ("Facts",),
    "machine.read": ("host_facts", "namespace_facts"),
    "modes": ("MODES",),
    "modes.base": ("Mode",),
    "modes.bridged": ("Bridged",),
    "modes.host_only": ("HostOnly",),
    "modes.isolated": ("Isolated",),
    "modes.nat": ("Nat",),
    "plan.network": ("Network", "Topology"),
    "plan.plan": ("Plan",),
    "plan.promise": ("Promise",),
    "plan.rehearsal": ("Rehearsal",),
    "plan.report": ("NotAsPromised", "Report", "Result"),
    "plan.requirement": ("Requirement",),
    "plan.step": ("Step",),
    "plan.undo": ("Undo",),
    "version": ("__version__",),
}

__all__ = [
    "MODES",
    "Bridged",
    "CommandFailed",
    "Facts",
    "Handle",
    "HostOnly",
    "Interrupted",
    "Isolated",
    "Mode",
    "Nat",
    "NetmodesError",
    "Network",
    "NotAsPromised",
    "Outcome",
    "Plan",
    "Promise",
    "Record",
    "Refused",
    "Rehearsal",
    "Report",
    "Requirement",
    "Result",
    "Step",
    "Topology",
    "Undo",
    "__version__",
    "host_facts",
    "namespace_facts",
    "running",
]


def __getattr__(name: str) -> object:
    for place, names in PLACES.items():
        if name in names:
            return getattr(import_module(f"netmodes.{place}"), name)
    raise AttributeError(f"module 'netmodes' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
