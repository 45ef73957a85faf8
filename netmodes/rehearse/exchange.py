"""What the namespaces of a copy send each other, and the servers that answer, from this process: a
socket stays where it was made."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread

from netmodes.firewall import netlink
from netmodes.firewall.questions import PORT
from netmodes.machine.inside import socket_of
from netmodes.plan.verdict import Packet

#: Seconds for a connection to be made or refused, and for data.
PATIENCE = 1.0

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM

#: What a ping is, by its protocol; IPv6 makes the sum itself (RFC 3542).
ECHO_REQUEST = {socket.IPPROTO_ICMP: 8, socket.IPPROTO_ICMPV6: 128}

#: IP_PKTINFO of ip(7), which Python knows since 3.14, and IPV6_FREEBIND, which it does not.
PKTINFO, FREEBIND = 8, 78

#: What tells a server the address that a datagram came to, and where that is beside the device.
TO = {
    socket.AF_INET: (socket.IPPROTO_IP, PKTINFO, slice(4, None)),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, slice(16)),
}


def answer(packet: Packet, namespace: str, flow: int, patience: float, source: str = "") -> str:
    """Send a packet from a namespace; what comes back: "data", "refused" or "".

    Args:
        packet: the packet.
        namespace: the namespace's file; "" for this one.
        flow: its echo identifier or its own port; 0 for any.
        patience: seconds until it is lost.
        source: the address that it comes from; "" for the route's.
    """
    family = socket.AF_INET6 if packet.is_6 else socket.AF_INET
    number = socket.IPPROTO_ICMPV6 if packet.is_6 else socket.IPPROTO_ICMP
    kind, send = SENDERS[packet.protocol]
    try:
        with socket_of(namespace, family, kind, number * (kind == socket.SOCK_RAW)) as one:
            one.settimeout(patience)
            return "data" if send(one, packet, flow, source) else ""
    except (ConnectionRefusedError, ConnectionResetError):
        return "refused"
    except OSError:
        return ""


def _ping(one: socket.socket, packet: Packet, flow: int, _: str) -> bool:
    number, header = (socket.IPPROTO_ICMPV6, 0) if packet.is_6 else (socket.IPPROTO_ICMP, 20)
    one.sendto(_echo(ECHO_REQUEST[number], flow), (packet.target, 0))
    while reply := one.recv(1500)[header : header + 8]:
        if reply[0] == netlink.ECHO_REPLY[number] and reply[4:6] == flow.to_bytes(2, "big"):
            return True
    return False


def _echo(kind: int, flow: int) -> bytes:
    """An echo request with this identifier (RFC 792); of such few words the sum is short."""
    total = (kind << 8) + flow + 1
    return struct.pack("!BBHHH", kind, 0, 0xFFFF - (total + (total >> 16)) & 0xFFFF, flow, 1)


def _exchange(one: socket.socket, packet: Packet, flow: int, source: str) -> bool:
    """Whether data goes there and comes back; a handshake alone may pass where data does not."""
    one.bind((source, flow))
    one.connect((packet.target, packet.port))
    one.sendall(b"?")
    return one.recv(1) != b""


SENDERS: dict[str, tuple[int, Callable[[socket.socket, Packet, int, str], bool]]] = {
    "icmp": (socket.SOCK_RAW, _ping),
    "tcp": (TCP, _exchange),
    "udp": (UDP, _exchange),
}


@contextmanager
def serving(namespace: str, port: int = PORT, kind: int = TCP) -> Iterator[None]:
    """A server at every address of a namespace, which sends back what it gets."""
    with ExitStack() as stack:
        for family in TO:
            with suppress(OSError):  # this kernel has no IPv6
                server = stack.enter_context(socket_of(namespace, family, kind))
                stack.callback(_end, server)
                _listen(server, port)
                serve = _serve if kind == TCP else _send_back
                Thread(target=serve, args=(server,), daemon=True).start()
        yield


def _end(server: socket.socket) -> None:
    """Have its thread see that it ends."""
    with suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)


def _listen(server: socket.socket, port: int) -> None:
    level, option, _ = TO[socket.AddressFamily(server.family)]
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if server.family == socket.AF_INET6:
        server.setsockopt(level, socket.IPV6_V6ONLY, 1)
        server.setsockopt(level, FREEBIND, 1)  # AnyIP is no address of its own
    server.bind(("", port))
    if server.type == TCP:
        server.listen(1024)
    else:
        server.setsockopt(level, option, 1)


def _serve(server: socket.socket) -> None:
    with suppress(OSError):  # it is closed
        while True:
            Thread(target=_answer, args=server.accept()[:1], daemon=True).start()


def _answer(one: socket.socket) -> None:
    with one, suppress(OSError):
        one.settimeout(PATIENCE)
        one.sendall(one.recv(1))


def _send_back(server: socket.socket) -> None:
    """Answer from the address that each came to (ip(7)), by whatever device leads back."""
    *_, at = TO[socket.AddressFamily(server.family)]
    with suppress(OSError):  # it is closed
        while True:
            data, told, _, sender = server.recvmsg(1500, 64)
            kept = [(level, kind, _only(at, info)) for level, kind, info in told]
            server.sendmsg([data], kept, 0, sender)


def _only(part: slice, info: bytes) -> bytes:
    """What of this stands in a part; the rest is zero."""
    found = bytearray(len(info))
    found[part] = info[part]
    return bytes(found)
