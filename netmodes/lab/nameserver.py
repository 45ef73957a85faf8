"""The lab's name server: it knows one name and denies all others.

A program that needs Python's standard library alone: ``nameserver.py IP NAME ADDRESS``.
"""

import socket
import struct
import sys
import time
from contextlib import suppress

#: Flags of a response to a recursive query: the name exists, or does not (RFC 1035).
FOUND, NO_SUCH_NAME = 0x8580, 0x8583

#: What follows a name in a question for its IPv4 address: type A, class IN.
ADDRESS_OF = struct.pack(">HH", 1, 1)


def answer(query: bytes, name: str, address: str) -> bytes:
    """The response to a query: the address for this name; no such name for every other."""
    asked = query[12 : query.index(0, 12) + 5]
    known = asked[:-4].lower() == labels(name)
    record = b"\xc0\x0c" + ADDRESS_OF + struct.pack(">IH", 0, 4) + socket.inet_aton(address)
    records = record if known and asked.endswith(ADDRESS_OF) else b""
    counts = struct.pack(">HHHHH", FOUND if known else NO_SUCH_NAME, 1, bool(records), 0, 0)
    return query[:2] + counts + asked + records


def question(name: str) -> bytes:
    """A query for the IPv4 address of a name."""
    return struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + labels(name) + ADDRESS_OF


def labels(name: str) -> bytes:
    """A name in a packet: each part after its length."""
    parts = [part.encode() for part in name.split(".")]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def serve(server: str, name: str, address: str) -> None:
    """Answer on port 53 of this server's address, for ever."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as port:
        port.bind((server, 53))
        while True:
            query, sender = port.recvfrom(512)
            with suppress(ValueError, OSError):  # no question, or nobody who can be answered
                port.sendto(answer(query, name, address), sender)


def wait_for(server: str, name: str, seconds: float = 10) -> bool:
    """Whether this server answers for a name within this time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            port.settimeout(0.02)
            port.connect((server, 53))
            try:
                port.send(question(name))
                port.recv(512)
            except OSError:
                time.sleep(0.01)
            else:
                return True
    return False


if __name__ == "__main__":
    serve(*sys.argv[1:])
