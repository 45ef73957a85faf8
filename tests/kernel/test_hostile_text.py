"""Names, aliases and comments of others, of any bytes, stop no command and move no cursor."""

import pytest
from labs import Lab

#: What no name should have: an escape sequence, a byte that is no UTF-8, two that Python takes for
#: the end of a line.
EVIL = r"$'d\e[2J\xe9\xe2\x80\xa8\x1c'"
SETUP = rf"""
set -e
ip link set enp0s1 alias $'a\e[2J\xe9\x01\u202e'
ip link add {EVIL} type bridge
ip addr add 10.77.0.1/24 dev {EVIL}
ip link set {EVIL} up
ip netns add {EVIL}
for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf; do
    printf 'nameserver 192.168.64.1\nsearch x\033[2J\351.org\n' >$file
done
printf '\351\001\n' >>/etc/nsswitch.conf
nft add table inet others
nft add chain inet others forward '{{ type filter hook forward priority 0; policy accept; }}'
nft add rule inet others forward counter comment $'"c\e[2J\xe9"'
iptables -A FORWARD -m comment --comment $'x\xe9\e[2J\n-P FORWARD DROP' -j ACCEPT
"""

#: A process with a name that would be two lines and move the cursor; it runs a command, or waits.
NAMED = (
    "python3 -c 'import ctypes, subprocess, sys, time;"
    r'ctypes.CDLL(None).prctl(15, b"a\n\x1b[2J\xe9");'
    "sys.exit(subprocess.call(sys.argv[1:]) if sys.argv[1:] else time.sleep(60))'"
)


@pytest.fixture
def hostile(lab: Lab) -> Lab:
    """A lab with evil names."""
    assert lab.sh(SETUP).returncode == 0
    return lab


COMMANDS = {
    "doctor": 1,
    "show": 0,
    "show --format mermaid": 0,
    "facts": 0,
    "nat --dry-run": 0,
    "bridged --uplink enp0s1 --dry-run": 0,
    "nat": 0,
    "bridged --uplink enp0s1": 0,
    "host-only": 0,
}


@pytest.mark.sweep
@pytest.mark.parametrize("command", COMMANDS)
def test_stops_nothing(hostile: Lab, command: str) -> None:
    """No command fails for a name, in any locale, nor prints one that a terminal would act on."""
    for locale in ("C.UTF-8", "C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"):
        done = hostile.sh(f"LC_ALL={locale} netmodes {command}")
        assert (done.returncode, "Traceback" in done.stderr) == (COMMANDS[command], False)
        assert "\x1b" not in done.stdout + done.stderr
        if "A is up" in done.stderr:
            assert hostile.ok("netmodes", "check", "A")
            hostile.ok("netmodes", "down", "A")


def test_elsewhere(hostile: Lab) -> None:
    """The facts of such a machine are facts elsewhere, and its script takes back what it made."""
    done = hostile.sh(
        "set -e; cd /run; netmodes facts >facts.json"
        "; netmodes bridged --uplink enp0s1 --facts facts.json --export up.sh"
        "; bash up.sh; netmodes facts >facts.json"
        "; netmodes nat --namespace B --facts facts.json --dry-run; bash up.sh down"
    )

    assert done.returncode == 0, done.stderr


def test_processes(lab: Lab) -> None:
    """A process begins no line of its own where it is named, and no ancestor stops a command."""
    done = lab.sh(f"{NAMED} netmodes host-only")
    lab.sh(f"ip netns exec A {NAMED} >/dev/null 2>&1 & sleep 0.5")
    refused = lab.netmodes("down", "A")

    assert "A is up" in done.stderr
    assert refused.stderr.count("\n") == 1
    assert " a??[2J" in refused.stderr
    lab.ok("netmodes", "down", "A", "--kill")


@pytest.mark.parametrize("way", ["live", "script"])
def test_holder(lab: Lab, way: str) -> None:
    """Who holds the lock under such a name is named in one line."""
    run = lab.export("host-only") if way == "script" else "netmodes host-only"
    hold = r"exec -a $'h\e[2J\n\xe9' flock /run/netmodes/.lock sleep 3"
    done = lab.sh(f"mkdir -p /run/netmodes; ({hold}) & sleep 0.3; {run}")
    waits = next(line for line in done.stderr.splitlines() if "# waits for " in line)

    assert "sleep 3" in waits
    assert "\x1b" not in done.stderr


PEERS = ("UNKNOWN 65535 UNKNOWN 65535", r"\xe9\e[2J 1", "-batch /etc/passwd", "1.2.3.4/5 1", " ")


@pytest.mark.sweep
@pytest.mark.parametrize("peer", PEERS)
def test_peer(lab: Lab, peer: str) -> None:
    """An SSH client that sshd does not know is none."""
    for command in ("doctor >/dev/null", "bridged --uplink enp0s1"):
        done = lab.sh(f"export SSH_CONNECTION=$'{peer}'; netmodes {command}")
        assert "Traceback" not in done.stderr
    assert "A is up" in done.stderr


VARIABLES = (
    *("COLUMNS=x", "COLUMNS=-3", "COLUMNS=1", r"NO_COLOR=$'\xe9'", "LANG=bogus", "HOME="),
    *(r"PATH=$PATH:$'\xe9\e'", "SUDO_UID=abc", "SUDO_GID=-1", "SUDO_USER=", "NETMODES_X=1"),
)


@pytest.mark.sweep
@pytest.mark.parametrize("variable", VARIABLES)
def test_environment(lab: Lab, variable: str) -> None:
    """A variable that says nothing sensible stops no command."""
    for command in ("host-only", "check A", "exec A -- true", "show", "down A"):
        done = lab.sh(f"export {variable}; netmodes {command}")
        assert done.returncode == 0, done.stderr
