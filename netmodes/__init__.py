"""Network modes for Linux network namespaces, every command shown."""

from __future__ import annotations

from netmodes.errors import CommandFailed, Interrupted, NetmodesError, Refused
from netmodes.facts import Facts
from netmodes.modes import MODES, Bridged, HostOnly, Isolated, Mode, Nat
from netmodes.step import Check, Outcome, Plan, Record, Step, Undo

__version__ = "0.1.0"

__all__ = [
    "MODES",
    "Bridged",
    "Check",
    "CommandFailed",
    "Facts",
    "HostOnly",
    "Interrupted",
    "Isolated",
    "Mode",
    "Nat",
    "NetmodesError",
    "Outcome",
    "Plan",
    "Record",
    "Refused",
    "Step",
    "Undo",
]
