"""What a mode promises: who reaches whom, and who never does."""

from dataclasses import dataclass
from typing import Literal

#: "outside" is a machine of the LAN, "neighbour" another namespace on the same bridge.
Source = Literal["namespace", "host", "neighbour", "outside"]

Target = Literal[
    "itself",
    "namespace",
    "the host's end of the cable",
    "the bridge",
    "the host's other addresses",
    "the gateway",
    "outside",
    "a name",
    "its published ports",
]


@dataclass(frozen=True)
class Promise:
    """One promise of a mode: packets from the source reach the target, or they never do.

    "the gateway" is the host's own gateway, "outside" is what lies beyond it, "a name" is one that
    the namespace looks up, and "its published ports" are the host's.
    """

    source: Source
    target: Target
    reachable: bool
