"""What ``ping`` and ``ip neigh`` printed."""

import json
import re

from netmodes.engine.record import Outcome
from netmodes.machine.printed import Json

#: A round trip's time, as ``ping`` prints it.
TIME = re.compile(r"time[=<]([\d.]+) ms")

#: An error message from a machine on the way, as ``ping`` prints it.
REFUSAL = re.compile(r"From ([\d.]+):? icmp_seq=\d+ (?!Redirect)(.+)")

#: The state of a neighbour that somebody has entered.
ENTERED = "PERMANENT"


def round_trip(ping: Outcome) -> float | None:
    """The first round trip's time in ms, as ping prints it."""
    found = TIME.search(ping.stdout)
    return float(found[1]) if found else None


def refusal(ping: Outcome) -> str:
    """Which machine on the way sent an error, and what it says; "" for none."""
    found = REFUSAL.search(ping.stdout)
    return f"{found[1]} says {found[2]}" if found else ""


def answers_arp(shown: Outcome, address: str) -> bool:
    """Whether the kernel has resolved this neighbour."""
    found: list[Json] = json.loads(shown.stdout or "[]", strict=False)
    return any(one.get("dst") == address and "lladdr" in one for one in found)


def mac_of(shown: Outcome, address: str, state: str = "") -> str:
    """The MAC that the kernel has for a neighbour, in this state or in any; "" for none."""
    found: list[Json] = json.loads(shown.stdout or "[]", strict=False)
    own = (one for one in found if one.get("dst") == address and state in ("", *one["state"]))
    return str(next((one.get("lladdr", "") for one in own), ""))


def is_asked(shown: Outcome, address: str) -> bool:
    """Whether the kernel has tried to resolve this neighbour; assumed if that is unknown."""
    found: list[Json] = json.loads(shown.stdout or "[]", strict=False)
    return shown.status != 0 or any(one.get("dst") == address for one in found)
