"""Network modes for Linux network namespaces, every command shown."""

from __future__ import annotations

from netmodes.errors import CommandFailed, Interrupted, NetmodesError, Refused
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts, namespace_facts
from netmodes.modes import MODES, Bridged, HostOnly, Isolated, Mode, Nat
from netmodes.plan.promise import Cell, NotAsPromised, Report, Result
from netmodes.plan.step import Check, Outcome, Plan, Record, Step
from netmodes.plan.undo import Undo

__version__ = "0.1.0"

__all__ = [
    "MODES",
    "Bridged",
    "Cell",
    "Check",
    "CommandFailed",
    "Facts",
    "HostOnly",
    "Interrupted",
    "Isolated",
    "Mode",
    "Nat",
    "NetmodesError",
    "NotAsPromised",
    "Outcome",
    "Plan",
    "Record",
    "Refused",
    "Report",
    "Result",
    "Step",
    "Undo",
    "host_facts",
    "namespace_facts",
]
