"""TCP between the namespaces of a copy, from this process: a socket stays where it was made."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from threading import Thread

from netmodes.machine.inside import socket_of

#: The port of the server whose answers are data.
PORT = 443

#: Seconds for a connection to be made or refused, and for data.
PATIENCE = 1.0


def exchanges(address: str, namespace: str, source: str = "") -> bool:
    """Whether data goes there and comes back; a handshake alone may be cut off after it.

    Args:
        address: where a server is ``serving``.
        namespace: the namespace's file that it is tried from; "" for this one.
        source: the address that it comes from; "" for the route's.
    """
    with _socket(address, namespace) as one, suppress(OSError):
        if source:
            one.bind((source, 0))
        one.connect((address, PORT))
        one.sendall(b"?")
        return one.recv(1) != b""
    return False


def is_answered(address: str, port: int, namespace: str) -> bool:
    """Whether a machine takes a connection or refuses it."""
    with _socket(address, namespace) as one:
        try:
            one.connect((address, port))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return True


@contextmanager
def serving(namespace: str) -> Iterator[None]:
    """A server at every address of a namespace, which sends back what it gets."""
    every = "::" if socket.has_dualstack_ipv6() else "0.0.0.0"  # noqa: S104
    with _socket(every, namespace) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if every == "::":
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.settimeout(None)
        server.bind((every, PORT))
        server.listen(1024)
        Thread(target=_serve, args=(server,), daemon=True).start()
        try:
            yield
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket) -> None:
    with suppress(OSError):  # it is closed
        while True:
            Thread(target=_answer, args=server.accept()[:1], daemon=True).start()


def _answer(one: socket.socket) -> None:
    with one, suppress(OSError):
        one.settimeout(PATIENCE)
        one.sendall(one.recv(1))


def _socket(address: str, namespace: str) -> socket.socket:
    """A TCP socket of this namespace, or of another."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    one = socket_of(namespace, family)
    one.settimeout(PATIENCE)
    return one
