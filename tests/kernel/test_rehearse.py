"""``--rehearse``: what a run would do, tried in a copy of the machine, and nothing else."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from labs import Lab, children
from places import FACTS
from state import state

BRIDGED = ("bridged", "--uplink", "enp0s1")

AS_PROMISED = "as promised\n"

#: A forward chain that takes the answers to A, which come past it, for strays.
STATEFUL = """
sysctl -qw net.bridge.bridge-nf-call-iptables=0
sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
nft add table inet f
nft add chain inet f forward '{ type filter hook forward priority 0; }'
nft add rule inet f forward ct state invalid drop
"""

#: A program whose command changes a setting beside the one that it names.
BESIDE = """
"$REAL" "$@" || exit
case "$*" in *ip_forward=1) "$REAL" -qw net.ipv4.conf.all.log_martians=1 ;; esac
"""

#: In the place of a firewall's program: what it says to an ordinary user.
NOT_ALLOWED = "echo 'Operation not permitted (you must be root)' >&2; exit 1"


@pytest.mark.parametrize("mode", [("host-only",), ("nat",), BRIDGED], ids=lambda mode: mode[0])
def test_as_promised(lab: Lab, mode: tuple[str, ...]) -> None:
    """Where a run would do as it promises it says so alone, and the machine is as it was."""
    before = state(lab.ok)

    done = lab.netmodes(*mode, "--rehearse")

    assert (done.returncode, done.stdout) == (0, AS_PROMISED)
    assert "[#]" not in done.stderr
    assert state(lab.ok) == before


def test_what_a_copy_cannot_tell(lab: Lab) -> None:
    """Of what lies beyond the machine it says once that it is unknown."""
    assert lab.netmodes(*BRIDGED, "--rehearse").stderr == (
        "A copy cannot tell what the switch at enp0s1 lets pass.\n"
    )


def test_what_it_costs_the_host(lab: Lab) -> None:
    """The article's commands alone cut the host off: each thing is said, and none of it happens."""
    before = state(lab.ok)

    done = lab.netmodes(*BRIDGED, "--verbatim", "--rehearse")

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "the host reaches 8.8.8.8: yes before, no while A is up" in lines
    source = "192.168.64.3 before, 192.168.64.100 while A is up"
    assert f"the host's source to 192.168.64.1: {source}" in lines
    assert state(lab.ok) == before


def test_setting_left(lab: Lab) -> None:
    """A setting that is not as before after `down` is a difference."""
    lab.replace("sysctl", BESIDE)

    done = lab.netmodes("nat", "--rehearse")

    assert done.stdout.splitlines() == [
        "after down sysctls: net.ipv4.conf.all.log_martians = 0 is gone",
        "after down sysctls: net.ipv4.conf.all.log_martians = 1 is new",
    ]
    assert done.returncode == 1


def test_connections(lab: Lab) -> None:
    """A firewall that lets pings pass and no connection is found by a connection."""
    lab.ok("sh", "-c", STATEFUL)

    done = lab.netmodes(*BRIDGED, "--verbatim", "--rehearse")

    assert "it answers pings, but no connection (TCP)" in done.stdout
    assert done.returncode == 1


def test_past_the_host(lab: Lab) -> None:
    """Where connections by the host were tried and hang, a guard goes by the LAN's router."""
    lab.ok("sh", "-c", STATEFUL)
    guard = "ip netns exec A ip route replace default via 192.168.64.1"

    assert lab.netmodes(*BRIDGED, "--rehearse").stdout == AS_PROMISED
    assert guard in lab.ok("netmodes", *BRIDGED, "--dry-run")
    assert guard in lab.ok("netmodes", *BRIDGED, "--export", "-")
    assert guard not in lab.ok("netmodes", *BRIDGED, "--dry-run", "--gateway", "192.168.64.1")
    lab.ok("netmodes", *BRIDGED)
    assert "via 192.168.64.1 " in lab.inside("ip", "route").stdout


