"""What has lost its name is still ours: it is taken back, or named, and nothing is down before."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from labs import Done, Lab
from state import State, state

pytestmark = pytest.mark.sweep

BRIDGED = "bridged --uplink enp0s1"

DOWNS = ("netmodes down A", "bash /run/netmodes/A/down.sh")

each_way = pytest.mark.parametrize("down", DOWNS)


def rename(lab: Lab, device: str, name: str) -> None:
    """Give a device of the host another name."""
    lab.ok("ip", "link", "set", device, "name", name)


def put_up(lab: Lab, mode: str) -> None:
    """Put a mode up, on a kernel without `dummy` as well."""
    if mode == "isolated":
        lab.have_dummies()
    lab.ok("netmodes", *mode.split())


def is_up(lab: Lab) -> bool:
    """Whether A is listed."""
    return "\nA " in lab.ok("netmodes", "list")


@each_way
@pytest.mark.parametrize(
    ("mode", "device"),
    [("host-only", "veth0"), (BRIDGED, "veth0"), (BRIDGED, "br0"), ("nat", "nat0")],
)
def test_renamed(quick_lab: Lab, untouched: State, mode: str, device: str, down: str) -> None:
    """A device of ours that was renamed gets its name back, and goes."""
    put_up(quick_lab, mode)
    rename(quick_lab, device, "other")
    done = quick_lab.run(*down.split())

    assert done.returncode == 0, done.stderr
    assert f"[#] ip link set other name {device}\n" in done.stderr
    assert state(quick_lab.ok) == untouched


@each_way
def test_bridges_name_is_taken(quick_lab: Lab, untouched: State, down: str) -> None:
    """Where somebody has taken the name of the bridge, nothing is undone until it is free."""
    put_up(quick_lab, BRIDGED)
    rename(quick_lab, "br0", "other")
    quick_lab.ok("ip", "link", "add", "br0", "type", "bridge")
    refused = quick_lab.run(*down.split())
    quick_lab.ok("ping", "-c", "1", "8.8.8.8")
    quick_lab.ok("ip", "link", "del", "br0")
    quick_lab.ok(*down.split())

    assert refused.returncode == 1
    assert "[#]" not in refused.stderr
    assert "renamed, and another has its name: rename that one first" in refused.stderr
    assert state(quick_lab.ok) == untouched


@each_way
def test_uplink_is_renamed(quick_lab: Lab, untouched: State, down: str) -> None:
    """The uplink is not ours to rename: nothing is undone, and the host stays online."""
    put_up(quick_lab, BRIDGED)
    rename(quick_lab, "enp0s1", "wan0")
    refused = quick_lab.run(*down.split())
    quick_lab.ok("ping", "-c", "1", "8.8.8.8")
    fix = "ip link set wan0 name enp0s1"
    quick_lab.ok(*fix.split())
    quick_lab.ok(*down.split())

    assert refused.returncode == 1
    assert f"wan0 is enp0s1, the uplink of A, renamed: `{fix}` first" in refused.stderr
    assert "[#]" not in refused.stderr
    assert state(quick_lab.ok) == untouched


@contextmanager
def process(lab: Lab, *place: str) -> Iterator[str]:
    """A process in a network namespace, whose inode number it gives."""
    argv = (*place, "sh", "-c", "readlink /proc/self/ns/net && exec sleep 300")
    with lab.start(*argv, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip("net:[]\n")
        finally:
            child.kill()


def taken_down(lab: Lab, down: str) -> tuple[Done, bool, Done]:
    """A is taken down, and whether it is up then; and once more with --kill."""
    return lab.run(*down.split()), is_up(lab), lab.run(*down.split(), "--kill")


@each_way
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("mode", ["isolated", "host-only", BRIDGED, "nat"])
def test_deleted_name(quick_lab: Lab, untouched: State, mode: str, again: bool, down: str) -> None:
    """A namespace that lives on without its name, or beside another of it, keeps A from going."""
    put_up(quick_lab, mode)
    with process(quick_lab, "ip", "netns", "exec", "A"):
        quick_lab.ok("ip", "netns", "del", "A")
        if again:
            quick_lab.ok("ip", "netns", "add", "A")
        refused, up, killed = taken_down(quick_lab, down)
    if again:
        quick_lab.ok("ip", "netns", "del", "A")

    assert refused.returncode == 1
    assert "Error: processes run inside A (" in refused.stderr
    assert up
    assert killed.returncode == 0, killed.stderr
    assert state(quick_lab.ok) == untouched


@each_way
def test_plain_file(lab: Lab, untouched: State, down: str) -> None:
    """So does one that was made where nobody else sees it."""
    put_up(lab, "host-only")
    with process(lab, "ip", "netns", "exec", "A"):
        lab.ok("umount", "/run/netns/A")
        refused, up, killed = taken_down(lab, down)

    assert refused.returncode == 1
    assert up
    assert killed.returncode == 0, killed.stderr
    assert state(lab.ok) == untouched


#: What somebody does to the cable of host-only, from the host or inside.
CUTS = ("ip -n A link set veth1 name other", "ip link del veth0", "ip -n A link del veth1")


@each_way
@pytest.mark.parametrize("cut", CUTS)
def test_known_without_device(quick_lab: Lab, untouched: State, cut: str, down: str) -> None:
    """A namespace without its name is known whatever has become of the device in it."""
    put_up(quick_lab, "host-only")
    with process(quick_lab, "ip", "netns", "exec", "A"):
        quick_lab.ok(*cut.split())
        quick_lab.ok("ip", "netns", "del", "A")
        refused, up, killed = taken_down(quick_lab, down)

    assert "Error: processes run inside A (" in refused.stderr
    assert up
    assert killed.returncode == 0, killed.stderr
    assert state(quick_lab.ok) == untouched


@each_way
@pytest.mark.parametrize("mode", ["host-only", BRIDGED])
@pytest.mark.parametrize("place", ["/run/netns/B", "/run/a place"])
def test_second_name(lab: Lab, untouched: State, mode: str, place: str, down: str) -> None:
    """A namespace that somebody has mounted elsewhere is not down, and nothing is undone twice."""
    put_up(lab, mode)
    lab.ok("touch", place)
    lab.ok("mount", "--bind", "/run/netns/A", place)
    named, again = lab.run(*down.split()), lab.run(*down.split())
    fix = named.stderr.rsplit("`", 2)[1]
    lab.ok("sh", "-c", fix)
    lab.ok(*down.split())

    assert named.returncode == 1
    assert f"its namespace lives on at {shlex.quote(place)}: `{fix}`" in named.stderr
    assert again.stderr == named.stderr[named.stderr.index("Error: ") :]
    assert state(lab.ok) == untouched


@each_way
@pytest.mark.parametrize("name", ["A", "B"])
def test_new_name(lab: Lab, untouched: State, name: str, down: str) -> None:
    """A namespace that has lost its name and been given one anew is known by what is in it."""
    put_up(lab, "host-only")
    with process(lab, "ip", "netns", "exec", "A") as number:
        lab.ok("ip", "netns", "del", "A")
        found = lab.sh("ls -l /proc/[0-9]*/ns/net").stdout.splitlines()
        path = next(line for line in found if f"[{number}]" in line).partition("/proc/")[2]
        lab.ok("ip", "netns", "attach", name, path.partition("/")[0])
    named = lab.run(*down.split())
    lab.ok("ip", "netns", "del", name)
    lab.ok(*down.split())

    assert f"its namespace lives on at /run/netns/{name}: " in named.stderr
    assert state(lab.ok) == untouched


@each_way
def test_earlier_journal(lab: Lab, untouched: State, down: str) -> None:
    """Where the journal does not tell our namespace from a later one, nobody in it is ended."""
    put_up(lab, "host-only")
    with process(lab, "ip", "netns", "exec", "A"):
        lab.ok("sed", "-i", "/^socket/d", "/run/netmodes/A/log")
        lab.ok("ip", "netns", "del", "A")
        refused, up, killed = taken_down(lab, down)
    lab.ok(*down.split())

    assert "Error: processes run in what may have been A (" in refused.stderr
    assert up
    assert killed.stderr == refused.stderr
    assert state(lab.ok) == untouched


@each_way
@pytest.mark.parametrize("named", [False, True])
def test_number_is_another_namespaces(lab: Lab, named: bool, down: str) -> None:
    """A process in a namespace that has taken the number of ours is none of A's."""
    put_up(lab, "host-only")
    lab.ok("ip", "netns", "del", "A")
    place: tuple[str, ...] = ("unshare", "--net")
    if named:
        lab.ok("netmodes", "host-only", "-n", "B", "--device", "veth1")
        place = ("ip", "netns", "exec", "B")
    with process(lab, *place) as number:
        lab.sh(f"sed -i 's/^done 0 [0-9]*/done 0 {number}/' /run/netmodes/A/log")
        lab.ok(*down.split(), "--kill")
        still = lab.ok("sh", "-c", "readlink /proc/[0-9]*/ns/net; :")

    assert number in still
    assert not is_up(lab)
