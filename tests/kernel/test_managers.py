"""Who else sees to the uplink, for real: beside each manager, under a systemd that has booted.

Only root can, with debootstrap and packages to install; `./scripts/test --all` does.
"""

import os
import re
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import wait_until

ROOT = Path(__file__).parents[2]

pytestmark = [
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

#: The NIC's address, as its server gives it.
OWN = "192.168.64.3/24\n"

NETWORKD = "[Match]\nName=enp0s1\n[Network]\nDHCP=ipv4\n"

#: Its cables are veths, which NetworkManager leaves alone where udev runs.
NETWORK_MANAGER = "[keyfile]\nunmanaged-devices=interface-name:veth*\n"

#: How each manager begins, what gives the NIC its address again, and what undoes the fix.
MANAGERS = {
    "systemd-networkd": (
        "systemctl start systemd-networkd",
        "networkctl reconfigure enp0s1",
        "rm /run/systemd/network/00-enp0s1.network && networkctl reload",
    ),
    "NetworkManager": (
        "systemctl start NetworkManager",
        "systemctl restart NetworkManager",
        "nmcli device set enp0s1 managed yes",
    ),
    "dhclient": (
        "ip link set enp0s1 up && dhclient -4 enp0s1",
        "sleep 65",  # it renews a lease of two minutes after one at the latest
        "pkill -CONT dhclient",
    ),
}


@pytest.fixture(scope="module")
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
    script, pipe = ROOT / "tests/support/booted.sh", subprocess.PIPE
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


def addresses(run: Run, device: str) -> str:
    """A device's IPv4 addresses."""
    return run(f"ip -4 -o addr show dev {device} | awk '{{ print $4 }}'").stdout


def online(run: Run) -> bool:
    """Whether the host reaches its router and what lies beyond, asking by ARP anew."""
    run("ip neigh flush all")
    return run("ping -nqc 1 -W 2 192.168.64.1 && ping -nqc 1 -W 2 8.8.8.8").returncode == 0


@pytest.mark.parametrize("manager", MANAGERS)
def test_manager(machine: Run, manager: str) -> None:
    """The fix that is printed beforehand keeps a manager from what is said of it, and the host is
    online all the while and after `down`."""
    begin, again, undo = MANAGERS[manager]
    assert machine(begin).returncode == 0
    wait_until(lambda: addresses(machine, "enp0s1") == OWN, "enp0s1 has its address", 30)
    up = machine("python3 -m netmodes bridged --uplink enp0s1")
    assert up.returncode == 0, up.stderr
    fix = re.search(rf"# {manager} (?:.*\n)*?\[#\] #   (.*)", up.stderr)
    assert fix, up.stderr
    assert machine(fix[1]).returncode == 0
    machine(again)

    assert addresses(machine, "enp0s1") == ""
    assert online(machine)
    assert machine("ip netns exec A ping -nqc 1 -W 2 8.8.8.8").returncode == 0
    assert machine("python3 -m netmodes down A").returncode == 0
    assert machine(undo).returncode == 0
    time.sleep(3)
    assert addresses(machine, "enp0s1") == OWN
    assert online(machine)


def test_without_the_fix(machine: Run) -> None:
    """What networkd is said to do, it does: once it is reconfigured the host is cut off."""
    machine(MANAGERS["systemd-networkd"][0])
    wait_until(lambda: addresses(machine, "enp0s1") == OWN, "enp0s1 has its address", 30)
    machine("python3 -m netmodes bridged --uplink enp0s1")
    before = online(machine)
    machine(MANAGERS["systemd-networkd"][1])
    wait_until(lambda: addresses(machine, "enp0s1") != "", "networkd has done it", 30)

    assert (before, online(machine)) == (True, False)


#: Has udevd run although /sys is read-only, where it names and numbers new devices all the same.
UDEVD = """
for unit in systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket; do
    mkdir -p "/etc/systemd/system/$unit.d"
    printf '[Unit]\\nConditionPathIsReadWrite=\\n' >"/etc/systemd/system/$unit.d/here.conf"
done
systemctl daemon-reload
systemctl start systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd
"""


def test_mac_policy(machine: Run) -> None:
    """udev gives a new bridge a MAC of its own (MACAddressPolicy); ours keeps the uplink's."""
    machine(UDEVD)
    machine("ip link add other type bridge")
    given = "cat /sys/class/net/other/addr_assign_type"
    wait_until(lambda: machine(given).stdout == "3\n", "NET_ADDR_SET", 30)
    machine("ip link set enp0s1 up && dhclient -4 enp0s1")
    assert machine("python3 -m netmodes bridged --uplink enp0s1").returncode == 0
    time.sleep(2)

    macs = machine("cat /sys/class/net/br0/address /sys/class/net/enp0s1/address").stdout.split()
    assert macs[0] == macs[1] == "4a:9e:7e:55:59:ee"
    assert online(machine)
