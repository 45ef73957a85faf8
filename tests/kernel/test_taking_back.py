"""Undo: what is ours and only that, however the machine has changed meanwhile."""

import json
import re

import pytest
from faults import NO_DUMMY
from labs import Done, Lab
from state import State, state

from netmodes import Facts


@pytest.fixture
def host_only(lab: Lab) -> Lab:
    """A lab where A is up, host-only."""
    lab.ok("netmodes", "host-only")
    return lab


def down_by(lab: Lab, way: str, *options: str) -> Done:
    """Take A down, by netmodes or by the script that was exported."""
    script = f"{lab.programs.name}/exported.sh"
    command = {"live": ["netmodes", "down", "A"], "script": [script, "down"]}[way]
    return lab.run(*command, *options)


def start_inside(lab: Lab, name: str = "A") -> str:
    """Start a process inside a namespace, which ends with the test; its PID."""
    start = f"""
        ip netns exec {name} sleep 60 >/dev/null 2>&1 &
        until [ "$(cat /proc/$!/comm)" = sleep ]; do sleep 0.01; done
        echo $!
        """
    return lab.ok("bash", "-c", start).strip()


def runs(lab: Lab, pid: str) -> bool:
    """Whether that process still runs; one that ended and was not waited for has no program."""
    return lab.run("test", "-e", f"/proc/{pid}/exe").returncode == 0


def test_down_says_what_it_does(host_only: Lab) -> None:
    """The commands are shown newest first, the host's end of the cable before the namespace."""
    down = host_only.netmodes("down", "A")

    assert (down.returncode, down.stdout) == (0, "")
    assert re.findall(r"^\[#\] (\S+ \S+)", down.stderr, re.MULTILINE) == [
        *("rm /etc/netns/A/nsswitch.conf", "rm /etc/netns/A/resolv.conf", "rmdir --parents"),
        *("ip link", "ip netns"),
    ]
    assert down.stderr.endswith("[#] ip link del veth0\n[#] ip netns del A\nA is down.\n")


def test_down_twice(host_only: Lab) -> None:
    """There is nothing to take down a second time, which is said and touches nothing."""
    host_only.ok("netmodes", "down", "A")
    before = state(host_only.ok)
    again = host_only.netmodes("down", "A")

    assert again.returncode == 0
    assert again.stderr == "A is not up: nothing to do.\n"
    assert state(host_only.ok) == before


def test_foreign_namespace(lab: Lab) -> None:
    """A namespace that netmodes did not make is none of its business."""
    lab.ok("ip", "netns", "add", "A")
    before = state(lab.ok)
    down = lab.netmodes("down", "A")

    assert down.returncode == 1
    assert state(lab.ok) == before


def test_process_inside(host_only: Lab) -> None:
    """A process inside is named and keeps everything up."""
    pid = start_inside(host_only)
    before = state(host_only.ok)
    down = host_only.netmodes("down", "A")

    assert down.returncode == 1
    assert down.stderr.startswith(f"Error: processes run inside A ({pid} sleep): ")
    assert state(host_only.ok) == before


def test_process_inside_and_script(lab: Lab, untouched: State) -> None:
    """The script refuses as well, and --kill is its word too."""
    script = lab.export("host-only")
    lab.ok(script)
    pid = start_inside(lab)
    refused = lab.run(script, "down")
    lab.ok(script, "down", "--kill")

    assert refused.returncode == 1
    assert f"processes run inside A ({pid} sleep)" in refused.stderr
    assert not runs(lab, pid)
    assert state(lab.ok) == untouched


IGNORES_TERM = """
ip netns exec A bash -c 'trap "" TERM; echo $BASHPID >/run/pid; exec sleep 60' >/dev/null 2>&1 &
until [ -s /run/pid ]; do sleep 0.01; done
cat /run/pid
"""


