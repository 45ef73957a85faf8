"""Network devices: the driver, whether one is wireless, who manages it, who is bound to it."""

import re
from pathlib import Path

from netmodes.machine import values
from netmodes.machine.entries import Link
from netmodes.machine.table import Table
from netmodes.plan.text import visible

DEVICES = "/sys/class/net"
WIRELESS = "/proc/net/wireless"

#: The ioctl for a wireless device's mode, and a station's answer (linux/wireless.h).
SIOCGIWMODE = 0x8B07
IW_MODE_INFRA = 2

#: The daemons that manage devices, each with its folder of files by device index, and the words by
#: which such a file leaves the device alone.
DAEMONS = (
    ("NetworkManager", "/run/NetworkManager/devices", "managed=false"),
    ("systemd-networkd", "/run/systemd/netif/links", "unmanaged"),
)

#: Lists the sockets that are bound to a device.
BOUND = ("ss", "-H", "-0tuwanp", "not", "dev", "=", "0")

#: Such a socket: its kind, its state, two queues, its address with the device; and its program.
SOCKET = re.compile(r'(\S+) +(?!TIME-WAIT)\S+ +\d+ +\d+ +(\S+) +\S+ *(?:users:\(\("([^"]*)")?.*')

#: Who listens at the host's ports; and such a line: the protocol, the port, the program.
LISTENING = ("ss", "-H", "-lntup")
LISTENS = re.compile(r'(tcp|udp) +\S+ +\d+ +\d+ +(?!\[)\S+:(\d+) +\S+ *(?:users:\(\("([^"]*)")?')

#: Packet sockets that hear what a port gets: for every protocol, LLDP and EAPOL (802.1D 7.12.6).
HEARING = ("*", "[35020]", "[34958]")

DHCP_CLIENTS = ("dhclient", "dhcpcd", "udhcpc")


def hardware(link: Link, table: Table) -> dict[str, str]:
    """The "driver" of a real device, and its "wireless" mode if it has one.

    /sys may show the devices of another network namespace, so index and MAC must match.
    """
    folder, files, found = f"{DEVICES}/{link.name}", table.texts("nics"), dict[str, str]()
    if link.kind:
        return found
    shown = (files.get(f"{folder}/ifindex"), files.get(f"{folder}/address"))
    ours = shown == (str(link.index), link.mac)
    driver = table.texts("drivers").get(f"{folder}/device/driver")
    if ours and driver is not None:
        found["driver"] = Path(driver).name
    listed = (line.split(":")[0].strip() for line in files.get(WIRELESS, "").split("\n"))
    if link.name in listed or (ours and f"{folder}/phy80211" in table.paths("wireless devices")):
        found["wireless"] = _wireless_mode(link.name, table)
    return found


def _wireless_mode(name: str, table: Table) -> str:
    """The mode of a wireless device: "station", "other", or "unknown" without an answer."""
    entry = table.entries.get("wireless modes") or {}
    mode = values.table(entry.get("output", {})).get(name)
    if mode is None:
        return "unknown"
    return "station" if values.number(mode) == IW_MODE_INFRA else "other"


def wireless_mode(name: str) -> int | None:
    """What the kernel says of a wireless device's mode; None if nothing."""
    import fcntl
    import socket
    import struct

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
            request = struct.pack("16s16x", name.encode())
            (mode,) = struct.unpack_from("=I", fcntl.ioctl(anything, SIOCGIWMODE, request), 16)
    except OSError:
        return None
    return int(mode)


def managers(link: Link, table: Table) -> list[str]:
    """The daemons that configure a device, and may undo what netmodes did; and its DHCP clients,
    each with its process."""
    files = table.texts("managers")
    of_device = ((name, files.get(f"{at}/{link.index}"), words) for name, at, words in DAEMONS)
    daemons = [name for name, text, words in of_device if text is not None and words not in text]
    clients = table.once(_clients, "dhcp clients").items()
    return daemons + [client for client, words in clients if link.name in words]


def _clients(table: Table, name: str) -> dict[str, list[str]]:
    """The words of each DHCP client, by its program and its process."""
    found = {Path(at).parent.name: text.split("\0") for at, text in table.texts(name).items()}
    return {f"{program(argv[0])} {pid}": " ".join(argv).split() for pid, argv in found.items()}


def program(called: str) -> str:
    """The name of a running program; dhcpcd calls itself "dhcpcd: enp0s1 [ip4]"."""
    return Path(called.partition(":")[0]).name


def deaf_as_port(link: Link, table: Table) -> list[str]:
    """The sockets that hear nothing while a device is a port: the program, the kind, the address.

    The address of a packet socket is its protocol.
    """
    return [
        visible(f"{program or 'a program'} ({kind} {address})", keep="")
        for kind, address, program in table.once(_sockets, "bound")
        if _is_deaf(address, link.name)
    ]


def _sockets(table: Table, name: str) -> list[tuple[str, str, str]]:
    """The kind, the address and the program of each socket."""
    found = map(SOCKET.fullmatch, table.lines(name) or ())
    return [(one[1], one[2], one[3]) for one in found if one]


def _is_deaf(address: str, device: str) -> bool:
    protocol, _, rest = address.partition(":")
    return f"%{device}:" in address or (rest == device and protocol not in HEARING)


def listening(table: Table) -> dict[str, str] | None:
    """The program behind each port of the host, like "8080/tcp"; root alone may know programs."""
    if (lines := table.lines("listening")) is None:
        return None
    found = [one.groups() for one in map(LISTENS.match, lines) if one]
    return {f"{at}/{kind}": visible(program or "a program", keep="") for kind, at, program in found}
