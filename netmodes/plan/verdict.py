"""What the host's firewall does with a mode's packets, as values that a mode can read."""

from dataclasses import dataclass

from netmodes.plan.finding import Finding

#: The chain that Docker reserves for rules of its users.
DOCKER = "DOCKER-USER"


@dataclass(frozen=True)
class Flow:
    """The packets of a namespace that the host is to forward, and their answers.

    Args:
        address: the namespace's address, without a prefix length.
        bridge: the host's device that they come in on.
        out: the host's device that they leave by; "" where unknown.
        uplink: the NIC whose own packets will come in on the bridge; "" for none.
    """

    address: str
    bridge: str
    out: str
    uplink: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the host's firewall does with a flow.

    Args:
        chain: the iptables chain that needs an accept for the flow; "" where the flow passes.
        objections: reasons to refuse, one sentence each.
        warnings: what may stop the flow.
    """

    chain: str = ""
    objections: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
