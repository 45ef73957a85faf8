"""What the host's firewall does with a mode's packets, as values that a mode can read."""

import re
from dataclasses import dataclass, field

from netmodes.plan.finding import Finding

#: The chain that Docker reserves for rules of its users.
DOCKER = "DOCKER-USER"

#: What the names of the tables begin with by which the kernel tells of packets.
TRACE = "netmodes-trace"

#: The tables of iptables, whose own chains are in capitals.
OF_IPTABLES = ("filter", "nat", "mangle", "raw", "security")


#: What is said of a rule that drops some packets and not others, whatever they are.
CHANCE = "drops by chance"

#: How firewalld ends a zone.
OF_ZONE = re.compile(r'([io]ifname "[^"]+" )*(drop|reject with icmpx admin-prohibited)')

#: Where a rule is found: by its table, its chain and its handle.
Rule = tuple[str, str, int]


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

    @property
    def is_6(self) -> bool:
        """Whether it is of IPv6."""
        return ":" in self.target


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
        index: how many rules stand before it.
        legacy: it is iptables-legacy's, which has tables beside those of nf_tables.
    """

    hook: str
    table: str
    chain: str
    rule: str = ""
    every: bool = False
    handle: int = field(default=0, compare=False)
    index: int = field(default=0, compare=False)
    legacy: bool = False

    @property
    def is_of_iptables(self) -> bool:
        """Whether it is iptables' to change; nft may have a table of the same name."""
        family, _, table = self.table.partition(" ")
        own = self.rule.startswith("-A ") or (not self.rule and self.chain.isupper())
        return family == "ip" and table in OF_IPTABLES and own

    @property
    def is_of_firewalld(self) -> bool:
        """Whether it is firewalld's, whose rules are by zones."""
        return self.table == "inet firewalld"

    @property
    def place(self) -> Rule:
        """Where it is found."""
        return self.table, self.chain, self.handle

    @property
    def is_for_the_rest(self) -> bool:
        """Whether it drops what no rule speaks of: a policy, or a rule without a match.

        firewalld ends each of its zones so, and names the devices of two.
        """
        ends = self.is_of_firewalld and OF_ZONE.fullmatch(self.rule)
        return self.every or not self.rule or bool(ends)

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
        rules: those that were for it, by their handles.
    """

    passes: bool | None
    drop: Drop | None = None
    lost: str = ""
    source: str = ""
    rules: tuple[Drop, ...] = field(default=(), compare=False)

    @property
    def is_unanswered(self) -> bool:
        """Whether it has left the machine, and nothing comes back."""
        return self.lost == "lost after postrouting"

    @property
    def is_by_chance(self) -> bool:
        """Whether the next packet of its kind may fare otherwise."""
        return self.lost.endswith(CHANCE)


@dataclass(frozen=True)
class Verdicts:
    """What the kernel said of a mode's packets, in a copy of the machine.

    Args:
        today: of those for the host, before the first command.
        up: of those and the namespace's, while the network is up.
        chain: where an accept was tried then; "" for none.
        outs: the devices that the namespace's packets leave by.
        accepted: of all, with that accept.
        rules: those that are for what reaches the host today and would not then, by their handles.
        repeated: of all, with each of these rules that names the uplink repeated for the bridge;
            none where that does not help.
        tries: of the namespace's, each time that the fixes for what drops them have been typed.
        left: the rules that the copy has not, each with why.
        gateways: whether the namespace's packets pass by each gateway that was tried.
    """

    today: dict[Packet, Fate] = field(default_factory=dict)
    up: dict[Packet, Fate] = field(default_factory=dict)
    chain: str = ""
    outs: tuple[str, ...] = ()
    accepted: dict[Packet, Fate] = field(default_factory=dict)
    rules: dict[Rule, Drop] = field(default_factory=dict)
    repeated: dict[Packet, Fate] = field(default_factory=dict)
    tries: tuple[dict[Packet, Fate], ...] = ()
    left: tuple[str, ...] = ()
    gateways: dict[str, bool] = field(default_factory=dict)

    @property
    def last(self) -> dict[Packet, Fate]:
        """Of all packets, with the accept if one was tried."""
        return self.accepted or self.up

    @property
    def in_the_end(self) -> dict[Packet, Fate]:
        """Of all packets, with every fix."""
        return {**self.last, **self.repeated, **(self.tries[-1] if self.tries else {})}

    @property
    def cut(self) -> dict[Packet, Fate]:
        """Of those for the host that arrive today, and would not then."""
        cut = {one: self.last[one] for one, fate in self.today.items() if fate.passes}
        return {one: fate for one, fate in cut.items() if not (fate.passes or fate.is_by_chance)}


@dataclass(frozen=True)
class Flow:
    """The packets of a namespace that the host is to forward, and their answers.

    Args:
        address: the namespace's address, without a prefix length.
        bridge: the host's device that they come in on.
        out: the host's device that they leave by; "" where unknown.
        uplink: the NIC whose own packets will come in on the bridge; "" for none.
        to: the name servers that it asks.
        ports: the host's ports that are passed on to the namespace, each after its protocol.
        host: the host's addresses that it reaches, that of the bridge first.
        stays: it sends nothing further.
    """

    address: str
    bridge: str
    out: str
    uplink: str = ""
    to: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...] = ()
    host: tuple[str, ...] = ()
    stays: bool = False

    @property
    def own(self) -> tuple[str, ...]:
        """The bridge, and the NIC whose place it takes."""
        return self.bridge, self.uplink


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
