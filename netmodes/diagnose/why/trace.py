"""A packet's way from a namespace: what is known of it, and what a few tries came to.

Nothing here touches the system: ``why`` tries, ``stages`` judges.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from netmodes.commands.addresses import bare
from netmodes.diagnose.parts import Parts
from netmodes.engine.record import Outcome
from netmodes.firewall.ruleset import Packet
from netmodes.machine.facts import Facts, Json
from netmodes.plan.finding import Finding
from netmodes.plan.undo import Argv

#: What `ping` says of an answer.
TIME = re.compile(r"time[=<]([\d.]+) ms")

#: What it says of a machine on the way that sends the packet back.
REFUSAL = re.compile(r"From ([\d.]+):? icmp_seq=\d+ (?!Redirect)(.+)")

#: What ``ip route get`` says of a route that is there to drop: EACCES, EHOSTUNREACH, EINVAL.
FORBIDDEN = ("Permission denied", "No route to host", "Invalid argument")

#: What a stage of the way says: what is wrong there, or a line on how it passes, or nothing.
Said = Finding | str | None


@dataclass(frozen=True)
class Tries:
    """What came of trying, with neighbours that were forgotten before.

    Args:
        route: ``ip -j route get TARGET`` in the namespace.
        passed: the same on the host for a packet that comes in from the namespace, if it does.
        back: the same on the host for the answer.
        ping: pings from the namespace to the target.
        host_ping: pings from the host to the target.
        connect: a TCP connection from the namespace to the port, if there is one.
        neighbours: ``ip -j neigh`` in the namespace, after the pings.
        host_neighbours: the same on the host.
        listening: what listens on the port, if the target is this machine's own.
    """

    route: Outcome
    passed: Outcome | None
    back: Outcome
    ping: Outcome
    host_ping: Outcome
    connect: Outcome | None
    neighbours: Outcome
    host_neighbours: Outcome
    listening: Outcome | None


@dataclass(frozen=True)
class Walk(Parts):
    """A packet from a namespace of ours to a target.

    Args:
        network: the network.
        host: the host's facts.
        inside: the namespace's.
        target: an IPv4 address.
        port: a TCP port, or "".
        tries: what came of trying.
    """

    target: str
    port: str
    tries: Tries

    @property
    def address(self) -> str:
        """The namespace's address."""
        return bare(self.net.address)

    @cached_property
    def route(self) -> Json | None:
        """The namespace's route."""
        return _route(self.tries.route)

    @property
    def is_forbidden(self) -> bool:
        """Whether a prohibit, unreachable or blackhole route or rule stands in the namespace."""
        return any(words in self.tries.route.stderr for words in FORBIDDEN)

    @cached_property
    def passed(self) -> Json | None:
        """The host's route."""
        return _route(self.tries.passed)

    @cached_property
    def back(self) -> Json | None:
        """The host's route for the answer."""
        return _route(self.tries.back)

    @property
    def is_own(self) -> bool:
        """Whether the namespace sends it to itself."""
        return (self.route or {}).get("dev") == "lo"

    @property
    def is_local(self) -> bool:
        """Whether it is for the host."""
        return self.owns(self.target) and not self.is_own

    def owns(self, address: str) -> bool:
        """Whether a device of the host has this address."""
        return _has(self.host, address)

    @property
    def passes_host(self) -> bool:
        """Whether it is for the host to pass it on."""
        return not self.is_own and not self.is_local and self.owns(self.next_hop)

    @property
    def is_hosts(self) -> bool:
        """Whether the host takes it in, to keep it or to pass it on."""
        return self.is_local or self.passes_host

    @property
    def next_hop(self) -> str:
        """Who is to take it from the namespace."""
        return str((self.route or {}).get("gateway", self.target))

    @property
    def exit(self) -> str:
        """The host's device that it leaves by, or ""."""
        return str((self.passed or {}).get("dev", "")) if self.passes_host else ""

    @property
    def exit_hop(self) -> str:
        """Who is to take it from the host."""
        return str((self.passed or {}).get("gateway", self.target))

    @property
    def lan_ports(self) -> list[str]:
        """The uplink, where it is to leave the bridge by it."""
        uplink = self.net.uplink
        leaves = self.exit in (self.net.ingress, uplink) if self.passes_host else not self.is_local
        return [uplink] if uplink and leaves else []

    @property
    def connection(self) -> Argv:
        """The command that connects to the port, and ends."""
        return ("timeout", "1", "bash", "-c", f": </dev/tcp/{self.target}/{self.port}")

    @property
    def arrives(self) -> bool:
        """Whether the target answers."""
        connect = self.tries.connect
        return self.tries.ping.status == 0 if connect is None else connect.status == 0

    @property
    def is_refused(self) -> bool:
        """Whether the target refuses the connection."""
        return self.tries.connect is not None and "refused" in self.tries.connect.stderr

    @property
    def gets_there(self) -> bool:
        """Whether the target answers anything at all."""
        return self.arrives or self.is_refused or self.tries.ping.status == 0

    @property
    def nobody_listens(self) -> bool:
        """Whether it is known that nothing listens on the port, on a machine that is this one."""
        listening = self.tries.listening
        return listening is not None and not listening.stdout.strip()

    def packet(self, *, answer: bool = False) -> Packet:
        """What a firewall of the host sees: the packet, or the answer to it."""
        hook = "input" if self.is_local else "forward"
        exit_ = "" if self.is_local else self.exit or self.net.ingress
        way = (self.net.ingress, exit_, self.address, self.target)
        protocol = "tcp" if self.port else "icmp"
        if not answer:
            return Packet(hook, *way, protocol, self.port)
        hook, reverse = "output" if self.is_local else hook, (way[1], way[0], way[3], way[2])
        return Packet(hook, *reverse, protocol, "", "established")


def round_trip(ping: Outcome) -> float | None:
    """The first round trip's time in ms, as ping says it."""
    found = TIME.search(ping.stdout)
    return float(found[1]) if found else None


def refusal(ping: Outcome) -> str:
    """Who on the way has sent the packet back, with what words, or ""."""
    found = REFUSAL.search(ping.stdout)
    return f"{found[1]} says {found[2]}" if found else ""


def answers_arp(shown: Outcome, address: str) -> bool:
    """Whether the kernel has learnt the MAC of this neighbour."""
    found: list[Json] = json.loads(shown.stdout or "[]")
    return any(one.get("dst") == address and "lladdr" in one for one in found)


def is_asked(shown: Outcome, address: str) -> bool:
    """Whether the kernel has come to ask for this neighbour, as it does once a packet is to leave.

    So it has where that is unknown.
    """
    found: list[Json] = json.loads(shown.stdout or "[]")
    return shown.status != 0 or any(one.get("dst") == address for one in found)


def _route(outcome: Outcome | None) -> Json | None:
    """The route that ``ip -j route get`` prints, or None where there is none."""
    if outcome is None or outcome.status != 0:
        return None
    found: Json = json.loads(outcome.stdout)[0]
    return found


def _has(facts: Facts, address: str) -> bool:
    """Whether a device there has this address."""
    infos = (info for link in facts.known("links") for info in link.get("addr_info", []))
    return ip_address(address).is_loopback or any(info["local"] == address for info in infos)
