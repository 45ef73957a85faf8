"""What has lost its name is still ours: it is taken back, or named, and nothing is down before."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from labs import Done, Lab
from state import State, state

BRIDGED = "bridged --uplink enp0s1"

DOWNS = ("netmodes down A", "bash /run/netmodes/A/down.sh")

each_way = pytest.mark.parametrize("down", DOWNS)


#: In the place of `ip`, where the kernel has no `dummy`: it makes an `ifb`, and lists it as one.
NO_DUMMY = """
case "$*" in
*" type dummy") exec "$REAL" "${@:1:$#-1}" ifb ;;
*"-j addr show") "$REAL" "$@" | sed 's/"info_kind":"ifb"/"info_kind":"dummy"/' ;;
*) exec "$REAL" "$@" ;;
esac
"""


def rename(lab: Lab, device: str, name: str) -> None:
    """Give a device of the host another name."""
    lab.ok("ip", "link", "set", device, "name", name)


def put_up(lab: Lab, mode: str) -> None:
    """Put a mode up, on a kernel without `dummy` as well."""
    if mode == "isolated" and lab.run("ip", "link", "add", "dummy7", "type", "dummy").returncode:
        lab.replace("ip", NO_DUMMY)
    lab.run("ip", "link", "del", "dummy7")
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
    argv = lab.argv(*place, "sh", "-c", "readlink /proc/self/ns/net && exec sleep 300")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
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
