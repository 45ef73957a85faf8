"""What the kernel says on netlink(7): messages, and the attributes of each."""

import struct
from collections.abc import Iterator

#: The kernel sets other bits for what an attribute holds.
BITS = 0x3FFF


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind of each message, and what it holds (struct nlmsghdr)."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        yield kind, data[16:length]
        data = data[-(-length // 4) * 4 or len(data) :]


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message, by their number (struct nlattr)."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & BITS, data[4:length]
        data = data[-(-length // 4) * 4 or len(data) :]
