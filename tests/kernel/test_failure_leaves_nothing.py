"""Whatever goes wrong, the machine is as before: commands that fail, signals, what is missing."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from console import machine
from labs import NETMODES, Done, Lab
from places import SUPPORT
from state import State, state

from netmodes import Bridged, HostOnly, Isolated, Mode, Nat

ARTICLE = machine("article")

ISOLATED, HOST_ONLY, BRIDGED = "isolated", "host-only", "bridged --uplink enp0s1"
NAT = "nat --publish 8080:80"

#: The modes as on the command line, and as in Python.
MODES: dict[str, Mode] = {
    ISOLATED: Isolated(),
    HOST_ONLY: HostOnly(),
    BRIDGED: Bridged(uplink="enp0s1"),
    NAT: Nat(publish="8080:80"),
}

#: Every other command of a mode; what is left after each of every mode, the fault sweep tells.
LINES = [
    (HOST_ONLY, line.partition(" <<")[0])  # a program sees no here-document
    for line in MODES[HOST_ONLY].plan(ARTICLE).lines[::2]
]

WAYS = ("live", "script")

#: In the place of a program: fails at the lines of $FAIL.
FAILING = """
if grep -qxF -- "${0##*/} $*" <<<"$FAIL"; then
    echo 'RTNETLINK answers: Out of order' >&2
    exit 2
fi
exec "$REAL" "$@"
"""

#: In the place of a program: at the lines of $AT a signal comes, to netmodes or to all around it.
SIGNALLING = """
read -r _ _ _ _ leader _ </proc/self/stat
if grep -qxF -- "${0##*/} $*" <<<"$AT"; then
    case $TO in all) kill -s "$SIGNAL" 0 ;; one) kill -s "$SIGNAL" "$leader" ;; esac
fi
exec "$REAL" "$@"
"""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How a mode is run: by netmodes, or by the script it exports."""
    way: str = request.param
    return way


def up(lab: Lab, way: str, mode: str, **environment: str) -> Done:
    """Run a mode, to whatever end."""
    settings = [f"{name}={value}" for name, value in environment.items()]
    command = ["netmodes", *mode.split()] if way == "live" else [export(lab, mode)]
    return lab.run("env", *settings, *command)


def export(lab: Lab, mode: str) -> str:
    """The path of a mode's script for the article's machine."""
    script = Path(lab.programs.name, "exported.sh")
    script.write_text(MODES[mode].script(ARTICLE))
    script.chmod(0o755)
    return str(script)


def status(done: Done) -> int:
    """The exit status as a shell has it."""
    return 128 - done.returncode if done.returncode < 0 else done.returncode


@pytest.mark.sweep
@pytest.mark.parametrize(("mode", "line"), LINES)
def test_command_fails(quick_lab: Lab, untouched: State, way: str, mode: str, line: str) -> None:
    """Whichever command fails, it is named with its own words, and nothing is left."""
    for program in ("ip", "mkdir", "sed", "sysctl", "tee"):
        quick_lab.replace(program, FAILING)
    done = up(quick_lab, way, mode, FAIL=" ".join(shlex.split(line)))

    assert done.returncode == 1
    assert f"`{line}` failed (exit status 2)" in done.stderr
    assert "RTNETLINK answers: Out of order" in done.stderr
    assert "What was done before that is undone; nothing is left." in done.stderr
    assert state(quick_lab.ok) == untouched


def test_taking_back_fails(quick_lab: Lab, untouched: State, way: str) -> None:
    """What cannot be undone is named, and a later down finds it."""
    quick_lab.replace("ip", FAILING)
    done = up(quick_lab, way, HOST_ONLY, FAIL="ip link set veth0 up\nip link del veth0")
    listed = quick_lab.ok("netmodes", "list")
    down = quick_lab.netmodes("down", "A")

    assert done.returncode == 1
    assert "What was done before that is undone, except: `ip link del veth0`" in done.stderr
    assert "interrupted" in listed
    assert down.returncode == 0
    assert state(quick_lab.ok) == untouched


@pytest.mark.parametrize("down", ["netmodes down A", "{script} down", "bash {journal}/down.sh"])
def test_two_cannot_be_taken_back(lab: Lab, down: str) -> None:
    """All that could not be undone is named at the end."""
    lab.replace("ip", FAILING)
    script = export(lab, HOST_ONLY)
    lab.ok(script)
    fail = "FAIL=ip link del veth0\nip netns del A"
    done = lab.run("env", fail, *down.format(script=script, journal="/run/netmodes/A").split())

    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "Error: A is not wholly down: `ip link del veth0` failed" in last
    assert "; `ip netns del A` failed" in last


