"""Bridged where the host has IPv6 by router advertisements: kept up, down, and learned anew."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from labs import Lab
from places import SUPPORT
from streams import ROUTER, pings

Json = dict[str, Any]

ADVERTISE = str(SUPPORT / "advertise.py")

#: What the host makes of the prefix and its MAC; the gateway, and what is beyond it.
ADDRESS = "fd00:64::489e:7eff:fe55:59ee"
OUTWARD = ("fd00:64::1", "2001:4860:4860::8888")


@contextmanager
def advertised(lab: Lab, seconds: int) -> Iterator[None]:
    """The router advertises meanwhile: addresses for this long, itself for a tenth of it."""
    argv = (sys.executable, ADVERTISE, "lan0", "fd00:64::/64", str(seconds), str(seconds // 10))
    router = subprocess.Popen(lab.argv(*argv, router=True))
    try:
        yield
        assert router.poll() is None
    finally:
        router.kill()
        router.wait()


def wait_until(true: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Until this is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"in {seconds} s it did not come to this: {what}"
        time.sleep(0.1)


def learned(lab: Lab, device: str, seconds: int) -> bool:
    """Whether the kernel has address and default route on a device by advertisements of this
    lifetime: no route or address of another origin could last as long."""
    (link,) = json.loads(lab.ok("ip", "-6", "-j", "addr", "show", "dev", device))
    ready = [
        info
        for info in link["addr_info"]
        if info["local"] == ADDRESS and not info.get("tentative")
        if info["valid_life_time"] > seconds - 60
    ]
    return bool(ready) and any(
        route.get("protocol") == "ra" and route["expires"] > seconds // 10 - 60
        for route in defaults(lab, device)
    )


def defaults(lab: Lab, device: str) -> list[Json]:
    """The IPv6 default routes through a device."""
    shown = lab.ok("ip", "-6", "-j", "route", "show", "default", "dev", device)
    found: list[Json] = json.loads(shown)
    return found


@pytest.mark.alone
def test_advertised(lab: Lab) -> None:
    """Pings live through both on stand-ins that expire; each time the kernel learns anew."""
    lab.ok("bash", "-ec", ROUTER, router=True)
    shown = ("ip", "-6", "addr", "show", "dev", "lan0")
    wait_until(lambda: "tentative" not in lab.ok(*shown, router=True), "lan0 has its address")
    with advertised(lab, 3600):
        wait_until(lambda: learned(lab, "enp0s1", 3600), "enp0s1 has what is advertised")

        with pings(lab, OUTWARD, (ADDRESS,)) as up:
            done = lab.netmodes("bridged", "--uplink", "enp0s1")
            assert done.returncode == 0, done.stderr
            wait_until(lambda: learned(lab, "br0", 3600), "br0 learns")
    with advertised(lab, 36000):
        wait_until(lambda: learned(lab, "br0", 36000), "br0 hears the next advertisements")
        on_bridge, left = defaults(lab, "br0"), defaults(lab, "enp0s1")

        with pings(lab, OUTWARD, (ADDRESS,)) as down:
            undone = lab.netmodes("down", "A")
            assert undone.returncode == 0, undone.stderr
            wait_until(lambda: learned(lab, "enp0s1", 36000), "enp0s1 learns")
    with advertised(lab, 72000):
        wait_until(lambda: learned(lab, "enp0s1", 72000), "enp0s1 hears the next advertisements")
        back = defaults(lab, "enp0s1")

    assert "proto ra" not in done.stderr + undone.stderr
    assert left == []
    assert all("expires" in route for route in [*on_bridge, *back])
    assert up.lost == [0] * len(up.lost)
    assert max(down.lost) <= 1
    assert max(up.worst + down.worst) <= 50
