"""Reads what /sys and /proc tell of real devices, and who manages devices."""

from pathlib import Path

from netmodes.machine import nics
from netmodes.machine.query import Entry, contents, globs, texts_at
from netmodes.plan.text import lines_of


def read(real: list[str]) -> dict[str, Entry]:
    """What /sys and /proc tell of real devices, given by patterns, and who manages devices."""
    folders = [f"{nics.DEVICES}/{name}" for name in real]
    of_device = [f"{folder}/{file}" for folder in folders for file in ("ifindex", "address")]
    of_driver = [f"{folder}/device/driver" for folder in folders]
    of_wireless = [f"{folder}/phy80211" for folder in folders]
    drivers = {path: str(Path(path).readlink()) for path in globs(*of_driver)}
    wireless = globs(*of_wireless)
    listed = lines_of(contents(Path(nics.WIRELESS)) or "")[2:]
    names = {Path(path).parent.name for path in wireless} | {
        line.split(":")[0].strip() for line in listed
    }
    modes = {name: mode for name in names if (mode := nics.wireless_mode(name)) is not None}
    return {
        "nics": texts_at(*of_device, nics.WIRELESS),
        "drivers": {"links": of_driver, "output": drivers},
        "wireless devices": {"paths": of_wireless, "output": wireless},
        "wireless modes": {"ioctl": "SIOCGIWMODE", "output": modes},
        "managers": texts_at(*(f"{folder}/*" for _, folder, _ in nics.DAEMONS)),
        "dhcp clients": {"files": ["/proc/[0-9]*/cmdline"], "output": _dhcp_clients()},
    }


def _dhcp_clients() -> dict[str, str]:
    """The argv of each DHCP client that is not stopped, except in other network namespaces."""
    found, here = {}, _network_of("/proc/self")
    for path in globs("/proc/[0-9]*/cmdline"):
        text = contents(Path(path)) or ""
        name = nics.program(text.split("\0")[0])
        process = Path(path).parent
        if name not in nics.DHCP_CLIENTS or _network_of(str(process)) not in (here, None):
            continue
        if ") T " not in (contents(process / "stat") or ""):
            found[path] = text
    return found


def _network_of(process: str) -> str | None:
    """The network namespace of a process; None if only root may read it."""
    try:
        return str(Path(process, "ns/net").readlink())
    except OSError:
        return None
