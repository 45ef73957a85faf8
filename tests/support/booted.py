"""A Debian whose systemd boots, for the tests that need one.

Only root can, with debootstrap and packages to install; `./scripts/test --all` does.
"""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from places import ROOT, SUPPORT
from processes import wait_until

#: The marks of a test that takes one.
needs_debian = [
    pytest.mark.skipif(
        "config.getoption('slice')", reason="minutes: ./scripts/test --all has them"
    ),
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("debootstrap"),
        reason="needs root, debootstrap, and a minute for a Debian",
    ),
]

#: Makes a Debian in a folder; what it installs starts nothing, and has devices of its own.
MAKE = """
set -eu
debootstrap --variant=minbase --include=ca-certificates,dbus,systemd,systemd-sysv,udev bookworm "$1"
printf '#!/bin/sh\\nexit 101\\n' | install -m 755 /dev/stdin "$1/usr/sbin/policy-rc.d"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/dev"
for device in 'null c 1 3' 'zero c 1 5' 'random c 1 8' 'urandom c 1 9'; do
    mknod -m 666 "$1/dev/"$device
done
DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -qqy --no-install-recommends install \\
    dnsmasq-base iproute2 iptables iputils-ping isc-dhcp-client network-manager nftables procps \\
    python3
rm "$1/usr/sbin/policy-rc.d"
"""

#: What would see to the NIC as well, or to devices that are none of the machine's.
OFF = """
    NetworkManager NetworkManager-wait-online systemd-networkd systemd-timesyncd
    """.split()

NETWORKD = "[Match]\nName=enp0s1\n[Network]\nDHCP=ipv4\n"

#: Its cables are veths, which NetworkManager leaves alone where udev runs.
NETWORK_MANAGER = "[keyfile]\nunmanaged-devices=interface-name:veth*\n"


@pytest.fixture(scope="session")
def debian(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Debian with every manager, none of which begins by itself."""
    if request.config.getoption("slice"):
        pytest.skip("takes minutes: `./scripts/test --all` runs it")
    root = tmp_path_factory.mktemp("debian")
    made = ["unshare", "--mount", "--propagation", "private", "bash", "-c", MAKE, "make", root]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    off = ["chroot", root, "systemctl", "disable", *OFF]
    subprocess.run(off, check=True, stderr=subprocess.DEVNULL)
    (root / "etc/systemd/network/enp0s1.network").write_text(NETWORKD)
    (root / "etc/NetworkManager/conf.d/veth.conf").write_text(NETWORK_MANAGER)
    return root


Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def machine(debian: Path) -> Iterator[Run]:
    """Runs a line of shell on a machine that has booted, or with "lan: " before it on its LAN."""
    script, pipe = SUPPORT / "booted.sh", subprocess.PIPE
    argv = ["bash", script, debian, ROOT, sysconfig.get_path("purelib")]
    started = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)
    with started as booted:
        assert booted.stdout is not None
        first = booted.stdout.readline().strip()
        path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 HOME=/root"
        env = ["env", "-i", *path.split(), "PYTHONPATH=/srv/checkout:/srv/site"]

        def run(line: str) -> "subprocess.CompletedProcess[str]":
            inside = ["nsenter", "-t", first, "-a", *env, "bash", "-c", line]
            return subprocess.run(inside, capture_output=True, text=True, check=False)

        is_up = "systemctl is-system-running"
        wait_until(lambda: run(is_up).stdout in ("running\n", "degraded\n"), "it has booted", 30)
        yield run
        booted.communicate()
