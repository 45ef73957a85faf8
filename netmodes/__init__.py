"""Network modes for Linux network namespaces, every command shown."""

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
