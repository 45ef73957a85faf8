"""What the host's firewall does with the packets of a mode; a mode reads it and stays pure."""

from __future__ import annotations

from dataclasses import dataclass

from netmodes.plan.finding import Finding

#: The chain that Docker keeps for who wants more than it lets pass.
DOCKER = "DOCKER-USER"


@dataclass(frozen=True)
class Flow:
    """What a mode has the host forward: packets of a namespace, and the answers.

    Args:
        address: the namespace's address, without a prefix length.
        bridge: the host's device that they come in on.
        out: the host's device that they leave by; "" where that is not known.
        uplink: the NIC whose packets come in on the bridge from now on; "" for none.
    """

    address: str
    bridge: str
    out: str
    uplink: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the host's firewall does with a flow.

    Args:
        chain: the chain of iptables in which an accept lets it pass; "" where it passes already.
        objections: why not to go on, one sentence each.
        warnings: what may stop it.
    """

    chain: str = ""
    objections: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