def test_not_all_of_a_batch(quick_lab: Lab) -> None:
    """What an undo of many lines could not do is told, in `ip`'s words."""
    quick_lab.ok("netmodes", *BRIDGED.split())
    quick_lab.ok(*"ip link set enp0s1 down".split())
    down = quick_lab.netmodes("down", "A")

    assert down.returncode == 0
    assert "dead" not in down.stderr  # as `ip route` prints, and does not take
    assert "# Error: Nexthop has invalid gateway." in down.stderr


#: A page is full, so that not one more line has room.
FILL = """
log=/run/netmodes/A/log
sed -i '$d' $log
printf "%*s\\nup\\n" $((4092 - $(stat -c %s $log))) x >>$log
cat /dev/zero >/run/netmodes/.fill
"""


def test_full(lab: Lab, untouched: State) -> None:
    """Where nothing more can be written all comes back all the same; and nothing is begun."""
    lab.sh("mkdir /run/netmodes; mount -t tmpfs -o size=256k tmpfs /run/netmodes")
    lab.ok("netmodes", "host-only")
    lab.sh(FILL)
    down = lab.netmodes("down", "A")
    lab.sh("cat /dev/zero >/run/netmodes/.fill")
    again = lab.netmodes("host-only")
    lab.sh("umount /run/netmodes")

    assert down.returncode == 0, down.stderr
    assert again.returncode == 1
    assert "Error: /run/netmodes cannot be written (No space left on device)" in again.stderr
    assert "[#]" not in again.stderr
    assert state(lab.ok) == untouched


def test_nohup(lab: Lab, way: str) -> None:
    """A signal that is ignored from the start, as under nohup, stops nothing."""
    lab.replace("ip", SIGNALLING)
    line = "AT=ip link add veth0 type veth peer name veth1"
    command = export(lab, HOST_ONLY) if way == "script" else "netmodes host-only"
    done = lab.sh(f"trap '' HUP; env '{line}' SIGNAL=HUP TO=one {command}")

    assert done.returncode == 0, done.stderr
    assert lab.ok("netmodes", "list").split()[4:7] == ["A", "host-only", "up"]


CUT_LINES = (
    (HOST_ONLY, "ip netns add A"),
    (HOST_ONLY, "ip link set veth1 netns A"),
    (BRIDGED, "ip link set enp0s1 master br0"),
)

#: Ctrl-C and a closed terminal tell every process, `kill` tells one.
CUTS = (("INT", "all", 130), ("INT", "one", 130), ("TERM", "one", 143), ("HUP", "all", 129))


@pytest.mark.sweep
@pytest.mark.parametrize(("mode", "line"), CUT_LINES)
@pytest.mark.parametrize(("signal", "to", "expected"), CUTS)
def test_signal(
    quick_lab: Lab,
    untouched: State,
    way: str,
    mode: str,
    line: str,
    signal: str,
    to: str,
    expected: int,
) -> None:
    """A signal ends the run after the command it came in, and nothing is left."""
    quick_lab.replace("ip", SIGNALLING)
    done = up(quick_lab, way, mode, AT=line, SIGNAL=signal, TO=to)

    assert status(done) == expected
    assert state(quick_lab.ok) == untouched


def test_signal_again(quick_lab: Lab, untouched: State, way: str) -> None:
    """A second Ctrl-C, during the undo after the first, changes nothing."""
    quick_lab.replace("ip", SIGNALLING)
    twice = "ip link set enp0s1 up\nip link set enp0s1 nomaster"
    done = up(quick_lab, way, BRIDGED, AT=twice, SIGNAL="INT", TO="all")

    assert status(done) == 130
    assert "ip link set enp0s1 nomaster" in done.stderr
    assert state(quick_lab.ok) == untouched


def test_signal_before_the_first_command(quick_lab: Lab, untouched: State, way: str) -> None:
    """Ctrl-C while the LAN is asked leaves nothing, for nothing was touched."""
    quick_lab.replace("ping", SIGNALLING)
    asking = "ping -I enp0s1 -c 1 -W 1 192.168.64.50"
    done = up(quick_lab, way, BRIDGED, AT=asking, SIGNAL="INT", TO="all")

    assert status(done) == 130
    assert state(quick_lab.ok) == untouched


def test_nobody_reads(quick_lab: Lab, way: str) -> None:
    """A run whose output nobody reads any more, as in `| head -n 1`, goes on to its end."""
    command = "netmodes host-only" if way == "live" else export(quick_lab, HOST_ONLY)
    done = quick_lab.sh(f"{command} 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}")
    listed = quick_lab.ok("netmodes", "list", "--json")

    assert done.returncode == 0
    assert [network["state"] for network in json.loads(listed)] == ["up"]