@pytest.mark.parametrize("deaf", [False, True], ids=["sleep", "ignores TERM"])
def test_kill(lab: Lab, untouched: State, deaf: bool) -> None:
    """With --kill the processes inside end, also one that ignores being asked to."""
    lab.ok("netmodes", "host-only")
    pid = lab.ok("bash", "-c", IGNORES_TERM).strip() if deaf else start_inside(lab)
    down = lab.netmodes("down", "A", "--kill")

    assert down.returncode == 0, down.stderr
    assert f"[#] kill -s TERM {pid}\n" in down.stderr
    assert (f"[#] kill -s KILL {pid}\n" in down.stderr) == deaf
    assert not runs(lab, pid)
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", ["live", "script"])
@pytest.mark.parametrize("mode", ["host-only", "isolated"])
def test_nameless(lab: Lab, untouched: State, mode: str, way: str) -> None:
    """A namespace whose name is gone while a process runs in it is not called down."""
    if mode == "isolated":
        lab.replace("ip", NO_DUMMY.format(real='"$REAL"'))
    lab.export(mode)
    lab.ok("netmodes", mode)
    pid = start_inside(lab)
    lab.ok("ip", "netns", "del", "A")
    refused, down = down_by(lab, way), down_by(lab, way, "--kill")

    assert refused.returncode == 1
    assert f"processes run inside A ({pid}" in refused.stderr
    assert down.returncode == 0, down.stderr
    assert not runs(lab, pid)
    assert state(lab.ok) == untouched


def test_reused_inode(host_only: Lab) -> None:
    """A process in another network namespace is none of A's, whatever inode A's had."""
    pid = host_only.ok("sh", "-c", "unshare --net sleep 60 >/dev/null 2>&1 & echo $!").strip()
    inode = host_only.ok("stat", "-L", "-c", "%i", f"/proc/{pid}/ns/net").strip()
    host_only.ok("sed", "-i", f"s/^done 0 [0-9]*/done 0 {inode}/", "/run/netmodes/A/log")
    host_only.ok("ip", "netns", "del", "A")
    down = host_only.netmodes("down", "A")

    assert down.returncode == 0, down.stderr
    assert runs(host_only, pid)


def test_all(quick_lab: Lab) -> None:
    """With --all every network of ours goes, and no other namespace."""
    quick_lab.ok("ip", "netns", "add", "foreign")
    before = state(quick_lab.ok)
    quick_lab.ok("netmodes", "host-only")
    quick_lab.ok("netmodes", "host-only", "-n", "B")
    quick_lab.ok("netmodes", "bridged", "-n", "C", "--uplink", "enp0s1")
    down = quick_lab.netmodes("down", "--all")

    assert down.returncode == 0, down.stderr
    assert state(quick_lab.ok) == before


def test_all_goes_on(quick_lab: Lab) -> None:
    """With --all a network that must stay keeps no other one up."""
    for name in "ABC":
        quick_lab.ok("netmodes", "host-only", "-n", name)
    start_inside(quick_lab, "A")
    down = quick_lab.netmodes("down", "--all")

    assert down.returncode == 1
    assert "processes run inside A" in down.stderr
    assert [net["name"] for net in listed(quick_lab)] == ["A"]


def test_several(lab: Lab, untouched: State) -> None:
    """Several names go at once, in any order."""
    for name in "ABC":
        lab.ok("netmodes", "host-only", "-n", name)
    lab.ok("netmodes", "down", "B", "A", "C")

    assert state(lab.ok) == untouched


def listed(lab: Lab) -> list[dict[str, str]]:
    """The networks that are up."""
    found: list[dict[str, str]] = json.loads(lab.ok("netmodes", "list", "--json"))
    return found


def test_list(lab: Lab) -> None:
    """The list is a table for people and JSON for programs."""
    lab.ok("netmodes", "host-only")
    lab.ok("netmodes", "host-only", "-n", "B")

    assert lab.ok("netmodes", "list").splitlines() == [
        "NAME            MODE       STATE        ADDRESS",
        "A               host-only  up           192.168.202.11/24",
        "B               host-only  up           192.168.203.11/24",
    ]
    assert [(net["name"], net["mode"], net["state"]) for net in listed(lab)] == [
        ("A", "host-only", "up"),
        ("B", "host-only", "up"),
    ]


@pytest.mark.parametrize("way", ["live", "script"])
def test_anyone_can_read(lab: Lab, way: str) -> None:
    """The journal is open to every user's eyes, whatever root's umask, but for the facts."""
    script = lab.export("host-only")
    lab.ok("bash", "-c", f"umask 077; {'netmodes host-only' if way == 'live' else script}")
    private = ("!", "-name", ".lock", "!", "-name", "before.json")
    closed = lab.ok("find", "/run/netmodes", *private, "!", "-perm", "-o=r")
    shut = lab.ok("find", "/run/netmodes", "-type", "d", "!", "-perm", "-o=rx")

    assert (closed, shut) == ("", "")


