"""What the host's firewall does with a mode's packets, as values that a mode can read."""

from dataclasses import dataclass, field

from netmodes.plan.finding import Finding

#: The chain that Docker reserves for rules of its users.
DOCKER = "DOCKER-USER"

#: What the names of the tables begin with by which the kernel tells of packets.
TRACE = "netmodes-trace"

#: The tables of iptables, whose own chains are in capitals.
OF_IPTABLES = ("filter", "nat", "mangle", "raw", "security")


@dataclass(frozen=True)
class Packet:
    """A packet that matters to a mode; its answer matters as well.

    Args:
        sender: who sends it: "namespace", "LAN" or "host".
        target: the address that it is for.
        protocol: "icmp", "tcp" or "udp".
        port: the port that it is for; 0 for none.
    """

    sender: str
    target: str
    protocol: str
    port: int = 0


@dataclass(frozen=True)
class Drop:
    """What drops a packet: a rule, or the policy of a chain.

    Args:
        hook: where the packet was: "prerouting", "input", "forward", "output", "postrouting".
        table: the family and the name of the table.
        chain: the name of the chain.
        rule: the rule as its own program lists it; "" for the chain's policy.
        every: the rule is for every packet that comes to it.
        handle: the rule's number, by which it is found.
    """

    hook: str
    table: str
    chain: str
    rule: str = ""
    every: bool = False
    handle: int = field(default=0, compare=False)

    @property
    def is_of_iptables(self) -> bool:
        """Whether it is iptables' to change; nft may have a table of the same name."""
        family, _, table = self.table.partition(" ")
        own = self.rule.startswith("-A ") or (not self.rule and self.chain.isupper())
        return family == "ip" and table in OF_IPTABLES and own

    @property
    def of_table(self) -> tuple[str, ...]:
        """The words by which iptables is told the table; filter needs none."""
        table = self.table.partition(" ")[2]
        return () if table == "filter" else ("-t", table)


@dataclass(frozen=True)
class Fate:
    """What becomes of a packet and of its answer, by the kernel's own word.

    Args:
        passes: whether both arrive; None where that is unknown.
        drop: what drops one of them.
        lost: where it is lost that no rule drops.
        source: the address that it leaves this machine with; "" where it does not, or is unknown.
    """

    passes: bool | None
    drop: Drop | None = None
    lost: str = ""
    source: str = ""

    @property
    def is_unanswered(self) -> bool:
        """Whether it has left the machine, and nothing comes back."""
        return self.lost == "lost after postrouting"


@dataclass(frozen=True)
class Verdicts:
    """What the kernel said of a mode's packets, in a copy of the machine.

    Args:
        today: of those for the host, before the first command.
        up: of those and the namespace's, while the network is up.
        chain: where an accept was tried then; "" for none.
        outs: the devices that the namespace's packets leave by.
        accepted: of all, with that accept.
        fixed: of the namespace's, once each fix for what drops them has been typed.
        further: what drops the namespace's packets once what drops them first lets them pass.
        left: the rules that the copy has not, each with why.
        gateways: whether the namespace's packets pass by each gateway that was tried.
    """

    today: dict[Packet, Fate] = field(default_factory=dict)
    up: dict[Packet, Fate] = field(default_factory=dict)
    chain: str = ""
    outs: tuple[str, ...] = ()
    accepted: dict[Packet, Fate] = field(default_factory=dict)
    fixed: dict[Packet, Fate] = field(default_factory=dict)
    further: tuple[Drop, ...] = ()
    left: tuple[str, ...] = ()
    gateways: dict[str, bool] = field(default_factory=dict)

    @property
    def last(self) -> dict[Packet, Fate]:
        """Of all packets, with the accept if one was tried."""
        return self.accepted or self.up

    @property
    def in_the_end(self) -> dict[Packet, Fate]:
        """Of all packets, with every fix."""
        return {**self.last, **self.fixed}


@dataclass(frozen=True)
class Flow:
    """The packets of a namespace that the host is to forward, and their answers.

    Args:
        address: the namespace's address, without a prefix length.
        bridge: the host's device that they come in on.
        out: the host's device that they leave by; "" where unknown.
        uplink: the NIC whose own packets will come in on the bridge; "" for none.
        to: the addresses that it sends to, beside those outside.
        ports: the host's ports that are passed on to the namespace, each after its protocol.
    """

    address: str
    bridge: str
    out: str
    uplink: str = ""
    to: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the host's firewall does with a flow.

    Args:
        chain: the iptables chain that needs an accept for the flow; "" where the flow passes.
        outs: the devices that the accept is for; none for any.
        by: what drops the flow without it, in words.
        objections: reasons to refuse, told all at once.
        warnings: what may stop the flow.
    """

    chain: str = ""
    outs: tuple[str, ...] = ()
    by: str = ""
    objections: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