MISSING = (
    (HOST_ONLY, "ip", "iproute2"),
    (BRIDGED, "sysctl", "procps"),
    (BRIDGED, "ping", "iputils-ping"),
    (HOST_ONLY, "find", "findutils"),
    (HOST_ONLY, "rmdir", "coreutils"),
)


@pytest.mark.sweep
@pytest.mark.parametrize(("mode", "program", "package"), MISSING)
def test_missing_program(
    quick_lab: Lab,
    untouched: State,
    way: str,
    mode: str,
    program: str,
    package: str,
) -> None:
    """A program that is not there is one sentence that names its package; nothing is touched."""
    command = [NETMODES, *mode.split()] if way == "live" else [export(quick_lab, mode)]
    quick_lab.hide(program)
    done = quick_lab.run(*command)
    quick_lab.show(program)

    assert done.returncode == 1
    assert done.stderr == f"Error: there is no `{program}` on PATH: install {package}\n"
    assert state(quick_lab.ok) == untouched


#: In the place of ip, on a kernel without veth.
NO_VETH = """
case "$*" in "link add "*" type veth "*) echo 'Error: Unknown device type.' >&2; exit 2 ;; esac
exec "$REAL" "$@"
"""


def test_missing_kind(quick_lab: Lab, untouched: State, way: str) -> None:
    """A kind of device that the kernel has not is named, with its module; nothing is left."""
    quick_lab.replace("ip", NO_VETH)
    done = up(quick_lab, way, HOST_ONLY)

    assert done.returncode == 1
    assert "`ip link add veth0 type veth peer name veth1` failed" in done.stderr
    assert "Unknown device type" in done.stderr
    assert "modprobe veth" in done.stderr
    assert state(quick_lab.ok) == untouched


#: What stands in the way (on the machine, at the router), what is asked for, and the sentence.
REFUSED = {
    "no uplink": ("", "", "bridged --uplink nosuch0", "there is no device nosuch0"),
    "loopback": ("", "", "bridged --uplink lo", "lo is the loopback"),
    "enslaved": (
        "ip link add br9 type bridge && ip link set enp0s1 master br9", "",
        "bridged --uplink enp0s1",
        "enp0s1 is enslaved to br9 already"),
    "macvlan": (
        "ip link add link enp0s1 name mac0 type macvlan", "", "bridged --uplink enp0s1",
        "enp0s1 carries mac0 and cannot be bridged"),
    "namespace": ("ip netns add A", "", "host-only", "namespace A exists and is not ours"),
    "device": (
        "ip link add veth7 type veth peer name veth8", "", "host-only --host-device veth7",
        "device veth7 exists"),
    "bridge": (
        "ip link add br0 type bridge", "", "bridged --uplink enp0s1 --bridge br0",
        "device br0 exists"),
    "host route": (
        "ip route add 10.7.0.0/16 via 192.168.64.1", "",
        "host-only --host-address 10.7.1.1/24 --address 10.7.1.2/24",
        "10.7.1.0/24 overlaps the host's route to 10.7.0.0/16"),
    "gateway's": (
        "", "", "bridged --uplink enp0s1 --address 192.168.64.1/24",
        "192.168.64.1 is the gateway's address"),
    "taken": (
        "", "ip addr add 192.168.64.50/24 dev lan0", "bridged --uplink enp0s1",
        "192.168.64.50 is taken on the LAN"),
    "taken, drops ICMP": (
        "", "ip addr add 192.168.64.100/24 dev lan0 && sysctl -w net.ipv4.icmp_echo_ignore_all=1",
        "bridged --uplink enp0s1",
        "192.168.64.100 is taken on the LAN"),
    "taken, no ping gets out": (
        "iptables -P OUTPUT DROP", "ip addr add 192.168.64.50/24 dev lan0",
        "bridged --uplink enp0s1 --anyway", "192.168.64.50 is taken on the LAN"),
    "taken, met before": (
        "ping -c 1 192.168.64.50 && ip neigh change 192.168.64.50 dev enp0s1 nud stale",
        "ip addr add 192.168.64.50/24 dev lan0", "bridged --uplink enp0s1",
        "192.168.64.50 is taken on the LAN"),
}  # fmt: skip


def prepare(lab: Lab, machine: str, router: str) -> None:
    """Put something in the way."""
    assert lab.sh(router, router=True).returncode == 0
    assert lab.sh(machine).returncode == 0