def test_made_by_script(lab: Lab, untouched: State) -> None:
    """What a script made is listed, is up already for netmodes, and goes by netmodes."""
    script = lab.export("host-only")
    lab.ok(script)
    networks = listed(lab)
    again = lab.netmodes("host-only")
    lab.ok("netmodes", "down", "A")

    assert [(net["name"], net["state"]) for net in networks] == [("A", "up")]
    assert again.stderr == "A is up already.\n"
    assert state(lab.ok) == untouched


def test_made_by_netmodes(lab: Lab) -> None:
    """What netmodes made is up already for its script."""
    script = lab.export("host-only")
    lab.ok("netmodes", "host-only")
    before = state(lab.ok)
    again = lab.run(script)

    assert (again.returncode, again.stderr) == (0, "A is up already.\n")
    assert state(lab.ok) == before


BY_HAND = (
    "ip link del veth0",
    "ip netns del A",
    "ip link del veth0 && ip netns del A",
    "ip -n A link set veth1 name other0",
)


@pytest.mark.parametrize("way", ["live", "script"])
@pytest.mark.parametrize("command", BY_HAND)
def test_deleted_by_hand(lab: Lab, untouched: State, command: str, way: str) -> None:
    """What somebody has taken away already is no obstacle."""
    lab.export("host-only")
    lab.ok("netmodes", "host-only")
    assert lab.sh(command).returncode == 0
    down = down_by(lab, way)

    assert down.returncode == 0, down.stderr
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("way", ["live", "script"])
def test_made_again_by_hand(lab: Lab, way: str) -> None:
    """A namespace and a device of the same names, made by somebody else, are left alone."""
    lab.export("host-only")
    lab.ok("netmodes", "host-only")
    lab.ok("ip", "link", "del", "veth0")
    lab.ok("ip", "netns", "del", "A")
    lab.ok("ip", "netns", "add", "A")
    lab.ok(*"ip link add veth0 type veth peer name veth1".split())
    pid = start_inside(lab)
    by_hand = state(lab.ok)
    down = down_by(lab, way, "--kill")
    after = state(lab.ok)

    assert down.returncode == 0, down.stderr
    assert runs(lab, pid)
    ours = ("/run/netmodes", "/etc/netns")
    assert after == {key: by_hand[key] for key in by_hand if not key.startswith(ours)}


def test_endless_processes(host_only: Lab) -> None:
    """Where processes inside do not end, whatever is sent to them, nothing is touched."""
    pid = start_inside(host_only)
    host_only.replace("kill", "exit 0")
    up = state(host_only.ok)
    down = host_only.netmodes("down", "A", "--kill")

    assert down.returncode == 1
    assert "others come while these end: stop what starts them" in down.stderr
    assert runs(host_only, pid)
    assert state(host_only.ok) == up


@pytest.mark.parametrize("way", ["live", "script"])
def test_facts_from_before(lab: Lab, way: str) -> None:
    """The journal has what the machine was like before the first command."""
    lab.ok(*(["netmodes", "host-only"] if way == "live" else [lab.export("host-only")]))

    before = Facts.from_json(lab.ok("cat", "/run/netmodes/A/before.json"))

    assert [str(found) for found in before.addresses("enp0s1")] == ["192.168.64.3/24"]
    assert before.default_routes("enp0s1")
    assert before.link("veth0") is None


def test_uplink_released_by_hand(quick_lab: Lab, untouched: State) -> None:
    """A bridged network whose uplink has left the bridge goes, and the uplink stays as it is."""
    quick_lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    quick_lab.ok(*"ip link set enp0s1 nomaster".split())
    quick_lab.ok("netmodes", "down", "A")

    assert state(quick_lab.ok) == untouched


def test_forwarding_set_by_hand(quick_lab: Lab) -> None:
    """A setting that somebody has changed since is theirs."""
    quick_lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    quick_lab.ok("sysctl", "-w", "net.ipv4.ip_forward=0")
    down = quick_lab.netmodes("down", "A")

    assert down.returncode == 0
    assert "ip_forward" not in down.stderr


