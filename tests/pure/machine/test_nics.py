"""What is known of a NIC's hardware."""

import struct
from pathlib import Path
from typing import Any

import pytest

from netmodes.machine import nics


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /sys/class/net with one wireless NIC of driver iwlwifi."""
    nic = tmp_path / "net/wlan0"
    driver = tmp_path / "drivers/iwlwifi"
    for folder in (nic / "device", driver, nic / "phy80211"):
        folder.mkdir(parents=True)
    (nic / "device/driver").symlink_to(driver)
    (nic / "ifindex").write_text("3\n")
    (nic / "address").write_text("4a:9e:7e:55:59:02\n")
    monkeypatch.setattr(nics, "DEVICES", tmp_path / "net")
    return nic


WLAN = {"ifname": "wlan0", "ifindex": 3, "address": "4a:9e:7e:55:59:02"}


@pytest.mark.parametrize(("mode", "said"), [(2, "station"), (3, "other"), (None, "unknown")])
def test_hardware(
    mode: int | None, said: str, devices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A NIC is known by its driver, and a wireless one by the mode that the kernel says."""

    def ioctl(_: object, number: int, request: bytes) -> bytes:
        assert (number, request) == (0x8B07, b"wlan0".ljust(32, b"\0"))
        if mode is None:
            raise OSError(95, "Operation not supported")
        return request[:16] + struct.pack("=I12x", mode)

    monkeypatch.setattr("fcntl.ioctl", ioctl)

    assert nics.hardware(WLAN) == {"driver": "iwlwifi", "wireless": said}


@pytest.mark.parametrize("other", [{"ifindex": 4}, {"address": "4a:9e:7e:55:59:03"}])
def test_hardware_of_another_network(other: dict[str, Any], devices: Path) -> None:
    """A /sys that shows another network's device of that name says nothing."""
    assert nics.hardware({**WLAN, **other}) == {}


def test_hardware_without_sys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /sys a wireless device is known from what /proc lists."""
    wireless = tmp_path / "wireless"
    wireless.write_text("Inter-| sta-|\n face | tus |\n wlan0: 0000   70.\n")
    monkeypatch.setattr(nics, "WIRELESS", wireless)
    monkeypatch.setattr(nics, "DEVICES", tmp_path)

    assert nics.hardware(WLAN) == {"wireless": "unknown"}
    assert nics.hardware({**WLAN, "ifname": "wlan"}) == {}
