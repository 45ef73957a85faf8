"""A packet's way from a namespace: what is known of it, and the results of a few tries.

Nothing here touches the system: ``follow`` tries, ``stages`` judges.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address

from netmodes.commands.addresses import bare
from netmodes.diagnose.inspection import Inspection
from netmodes.engine.record import Outcome
from netmodes.firewall.changes import Changes
from netmodes.firewall.live import Flows, Heard
from netmodes.machine.entries import Route
from netmodes.machine.facts import Facts
from netmodes.machine.printed import route_got
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network, Topology

#: What ``ip route get`` says where a route or rule of this type matches: EACCES, EHOSTUNREACH,
#: EINVAL.
FORBIDDING = {
    "Permission denied": "prohibit",
    "No route to host": "unreachable",
    "Invalid argument": "blackhole",
}

#: What keeps a machine from answering pings, and ARP that comes in on a device.
ECHO_IGNORED = "net.ipv4.icmp_echo_ignore_all"
ARP_IGNORED = "net.ipv4.conf.{}.arp_ignore"
HIDDEN = "the host answers no ARP"

#: What a stage of the way says: what is wrong, or a line on how the packet passes, or nothing.
Judgement = Finding | str | None

#: The last that a trace tells of a packet that is lost and that no rule drops.
SILENT = ("last prerouting", "last input")

#: What IPsec has dropped, by why (Documentation/networking/xfrm_proc.rst), and where.
IPSEC = "/proc/net/xfrm_stat"
COUNT = re.compile(r"^(Xfrm\w+)\s+(\d+)$", re.MULTILINE)

#: The outcome of a command that was not run.
UNTRIED = Outcome("", 1, "", "", 0.0)


@dataclass(frozen=True)
class Observations:
    """The results of a few tries; ``UNTRIED`` for what was not tried.

    Args:
        route: ``ip -j route get TARGET`` in the namespace.
        host_route: the same on the host, for a packet that comes in from the namespace.
        return_route: ``ip -j route get`` of the namespace's address, on the host.
        back: the same for an answer that comes in by where the packet has left.
        ping: a ping from the namespace to the target.
        host_ping: a ping from the host to the target.
        connect: a TCP connection from the namespace to the port, if one was given.
        neighbours: ``ip -j neigh`` in the namespace, after the pings.
        host_neighbours: the same on the host.
        listening: what listens on the port; None unless the target is on this machine.
        settings: what keeps the target's machine, or the host, from answering.
        before, after: what the host's IPsec counted before a second ping, and after it.
    """

    route: Outcome = UNTRIED
    host_route: Outcome = UNTRIED
    return_route: Outcome = UNTRIED
    back: Outcome = UNTRIED
    ping: Outcome = UNTRIED
    host_ping: Outcome = UNTRIED
    connect: Outcome = UNTRIED
    neighbours: Outcome = UNTRIED
    host_neighbours: Outcome = UNTRIED
    listening: Outcome | None = None
    settings: Outcome = UNTRIED
    before: Outcome = UNTRIED
    after: Outcome = UNTRIED


@dataclass(frozen=True)
class Trace:
    """A packet from a namespace of ours to an IPv4 address, and a TCP port or "".

    Args:
        inspection: the namespace's network.
        target: the address.
        port: the port.
        seen: the results of a few tries.
        flows: the numbers that a trace knows it by.
        heard: what the kernel told of it, by the namespace's name, "" for the host; nothing where
            it was not traced.
        stays: it does not leave the machine.
        stands: it stands for all that the namespace may send outside.
    """

    inspection: Inspection
    target: str
    port: str = ""
    seen: Observations = Observations()
    flows: Flows = field(default_factory=Flows)
    heard: dict[str, Heard] = field(default_factory=dict)
    stays: bool = False
    stands: bool = False

    @property
    def name(self) -> str:
        """The namespace's name."""
        return self.inspection.name

    @property
    def net(self) -> Topology:
        """The network's devices and addresses."""
        return self.inspection.net

    @property
    def host(self) -> Facts:
        """The host's facts."""
        return self.inspection.host

    @property
    def address(self) -> str:
        """The namespace's address."""
        return bare(self.net.address)

    #: The namespace's route, the host's, and the host's for the answer.
    route = cached_property[Route | None](lambda self: _route(self.seen.route))
    host_route = cached_property[Route | None](lambda self: _route(self.seen.host_route))
    return_route = cached_property[Route | None](lambda self: _route(self.seen.return_route))

    @property
    def to_itself(self) -> bool:
        """Whether the namespace sends it to itself."""
        return self.route is not None and self.route.dev == "lo"

    @property
    def to_host(self) -> bool:
        """Whether it is for the host."""
        local = self.host_route is not None and self.host_route.dev == "lo"
        return (local or self.host_has(self.target)) and not self.to_itself

    @property
    def through_host(self) -> bool:
        """Whether the host is to forward it."""
        return not self.to_itself and not self.to_host and self.host_has(self.next_hop)

    @property
    def into_host(self) -> bool:
        """Whether the host receives it, for itself or to forward it."""
        return self.to_host or self.through_host

    def host_has(self, address: str) -> bool:
        """Whether a device of the host has this address."""
        ip = ip_address(address)
        own = (one.ip for link in self.host.known("links") for one in link.addresses)
        return ip.is_loopback or ip in own

    @property
    def next_hop(self) -> str:
        """The address that the namespace sends it to."""
        return _hop(self.route) or self.target

    @property
    def exit(self) -> str:
        """The host's device that it leaves by, or ""."""
        return self.host_route.dev if self.through_host and self.host_route else ""

    @property
    def opens_all(self) -> bool:
        """Whether a fix is for all that the namespace sends outside, which goes by no VPN."""
        usual = self.host.exit is None or self.exit in ("", self.host.exit)
        return self.stands and usual and not self.to_host

    @property
    def exit_hop(self) -> str:
        """The address that the host sends it to."""
        return _hop(self.host_route) or self.target

    @property
    def lan_ports(self) -> list[str]:
        """The uplink, if it leaves the bridge by it."""
        uplink = self.net.uplink
        leaves = self.exit in (self.net.ingress, uplink) if self.through_host else not self.to_host
        return [uplink] if uplink and leaves else []

    @property
    def flow(self) -> int:
        """The number by which a trace knows what is asked about: the connection, or the ping."""
        return self.flows.port if self.port else self.flows.echo

    @property
    def changes(self) -> Changes | None:
        """What the host's rules did to it; None where it was not traced there."""
        return self.heard[""].changes if "" in self.heard else None

    @property
    def lost(self) -> str:
        """Where on the host it is lost that no rule of nft drops it: "first" or "last", before or
        after the rules for a hook, and that hook; "" for nowhere, or where that is unknown."""
        heard = self.heard.get("")
        if heard is None or self.arrives or heard.drop or heard.told.program:
            return ""
        hook = heard.told.hook
        return hook if hook.startswith("first") or hook in SILENT else ""

    @property
    def risen(self) -> str:
        """The first counter of the host's IPsec that rose with another ping; "" for none."""
        before, after = map(COUNT.findall, (self.seen.before.stdout, self.seen.after.stdout))
        return next((name for name, number in after if (name, number) not in before), "")

    @property
    def way(self) -> tuple[str, ...]:
        """What the host's route for it is asked by, as ``ip route get`` takes it."""
        asked = (self.target, "from", self.address, "iif", self.net.ingress)
        mark = self.changes.mark if self.changes else 0
        return (*asked, "mark", str(mark)) if mark else asked

    @property
    def back_by(self) -> str:
        """The host's device that the answer comes in by, so far as is known; "" for none."""
        index = self.changes.back_by if self.changes else 0
        names = (one.name for one in self.host.known("links") if index and one.index == index)
        out = self.exit if self.exit not in ("lo", self.net.ingress) else ""
        return next(names, out)

    def setting(self, name: str) -> int:
        """A setting of the machine that is to answer; 0 where it was not asked."""
        found = re.search(rf"^{re.escape(name)} = (\d+)$", self.seen.settings.stdout, re.M)
        return int(found[1]) if found else 0

    @property
    def is_answered(self) -> bool:
        """Whether the target answers, on the port if there is one."""
        return (self.seen.connect if self.port else self.seen.ping).status == 0

    @property
    def is_refused(self) -> bool:
        """Whether the target refuses the connection."""
        return "refused" in self.seen.connect.stderr

    @property
    def arrives(self) -> bool:
        """Whether the target answers anything at all."""
        return self.is_answered or self.is_refused or self.seen.ping.status == 0

    @property
    def nobody_listens(self) -> bool:
        """Whether the target is on this machine, and nothing listens on the port."""
        return self.seen.listening is not None and not self.seen.listening.stdout.strip()

    @cached_property
    def other(self) -> Network | None:
        """The network of ours whose address it is for, if that is another."""
        others = (one for one in self.host.known("networks") if one.name != self.name)
        found = (one for one in others if bare(one.topology.address or "") == self.target)
        return next(found, None)

    @property
    def inside(self) -> str:
        """The namespace of ours that it is for; "" for another machine."""
        return self.other.name if self.other else self.name if self.to_itself else ""

    @property
    def leaves(self) -> str:
        """The address that it has when it leaves the host; "" where that is unknown."""
        return self.heard[""].told.leaves if "" in self.heard else ""

    @property
    def translated(self) -> bool | None:
        """Whether it leaves the host by another address; None where that is unknown."""
        if self.leaves or "" in self.heard or self.host.nft is None:
            return self.leaves != self.address if self.leaves else None
        return False


def _route(outcome: Outcome) -> Route | None:
    """The route that ``ip -j route get`` prints, or None where there is none."""
    return route_got(outcome.stdout) if outcome.status == 0 else None


def _hop(route: Route | None) -> str:
    """The gateway of a route, or ""."""
    return str(route.gateway) if route and route.gateway else ""