def test_forwarding_was_on(quick_lab: Lab) -> None:
    """A host that forwarded before forwards afterwards."""
    quick_lab.ok("sysctl", "-w", "net.ipv4.ip_forward=1")
    before = state(quick_lab.ok)
    quick_lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    quick_lab.ok("netmodes", "down", "A")

    assert state(quick_lab.ok) == before


SIDE_EFFECTS = ("net.ipv4.conf.lo.forwarding=1", "net.ipv4.conf.all.accept_redirects=0")


@pytest.mark.parametrize("setting", SIDE_EFFECTS)
@pytest.mark.parametrize("way", ["live", "script"])
def test_side_effects_of_forwarding(quick_lab: Lab, setting: str, way: str) -> None:
    """Settings that the kernel changes along with ip_forward are put back as well."""
    quick_lab.ok("sysctl", "-w", setting)
    quick_lab.export("bridged", "--uplink", "enp0s1")
    before = state(quick_lab.ok)
    quick_lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    down = down_by(quick_lab, way)

    assert down.returncode == 0, down.stderr
    assert state(quick_lab.ok) == before


def test_uplink_was_down(quick_lab: Lab) -> None:
    """An uplink that was down is down again."""
    quick_lab.ok("ip", "link", "set", "enp0s1", "down")
    before = state(quick_lab.ok)
    quick_lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    up = state(quick_lab.ok)
    quick_lab.ok("netmodes", "down", "A")

    assert "enp0s1 operstate UP" in up["the host links enp0s1"]
    assert state(quick_lab.ok) == before


def test_two_at_once(lab: Lab) -> None:
    """Two runs at the same time take different devices and subnets."""
    both = "netmodes host-only & netmodes host-only -n B; one=$?; wait $! && exit $one"
    done = lab.sh(both)
    ping = [lab.run("ping", "-c", "1", f"192.168.{subnet}.11").returncode for subnet in (202, 203)]

    assert done.returncode == 0, done.stderr
    assert [net["name"] for net in listed(lab)] == ["A", "B"]
    assert ping == [0, 0]


def test_up_again_after_down(host_only: Lab) -> None:
    """The veth is gone when down returns, so the same network can go up at once."""
    host_only.ok("netmodes", "down", "A")
    again = host_only.netmodes("host-only")

    assert again.returncode == 0, again.stderr
    assert "192.168.202.11/24" in host_only.ok("netmodes", "list")


def test_up_twice(host_only: Lab) -> None:
    """The same network is up already; one of other values is refused."""
    before = state(host_only.ok)
    same = host_only.netmodes("host-only")
    other = host_only.netmodes("host-only", "--address", "192.168.202.12/24")

    assert (same.returncode, same.stderr) == (0, "A is up already.\n")
    assert other.returncode == 1
    assert "192.168.202.11/24, not 192.168.202.12/24" in other.stderr
    assert state(host_only.ok) == before


UNREADABLE = {"corrupt": "{", "of another format": '{"format": 2}'}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_journal(lab: Lab, untouched: State, text: str) -> None:
    """A journal that cannot be read is in nobody's way, and its network goes by its down.sh."""
    lab.ok("netmodes", "host-only")
    lab.ok("netmodes", "host-only", "-n", "B")
    lab.ok("bash", "-c", f"echo '{text}' >/run/netmodes/B/plan.json")
    shown = lab.ok("netmodes", "list").splitlines()[1:]
    again = lab.netmodes("host-only", "-n", "B")
    other = lab.netmodes("host-only", "-n", "C")
    down = lab.netmodes("down", "--all")
    lab.ok("bash", "/run/netmodes/B/down.sh")

    assert [line.split()[:3] for line in shown] == [["A", "host-only", "up"], ["B", "unreadable"]]
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "cannot be read: `netmodes down B` says what to do" in again.stderr
    assert other.returncode == 0, other.stderr
    assert down.returncode == 1
    assert "/run/netmodes/B cannot be read" in down.stderr
    assert "`bash /run/netmodes/B/down.sh` undoes B" in down.stderr
    assert state(lab.ok) == untouched
