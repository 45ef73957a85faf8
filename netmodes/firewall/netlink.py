"""What the kernel tells of traced packets, on a netlink socket; no program listens."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from netmodes.machine.netlink import attributes, messages

#: The ports and echo identifiers of traced flows, which NAT leaves as they are where they are free.
FLOWS = range(42000, 46000)

#: netlink(7): the socket, the groups of changes and of traces, and messages of each
#: (linux/netfilter/nf_tables.h).
SOCKET = (socket.AF_NETLINK, socket.SOCK_RAW, 12)
CHANGES, TRACES, NEW_TABLE, TRACE = 1 << 6, 1 << 8, 10 << 8, (10 << 8) | 17
TABLE, CHAIN, HANDLE, KIND, VERDICT, ID, NETWORK, TRANSPORT = 1, 2, 3, 4, 5, 6, 8, 9
INWARDS, MARK, POLICY, CODE = 10, 14, 16, 1

PROTOCOLS, DNS = {6: "tcp", 17: "udp"}, 53

#: The protocols of pings, and the answer of each; who a neighbour is asks the second as well.
ECHO_REPLY, NEIGHBOURS = {1: 0, 58: 129}, (135, 136)

#: What an ARP packet for IPv4 begins with, its word for an answer, and the flow that all ARP is;
#: then that of what IPv6 has in its place.
ARP_HEAD, ARP_REPLY, ARP, NDP = b"\0\1\x08\0", 2, 1, 2
KINDS = {1: "policy", 2: "return", 3: "rule"}
FAMILY = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
DROP, QUEUE = 0, 3

#: Bytes of what is told and not yet heard; the kernel takes what it allows.
ROOM = 1 << 22


@dataclass(frozen=True)
class Event:
    """What a chain does with the packet, by a rule or its policy.

    Args:
        table: its family and name.
        chain: its name.
        handle: the rule's number; 0 for none.
        kind: "rule", "policy" or "return".
        code: the verdict, as the kernel numbers it; None for none.
        id: the packet's number in this chain and those that it calls; it has another elsewhere.
        flow: its port or echo identifier that is one of ours; 0 but for the first of an id, as is
            all that follows.
        answer: it is the answer.
        source: its address.
        target: the address that it is for.
        port: its other port, of TCP and UDP; 0 for none.
        protocol: "tcp" or "udp" where it has one.
        mark: its mark, by which policy rules may route it; 0 for none.
        came_by: the ifindex of the device that it has come in by; 0 for none.
    """

    table: str
    chain: str
    handle: int
    kind: str
    code: int | None
    id: int = 0
    flow: int = 0
    answer: bool = False
    source: str = ""
    target: str = ""
    port: int = 0
    protocol: str = ""
    mark: int = 0
    came_by: int = 0


class Listener:
    """Hears every trace of this network namespace from when it is made."""

    def __init__(self, own: socket.socket | None = None, groups: int = TRACES) -> None:
        self.socket = own or socket.socket(*SOCKET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self.socket.bind((0, groups))

    def heard(self, seconds: float) -> Iterator[Event]:
        """The events until nothing has come for so long."""
        for message in self._messages(seconds):
            yield from events(message)

    def hears_of(self, table: str, seconds: float) -> bool:
        """Wait until a table is there, so long at most between two changes; whether it is."""
        added = (name for one in self._messages(seconds) for name in _added(one))
        return table in added

    def _messages(self, seconds: float) -> Iterator[bytes]:
        self.socket.settimeout(seconds)
        while True:
            try:
                yield self.socket.recv(1 << 16)
            except TimeoutError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # the kernel let some go
                    raise

    def close(self) -> None:
        """Hear no more."""
        self.socket.close()


def events(data: bytes) -> Iterator[Event]:
    """The traces in netlink messages."""
    return (_event(family, found) for family, found in _of_kind(TRACE, data))


def _added(data: bytes) -> Iterator[str]:
    """The tables that are new, by family and name."""
    for family, found in _of_kind(NEW_TABLE, data):
        yield f"{FAMILY.get(family, family)} {_name(found, TABLE)}"


def _of_kind(wanted: int, data: bytes) -> Iterator[tuple[int, dict[int, bytes]]]:
    """The family and the attributes of each netlink message of a kind."""
    for kind, message in messages(data):
        if kind == wanted:
            yield message[0], dict(attributes(message[4:]))


def _event(family: int, found: dict[int, bytes]) -> Event:
    told = dict(attributes(found.get(VERDICT, b"")))
    code = found.get(POLICY) or told.get(CODE)
    return Event(
        f"{FAMILY.get(family, family)} {_name(found, TABLE)}",
        _name(found, CHAIN),
        int.from_bytes(found.get(HANDLE, b""), "big"),
        KINDS.get(int.from_bytes(found.get(KIND, b""), "big"), ""),
        None if code is None else int.from_bytes(code, "big", signed=True),
        int.from_bytes(found.get(ID, b""), "big"),
        *_header(found.get(NETWORK, b""), found.get(TRANSPORT, b"")),
        int.from_bytes(found.get(MARK, b""), "big"),
        int.from_bytes(found.get(INWARDS, b""), "big"),
    )


def _header(network: bytes, transport: bytes) -> tuple[int, bool, str, str, int, str]:
    """The flow of a packet by its echo identifier or either port; whether it is the answer; its
    addresses, its other port and its protocol."""
    if network[:4] == ARP_HEAD and len(network) >= 28:
        ends = _address(network, 14), _address(network, 24)
        return ARP, network[7] == ARP_REPLY, *ends, 0, ""
    if len(network) < 20 or len(transport) < 8:
        return 0, False, "", "", 0, ""
    first, second, third = struct.unpack_from("!HHH", transport)
    is_6 = network[0] >> 4 == 6 and len(network) >= 40
    number, *at = (6, 8, 24) if is_6 else (9, 12, 16)
    ends = _address(network, at[0], 16 if is_6 else 4), _address(network, at[1], 16 if is_6 else 4)
    number, protocol = network[number], PROTOCOLS.get(network[number], "")
    if is_6 and transport[0] in NEIGHBOURS and number in ECHO_REPLY:
        return NDP, transport[0] == NEIGHBOURS[1], *ends, 0, ""
    if number in ECHO_REPLY:
        return third * (third in FLOWS), transport[0] == ECHO_REPLY[number], *ends, 0, ""
    if first == DNS or (second in FLOWS and first not in FLOWS):
        return second * (second in FLOWS), True, *ends, first, protocol
    return first * (first in FLOWS), False, *ends, second, protocol


def _address(network: bytes, at: int, length: int = 4) -> str:
    family = socket.AF_INET if length == 4 else socket.AF_INET6
    return socket.inet_ntop(family, network[at : at + length])


def _name(found: dict[int, bytes], what: int) -> str:
    return found.get(what, b"").rstrip(b"\0").decode(errors="replace")