def test_second(lab: Lab) -> None:
    """Beside a network that is up all but the way from its namespace is tried."""
    lab.netmodes(*BRIDGED)
    before = state(lab.ok)

    done = lab.run("netmodes", *BRIDGED, "-n", "B", "--rehearse")

    way = "the way from neighbour to namespace could not be tried"
    assert done.returncode == 3
    assert done.stdout == f"unknown: {way}: a copy has no namespace of another network\n"
    assert state(lab.ok) == before


def test_refused(lab: Lab) -> None:
    """What a run refuses a rehearsal refuses, in the same words."""
    lab.ok("ip", "netns", "add", "A")

    done = lab.netmodes("host-only", "--rehearse")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == lab.netmodes("host-only").stderr


def test_json(lab: Lab) -> None:
    """As JSON it tells each promise as it was tried, by the LAN as well."""
    found = json.loads(lab.netmodes("nat", "--rehearse", "--json").stdout)

    assert [found[name] for name in ("mode", "namespace", "refused")] == ["nat", "A", ""]
    assert (found["differences"], found["unknown"]) == ([], [])
    by_lan = next(each for each in found["promises"] if each["from"] == "outside")
    assert (by_lan["tried"], by_lan["got"]) == ("10.64.0.11", False)


def test_firewall_not_read(lab: Lab) -> None:
    """A firewall that only root may read is unknown, and never as promised."""
    for program in ("nft", "iptables-save"):
        lab.replace(program, NOT_ALLOWED)

    done = lab.netmodes("host-only", "--rehearse")

    assert done.returncode == 3
    assert done.stdout.startswith("unknown: the firewall was not read: use sudo")


def test_elsewhere(lab: Lab) -> None:
    """A machine elsewhere is rehearsed from its facts alone."""
    facts = f"{lab.programs.name}/facts.json"
    lab.sh(f"{STATEFUL} netmodes facts >{facts}; nft flush ruleset")

    done = lab.netmodes(*BRIDGED, "--verbatim", "--rehearse", "--facts", facts)

    assert "it answers pings, but no connection (TCP)" in done.stdout


def test_kind_elsewhere(lab: Lab) -> None:
    """What this kernel cannot make is unknown of a machine that can."""
    table = json.loads(lab.ok("netmodes", "facts"))
    kinds = table["table"]["abilities"]["output"]["kinds"]
    if kinds["dummy"]:
        pytest.skip("this kernel has dummy devices")
    kinds["dummy"] = True
    facts = Path(lab.programs.name, "facts.json")
    facts.write_text(json.dumps(table))

    done = lab.netmodes("isolated", "--rehearse", "--facts", str(facts))

    assert done.returncode == 3
    assert done.stdout.startswith("unknown: this kernel has no device type dummy")


def test_no_copy(lab: Lab) -> None:
    """Of facts that a copy cannot be made of everything is unknown."""
    done = lab.netmodes("host-only", "--rehearse", "--facts", str(FACTS / "article.json"))

    assert done.returncode == 3
    assert done.stdout.startswith("unknown: no copy can be made: these facts do not hold")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("after", [0.2, 1.0])
def test_ends_with_its_processes(lab: Lab, number: signal.Signals, after: float) -> None:
    """However and whenever it is ended, no process of it is left, and the machine is as it was."""
    before = state(lab.ok)
    started = lab.start("netmodes", *BRIDGED, "--rehearse")
    time.sleep(after)
    family = descendants(started.pid)

    for pid in family if number == signal.SIGKILL else ():
        if "--rehearse" in command_of(pid):
            os.kill(pid, number)
    started.send_signal(number)
    started.wait(10)

    deadline = time.monotonic() + 10
    while any(map(command_of, family)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [*filter(None, map(command_of, family))] == []
    assert state(lab.ok) == before


def descendants(pid: int) -> list[int]:
    """The processes below this one."""
    found = [pid]
    for one in found:  # grows meanwhile
        found += children(one)
    return found


def command_of(pid: int) -> str:
    """The command line of a process; "" for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
