"""Who else sees to the uplink, for real: beside each manager, under a systemd that has booted.

Only root can, with debootstrap and packages to install; `./scripts/test --all` does.
"""

import re
import time

import pytest
from booted import Run, needs_debian
from processes import wait_until

pytestmark = needs_debian

#: The NIC's address, as its server gives it.
OWN = "192.168.64.3/24\n"

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
