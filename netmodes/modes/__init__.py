"""The modes, by their names on the command line. A new mode is a new file and a line here."""

from netmodes.modes.base import Mode
from netmodes.modes.bridged import Bridged
from netmodes.modes.host_only import HostOnly
from netmodes.modes.isolated import Isolated
from netmodes.modes.nat import Nat

MODES: dict[str, type[Mode]] = {mode.mode: mode for mode in (Isolated, HostOnly, Bridged, Nat)}

for mode in MODES.values():
    mode.__doc__ = mode.help()