def test_who_answers_late(lab: Lab) -> None:
    """A machine that answers ARP after a part of a second has its address all the same."""
    lab.replace("ping", 'exec "$REAL" "$@"')
    answer = [sys.executable, f"{SUPPORT}/answer_late.py", "lan0", "192.168.64.50", "0.6"]
    late = lab.start(*answer, router=True, stdout=subprocess.PIPE)
    assert late.stdout
    late.stdout.readline()
    refused = lab.netmodes("bridged", "--uplink", "enp0s1")
    late.communicate()

    assert refused.returncode == 1
    assert refused.stderr == "Error: 192.168.64.50 is taken on the LAN: choose another\n"


@pytest.mark.sweep
@pytest.mark.parametrize("obstacle", REFUSED)
def test_refused(quick_lab: Lab, obstacle: str) -> None:
    """What cannot be is refused in one sentence, before anything is touched; so is its dry run."""
    machine, router, mode, sentence = REFUSED[obstacle]
    prepare(quick_lab, machine, router)
    before = state(quick_lab.ok)
    done = quick_lab.netmodes(*mode.split())

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {sentence}")
    assert done.stderr.count("\n") == 1
    assert quick_lab.netmodes(*mode.split(), "--dry-run").stderr == done.stderr
    assert state(quick_lab.ok) == before


def test_default_in_halves(quick_lab: Lab) -> None:
    """A VPN's default, which is in two halves, is in no subnet's way."""
    script = export(quick_lab, HOST_ONLY)
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        quick_lab.ok("ip", "route", "add", half, "via", "192.168.64.1")

    for command in ((NETMODES, HOST_ONLY), (str(script),)):
        quick_lab.ok(*command)
        assert quick_lab.inside("ping", "-c", "1", "192.168.202.1").returncode == 0
        quick_lab.ok(NETMODES, "down", "A")


#: What has changed since the export (on the machine, at the router), and the script's sentence.
STALE = {
    "namespace": (HOST_ONLY, "ip netns add A", "", "namespace A exists already"),
    "device": (HOST_ONLY, "ip link add veth1 type bridge", "", "device veth1 exists already"),
    "host route": (
        HOST_ONLY, "ip route add 192.168.202.128/25 via 192.168.64.1", "",
        "192.168.202.0/24 overlaps a route of the host"),
    "wider host route": (
        HOST_ONLY, "ip route add 192.168.0.0/16 via 192.168.64.1", "",
        "192.168.202.0/24 overlaps a route of the host"),
    "MAC": (
        BRIDGED, "ip link set enp0s1 address 4a:9e:7e:55:59:ef", "",
        "enp0s1 has another MAC than 4a:9e:7e:55:59:ee: export again"),
    "address": (
        BRIDGED,
        "ip addr change 192.168.64.4/24 dev enp0s1 && ip addr del 192.168.64.3/24 dev enp0s1", "",
        "enp0s1 has no address 192.168.64.3/24: export again"),
    "default route": (
        BRIDGED, "ip route del default", "",
        "there is no route `default via 192.168.64.1 dev enp0s1`: export again"),
    "enslaved": (
        BRIDGED, "ip link add br9 type bridge && ip link set enp0s1 master br9", "",
        "enp0s1 is a port of a bridge: export again"),
    "no such NIC": (
        BRIDGED, "ip link set enp0s1 down && ip link set enp0s1 name other0", "",
        "there is no device enp0s1 on this machine: export again, with its `netmodes facts`"),
    "taken": (
        BRIDGED, "", "ip addr add 192.168.64.50/24 dev lan0", "192.168.64.50 is taken on the LAN"),
}  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize("change", STALE)
def test_stale_script(quick_lab: Lab, change: str) -> None:
    """A script refuses a machine that is not as it was, before anything is touched."""
    mode, machine, router, sentence = STALE[change]
    script = export(quick_lab, mode)
    prepare(quick_lab, machine, router)
    before = state(quick_lab.ok)
    done = quick_lab.run(script)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {sentence}")
    assert done.stderr.count("\n") == 1
    assert state(quick_lab.ok) == before


def test_undo_as_it_runs(quick_lab: Lab) -> None:
    """What follows a script's command that read its input, and failed, is shown without that."""
    script = quick_lab.export("nat")
    quick_lab.replace("nft", '[ "$*" != "-f -" ] || exit 2; exec "$REAL" "$@"')

    _, undone = quick_lab.run(script).stderr.split("Error: ", 1)

    assert "[#] ip link del nat0\n" in undone
    assert "STDIN" not in undone
