"""What the netmodes before this journal's format put up is listed, shown and taken down."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from labs import Lab
from places import ROOT
from processes import wait_until
from state import State, state

pytestmark = pytest.mark.sweep

#: The last commit that wrote each format.
BEFORE = {
    1: "958a908e7e664a387744d81235d717df02f7afdc",
    2: "7c2f2980fd68bd9b5983b2775e434539b1487445",
}

#: What the older netmodes runs, and each network's address then; %s is a file for its script.
PUT_UP = {
    "host-only": (["host-only"], {"A": "192.168.202.11/24"}),
    "bridged": (
        ["bridged --uplink enp0s1", "bridged --uplink enp0s1 -n B"],
        {"A": "192.168.64.50/24", "B": "192.168.64.51/24"},
    ),
    "nat": (["nat --publish 8080:80"], {"A": "10.64.0.11/24"}),
    "script": (["bridged --uplink enp0s1 --export %s"], {"A": "192.168.64.50/24"}),
}

each_way = pytest.mark.parametrize("way", PUT_UP)

#: In the place of `ip`: at the command $AT netmodes itself is killed, which then still runs.
KILLING = 'if [ "$*" = "$AT" ]; then kill -s KILL $PPID; fi; exec "$REAL" "$@"'

#: A command of each mode after which there is something of every kind to undo.
CUTS = {
    "host-only": "link set veth1 netns A",
    "bridged --uplink enp0s1": "link set veth0 master br0",
    "nat --publish 8080:80": "netns exec A ip link set lo up",
}

NO_PROMISES = (
    "Error: an earlier netmodes put {0} up and recorded no promises of it: "
    "`netmodes down {0}`, then put it up again\n"
)


@pytest.fixture(scope="session", params=BEFORE)
def written(request: pytest.FixtureRequest) -> int:
    """The format of the earlier journal."""
    return int(request.param)


@pytest.fixture(scope="session")
def before(written: int) -> Iterator[str]:
    """The checkout as it was, where a lab's user may read it."""
    argv = ["git", "-C", str(ROOT), "archive", BEFORE[written], "netmodes", "templates"]
    try:
        packed = subprocess.run(argv, capture_output=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("an earlier netmodes comes from git's history, which is not here")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        yield folder


@pytest.fixture
def older(before: str, quick_lab: Lab) -> list[str]:
    """The earlier netmodes as a command."""
    return ["env", f"--chdir={before}", sys.executable, "-m", "netmodes"]


def put_up(lab: Lab, older: list[str], way: str) -> None:
    """Have the earlier netmodes, or its script, put networks up."""
    script = f"{lab.programs.name}/older.sh"
    for line in PUT_UP[way][0]:
        lab.ok(*older, *line.replace("%s", script).split())
    if way == "script":
        lab.ok(script)
    for name in PUT_UP[way][1]:
        assert lab.ok("cat", f"/run/netmodes/{name}/plan.json").startswith('{"format": ')


@each_way
def test_down(quick_lab: Lab, untouched: State, older: list[str], written: int, way: str) -> None:
    """It is listed, shown, explained and followed; then down leaves the machine as it was."""
    put_up(quick_lab, older, way)
    networks = PUT_UP[way][1]
    name, address = [*networks.items()][-1]
    text = quick_lab.ok("netmodes", "list")
    listed = json.loads(quick_lab.ok("netmodes", "list", "--json"))
    shown = quick_lab.ok("netmodes", "show", name)
    explained = quick_lab.ok("netmodes", "explain", name)
    followed = quick_lab.ok("netmodes", "why", name, address[:-3])
    check = quick_lab.netmodes("check", name)
    quick_lab.ok("netmodes", "down", *networks)

    published = ["8080:80"] if way == "nat" else []
    rows = [[one, listed[0]["mode"], "up", networks[one], *published] for one in networks]
    assert [line.split() for line in text.splitlines()[1:]] == rows
    assert {one["name"]: one["topology"]["address"] for one in listed} == networks
    assert address in shown
    assert "error" not in shown
    assert f"ip netns exec {name} ip addr add {address} dev" in explained
    assert f"{address[:-3]} answers, in " in followed
    assert check.returncode == int(written == 1), check.stderr
    assert (NO_PROMISES.format(name) in check.stderr) == (written == 1)
    assert state(quick_lab.ok) == untouched


@pytest.mark.parametrize(("mode", "at"), CUTS.items())
def test_interrupted(
    quick_lab: Lab, untouched: State, older: list[str], mode: str, at: str
) -> None:
    """What a kill -9 of the earlier one left is listed as that, and down takes it back."""
    quick_lab.replace("ip", KILLING)
    done = quick_lab.run("env", f"AT={at}", *older, *mode.split())
    listed = quick_lab.ok("netmodes", "list")
    down = quick_lab.netmodes("down", "A")

    assert done.returncode == -9
    assert listed.splitlines()[1].split()[:3] == ["A", mode.split()[0], "interrupted"]
    assert (down.returncode, down.stderr.splitlines()[-1]) == (0, "A is down.")
    assert state(quick_lab.ok) == untouched


@pytest.mark.parametrize(("mode", "names"), [("bridged --uplink enp0s1", "ABC"), ("nat", "BCA")])
def test_join(quick_lab: Lab, untouched: State, older: list[str], mode: str, names: str) -> None:
    """A namespace of today joins its bridge; the last to go, whoever made it, takes that along."""
    for name in "AB":
        quick_lab.ok(*older, *mode.split(), "-n", name)
    quick_lab.ok("netmodes", *mode.split(), "-n", "C", "--check")
    joins = json.loads(quick_lab.ok("cat", "/run/netmodes/C/plan.json"))["topology"]["joins"]
    for name in names:
        assert state(quick_lab.ok)["the host net.ipv4.ip_forward"] == "1"
        quick_lab.ok("netmodes", "down", name)

    assert joins == "A"
    assert state(quick_lab.ok) == untouched


@pytest.mark.parametrize("heir", ["netmodes down B", "bash /run/netmodes/B/down.sh"])
@pytest.mark.parametrize("first", ["netmodes down A", "bash /run/netmodes/A/down.sh"])
@pytest.mark.parametrize("mode", ["bridged --uplink enp0s1", "nat"])
def test_older_script_joins(
    quick_lab: Lab, untouched: State, older: list[str], mode: str, first: str, heir: str
) -> None:
    """Its script joins a bridge of today, and takes that along as the last to go."""
    script = f"{quick_lab.programs.name}/older.sh"
    quick_lab.ok(*older, *mode.split())
    quick_lab.ok(*older, *mode.split(), "-n", "B", "--export", script)
    quick_lab.ok("netmodes", "down", "A")
    quick_lab.ok("netmodes", *mode.split())
    quick_lab.ok(script)
    quick_lab.ok(*first.split())
    between = state(quick_lab.ok)["the host net.ipv4.ip_forward"]
    quick_lab.ok(*heir.split())

    assert between == "1"
    assert state(quick_lab.ok) == untouched


def test_confirm(quick_lab: Lab, older: list[str]) -> None:
    """What waits for a confirmation there is listed as that, and is confirmed here."""
    argv = [*older, "bridged", "--uplink", "enp0s1", "--confirm", "300"]
    running = subprocess.Popen(quick_lab.argv(*argv), env=quick_lab.environment)
    listed = partial(quick_lab.ok, "netmodes", "list")
    wait_until(lambda: "unconfirmed" in listed(), "A waits", 30)

    quick_lab.ok("netmodes", "confirm", "A")

    assert running.wait(30) == 0
    assert listed().split()[4:7] == ["A", "bridged", "up"]


@pytest.mark.parametrize(
    ("way", "device"), [("host-only", "veth0"), ("bridged", "br0"), ("nat", "nat0")]
)
def test_renamed(quick_lab: Lab, untouched: State, older: list[str], way: str, device: str) -> None:
    """A device of its that was renamed gets its name back, and goes."""
    put_up(quick_lab, older, way)
    quick_lab.ok("ip", "link", "set", device, "name", "other")
    quick_lab.ok("netmodes", "down", *PUT_UP[way][1])

    assert state(quick_lab.ok) == untouched


def test_renamed_of_a_join(quick_lab: Lab, untouched: State, older: list[str]) -> None:
    """So does its bridge where a namespace of today is the last on it, and goes without Python."""
    quick_lab.ok(*older, "nat")
    quick_lab.ok("netmodes", "nat", "-n", "B")
    quick_lab.ok("netmodes", "down", "A")
    quick_lab.ok("ip", "link", "set", "nat0", "name", "other")
    quick_lab.ok("bash", "/run/netmodes/B/down.sh")

    assert state(quick_lab.ok) == untouched


#: Ways into another network namespace, and what is said there.
ELSEWHERE = {
    "netmodes exec A --": "Error: this shell is inside A: leave it first",
    "ip netns exec X": "Error: this shell is inside X: leave it first",
    "unshare --net": "Error: A was made in another network namespace",
}


@each_way
def test_elsewhere(quick_lab: Lab, untouched: State, older: list[str], way: str) -> None:
    """Another network namespace is no place to act on it; the host is, whatever it has lost."""
    put_up(quick_lab, older, way)
    quick_lab.ok("ip", "netns", "add", "X")
    quick_lab.ok("ip", "-n", "X", "link", "add", "enp0s1", "type", "bridge")
    refused = {
        place: quick_lab.run(*place.split(), "netmodes", "down", "A").stderr for place in ELSEWHERE
    }
    quick_lab.ok("ip", "netns", "del", "X")
    if way in ("host-only", "nat"):
        quick_lab.ok("ip", "link", "del", "veth0")
    quick_lab.ok("netmodes", "down", *PUT_UP[way][1])

    for place, words in ELSEWHERE.items():
        assert words in refused[place]
    assert state(quick_lab.ok) == untouched


#: In the place of `ip`: the host's devices cannot be asked for.
KILLED = 'case "$*" in *" link show "*) kill -s KILL $$ ;; esac; exec "$REAL" "$@"'


def test_unknown(quick_lab: Lab, untouched: State, older: list[str]) -> None:
    """What a probe that was killed does not say is unknown: it stays until that is known."""
    put_up(quick_lab, older, "host-only")
    quick_lab.replace("ip", KILLED)
    refused = quick_lab.netmodes("down", "A")
    quick_lab.replace("ip", 'exec "$REAL" "$@"')
    quick_lab.ok("netmodes", "down", "A")

    assert refused.returncode == 1
    assert "what exists is unknown" in refused.stderr
    assert state(quick_lab.ok) == untouched
