"""Values that somebody else wrote, each checked to be what it is taken for.

Every function returns a typed value.

Raises:
    ValueError: the value is none of the kind, and why.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from netmodes.plan.text import one_line, text

Ip = IPv4Address | IPv6Address
Subnet = IPv4Network | IPv6Network

#: IFNAMSIZ without the final NUL (linux/if.h).
LONGEST_DEVICE = 15

#: What the kernel takes in no name: only what C knows as a blank, so U+2028 is in a name no blank.
FORBIDDEN = re.compile(r"[/:\0 \t-\r]")

#: A word of ``ip``: a table, a protocol, a scope, a MAC, a flag.
WORD = re.compile(r"[A-Za-z0-9_.:/@+-]+")

#: A link-layer address; a tunnel's is an IPv4 address.
MAC = re.compile(r"[0-9A-Fa-f:.]+")

#: An IPv4 subnet, or an address.
SUBNET = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?")

#: The value of a setting: a number, or a few.
SETTING = re.compile(r"-?[0-9]+( [0-9]+)*")


@lru_cache(1024)
def device(value: Any) -> str:  # noqa: ANN401
    """A device's name, as the kernel takes it (dev_valid_name, net/core/dev.c)."""
    name = text(value)
    if name in ("", ".", "..") or len(name) > LONGEST_DEVICE or FORBIDDEN.search(name):
        raise ValueError(f"{name!r} is no name of a device")
    return name


@lru_cache(1024)
def word(value: Any) -> str:  # noqa: ANN401
    """One word of ``ip``."""
    if not WORD.fullmatch(text(value)):
        raise ValueError(f"{value!r} is no word of `ip`")
    return str(value)


def mac(value: Any) -> str:  # noqa: ANN401
    """A link-layer address."""
    if not MAC.fullmatch(text(value)):
        raise ValueError(f"{value!r} is no link-layer address")
    return str(value)


def label(value: Any) -> str:  # noqa: ANN401
    """The label of an address; "" for one that `ip -batch` would take for more than a word."""
    return str(value) if WORD.fullmatch(text(value)) else ""


def words(values: Any) -> tuple[str, ...]:  # noqa: ANN401
    """A list of such words."""
    return tuple(map(word, listed(values)))


def listed(value: Any) -> list[Any]:  # noqa: ANN401
    """A list."""
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")
    return value


def table(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """An object of JSON."""
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no object")
    return value


def number(value: Any) -> int:  # noqa: ANN401
    """A number of the kernel's: an index, an MTU, a metric, seconds."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**32:
        raise ValueError(f"{value!r} is no number that a kernel has")
    return value


@lru_cache(1024)
def ip(value: Any) -> Ip:  # noqa: ANN401
    """An address without a prefix length, and without a scope, which may be any text."""
    return ip_address(_without_scope(value))


def _without_scope(value: Any) -> str:  # noqa: ANN401
    if "%" in text(value):
        raise ValueError(f"{value!r} is no address as `ip` prints it")
    return str(value)


def subnet(value: Any, version: int) -> Subnet:  # noqa: ANN401
    """Where a route leads to, as ``ip`` writes it: ``default``, a subnet or one address."""
    default = {4: "0.0.0.0/0", 6: "::/0"}[version]
    where = default if value == "default" else _without_scope(value)
    return _subnet4(where) if version == 4 else IPv6Network(where, strict=False)


def _subnet4(where: str) -> IPv4Network:
    """Made of numbers, for ``ipaddress`` takes twice as long for text, and there may be many."""
    if not SUBNET.fullmatch(where):
        raise ValueError(f"{where!r} is no subnet as `ip` prints it")
    address, _, length = where.partition("/")
    return IPv4Network((bytes(map(int, address.split("."))), int(length or 32)), strict=False)


def setting(value: Any) -> str:  # noqa: ANN401
    """The value of a setting: its numbers, with blanks between."""
    if not SETTING.fullmatch(found := text(value).strip().replace("\t", " ")):
        raise ValueError(f"{value!r} is no setting's value")
    return found


def line(value: Any) -> str:  # noqa: ANN401
    """One line of printed text, where tabs may be."""
    one_line(text(value).replace("\t", " "))
    return str(value)
