"""What is known of a NIC's hardware, and who manages it."""

import struct

import pytest
from console import machine
from tables import table_of

from netmodes.machine import nics
from netmodes.machine.entries import Link
from netmodes.machine.facts import Facts
from netmodes.machine.table import Table

WLAN = Link("wlan0", 3, mac="4a:9e:7e:55:59:02")
SYS = "/sys/class/net/wlan0"

#: A /sys/class/net with one wireless NIC of driver iwlwifi, which is a station.
TABLE = {
    "nics": {"output": {f"{SYS}/ifindex": "3\n", f"{SYS}/address": f"{WLAN.mac}\n"}},
    "drivers": {"output": {f"{SYS}/device/driver": "../../../bus/pci/drivers/iwlwifi"}},
    "wireless devices": {"output": [f"{SYS}/phy80211"]},
}


@pytest.mark.parametrize(("mode", "said"), [(2, "station"), (3, "other"), (None, "unknown")])
def test_hardware(mode: int | None, said: str) -> None:
    """A NIC is known by its driver, and a wireless one by the mode that the kernel says."""
    modes = {"output": {"wlan0": mode}}

    found = nics.hardware(WLAN, Table({**TABLE, "wireless modes": modes}))

    assert found == {"driver": "iwlwifi", "wireless": said}


@pytest.mark.parametrize("other", [Link("wlan0", 4, mac=WLAN.mac), Link("wlan0", 3, mac="2:3")])
def test_hardware_of_another_network(other: Link) -> None:
    """A /sys that shows another network's device of that name says nothing."""
    assert nics.hardware(other, Table(TABLE)) == {}


def test_hardware_without_sys() -> None:
    """Without /sys a wireless device is known from what /proc lists."""
    listed = "Inter-| sta-|\n face | tus |\n wlan0: 0000   70.\n"
    table = Table({"nics": {"output": {"/proc/net/wireless": listed}}})

    assert nics.hardware(WLAN, table) == {"wireless": "unknown"}
    assert nics.hardware(Link("wlan", 3, mac=WLAN.mac), table) == {}


@pytest.mark.parametrize("mode", [2, 3, None])
def test_wireless_mode(mode: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel is asked for a wireless device's mode by its name."""

    def ioctl(_: object, number: int, request: bytes) -> bytes:
        assert (number, request) == (0x8B07, b"wlan0".ljust(32, b"\0"))
        if mode is None:
            raise OSError(95, "Operation not supported")
        return request[:16] + struct.pack("=I12x", mode)

    monkeypatch.setattr("fcntl.ioctl", ioctl)

    assert nics.wireless_mode("wlan0") == mode


def test_deaf_as_port() -> None:
    """A socket of a NIC hears nothing while that is a port, but packet sockets for every protocol
    or for LLDP; those of another NIC and closed connections do not count."""
    found = nics.deaf_as_port(Link("enp0s1"), table_of(machine("managed")))

    assert found == [
        "dhcpcd (p_raw [2048]:enp0s1)",
        "udhcpc (udp 0.0.0.0%enp0s1:68)",
        "a program (udp [fe80::489e:7eff:fe55:59ee]%enp0s1:546)",
    ]


def test_bound_unknown() -> None:
    """What `ss` did not tell is unknown, not nothing."""
    entries = table_of(machine("managed")).entries
    failed = Table({**entries, "bound": {"command": [*nics.BOUND], "status": 1, "error": ""}})

    assert Facts.from_table(failed).bound is None
