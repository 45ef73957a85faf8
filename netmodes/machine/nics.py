"""Network devices: the driver, whether one is wireless, who manages it, its tc filters."""

from pathlib import Path

from netmodes.machine.entries import Json
from netmodes.machine.query import ask, lines, text_of

DEVICES = Path("/sys/class/net")
WIRELESS = Path("/proc/net/wireless")

#: The ioctl for a wireless device's mode, and a station's answer (linux/wireless.h).
SIOCGIWMODE = 0x8B07
IW_MODE_INFRA = 2

#: The daemons that manage devices, each with its folder of files by device index, and the words by
#: which such a file leaves the device alone.
DAEMONS = (
    ("NetworkManager", "/run/NetworkManager/devices", "managed=false"),
    ("systemd-networkd", "/run/systemd/netif/links", "unmanaged"),
)

DHCP_CLIENTS = ("dhclient", "dhcpcd", "udhcpc")


def hardware(link: Json) -> dict[str, str]:
    """The "driver" of a device, and its "wireless" mode if it has one.

    /sys may show the devices of another network namespace, so index and MAC must match.

    Args:
        link: the device as ``ip -j link`` prints it.
    """
    name, found = link["ifname"], {}
    folder = DEVICES / name
    shown = (text_of(folder / "ifindex"), text_of(folder / "address"))
    ours = shown == (str(link.get("ifindex")), link.get("address"))
    if ours and (folder / "device/driver").exists():
        found["driver"] = (folder / "device/driver").resolve().name
    listed = (line.split(":")[0].strip() for line in (text_of(WIRELESS) or "").split("\n"))
    if name in listed or (ours and (folder / "phy80211").exists()):
        found["wireless"] = _wireless_mode(name)
    return found


def _wireless_mode(name: str) -> str:
    """The mode of a wireless device: "station", "other", or "unknown" without an answer."""
    import fcntl
    import socket
    import struct

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
            request = struct.pack("16s16x", name.encode())
            (mode,) = struct.unpack_from("=I", fcntl.ioctl(anything, SIOCGIWMODE, request), 16)
    except OSError:
        return "unknown"
    return "station" if mode == IW_MODE_INFRA else "other"


def managers(link: Json) -> list[str]:
    """The daemons and DHCP clients that configure a device, and may undo what netmodes did."""
    files = ((name, Path(folder, str(link["ifindex"])), words) for name, folder, words in DAEMONS)
    daemons = [
        name for name, path, words in files if path.exists() and words not in (text_of(path) or "")
    ]
    return daemons + [name for name, argv in _dhcp_clients() if link["ifname"] in argv]


def _dhcp_clients() -> list[tuple[str, list[str]]]:
    """The name and argv of each running DHCP client, except in other network namespaces."""
    found, here = [], _network_of(Path("/proc/self"))
    for process in Path("/proc").glob("[0-9]*"):
        argv = (text_of(process / "cmdline") or "").split("\0")
        name = Path(argv[0]).name
        if name in DHCP_CLIENTS and _network_of(process) in (here, None):
            found.append((name, argv))
    return found


def _network_of(process: Path) -> str | None:
    """The network namespace of a process; None if only root may read it."""
    try:
        return str((process / "ns/net").readlink())
    except OSError:
        return None


def tc_filters(device: str) -> list[str] | None:
    """The lines of ``tc filter show`` for a device, egress and then ingress; None if unknown."""
    show = ("tc", "filter", "show", "dev", device)
    egress, ingress = lines(ask(*show)), lines(ask(*show, "ingress"))
    return None if egress is None or ingress is None else egress + ingress
