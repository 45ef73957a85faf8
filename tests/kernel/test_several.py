"""Several namespaces of a network: made in batches, each known by its name, taken back at once."""

import json
import re
from collections.abc import Callable

import pytest
from labs import Lab
from state import State, state

MODES = ("host-only", "nat", "bridged --uplink enp0s1")

NAMES = ("A", "B", "C")


def several(mode: str, *names: str) -> list[str]:
    """A mode as on the command line, with these namespaces."""
    return [*mode.split(), *(word for name in names for word in ("-n", name))]


def reach_each_other(lab: Lab, names: tuple[str, ...]) -> bool:
    """Whether each reaches the host's end of its cable, or each other on a bridge."""
    listed = json.loads(lab.ok("netmodes", "list", "--json"))
    nets = {one["name"]: one["topology"] for one in listed}
    ends = {name: nets[name]["host_address"].partition("/")[0] for name in names}
    if nets[names[0]]["bridge"]:
        ends = {name: nets[names[-1]]["address"].partition("/")[0] for name in names}
    pings = (("ip", "netns", "exec", name, "ping", "-c1", "-W1", end) for name, end in ends.items())
    return all(lab.run(*ping).returncode == 0 for ping in pings)


def settled(lab: Lab) -> State:
    """The state once the kernel has given each namespace its link-local address."""
    for name in NAMES:
        has = f"ip -n {name} -6 addr show dev veth1 scope link | grep -q inet6"
        lab.ok("sh", "-c", f"until {has}; do sleep 0.05; done")
    return state(lab.ok)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """A mode as on the command line."""
    words: str = request.param
    return words


def test_up_and_down(lab: Lab, untouched: State, mode: str) -> None:
    """All of them work, and the network's name takes all of them back."""
    up = lab.netmodes(*several(mode, *NAMES))

    assert up.returncode == 0, up.stderr
    assert "A, B and C are up" in " ".join(up.stderr.split())
    assert reach_each_other(lab, NAMES)
    lab.ok("netmodes", "down", "A+2")
    assert state(lab.ok) == untouched


def test_one_leaves(lab: Lab, untouched: State, mode: str) -> None:
    """One is taken down alone, its name is free, the others work on; the last takes the rest."""
    lab.ok("netmodes", *several(mode, *NAMES))
    down = lab.netmodes("down", "A")

    assert (down.returncode, down.stderr.splitlines()[-1]) == (0, "A is down.")
    assert state(lab.ok)["namespaces"] == ["B", "C"]
    assert reach_each_other(lab, ("B", "C"))
    again = lab.netmodes("isolated" if "host" in mode else "host-only", "-n", "A", "--dry-run")
    assert again.returncode == 0, again.stderr
    same = lab.netmodes(*several(mode, "B", "C"), "--check")
    assert "B and C are up already." in same.stderr, same.stderr
    lab.ok("netmodes", "down", "C", "B")
    assert state(lab.ok) == untouched


def test_name_of_one_that_left(lab: Lab, untouched: State) -> None:
    """A file by the name of one that was taken down alone is not ours any more, and stays."""
    lab.ok("netmodes", *several("host-only", *NAMES))
    lab.ok("netmodes", "down", "A")
    lab.ok("touch", "/run/netns/A")
    down = lab.netmodes("down", "A+2")

    assert down.returncode == 0, down.stderr
    lab.ok("rm", "/run/netns/A")
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("names", [[], ["Z"], ["A", "Z"], ["B", "--kill"]])
def test_only_members(lab: Lab, names: list[str]) -> None:
    """By bash too none but members are taken down alone; where none is named, none is."""
    lab.ok("netmodes", *several("host-only", *NAMES))
    refused = lab.run("bash", "/run/netmodes/A+2/down.sh", "--only", *names)

    assert refused.returncode == 1
    assert "name some of A B C" in refused.stderr
    assert state(lab.ok)["namespaces"] == [*NAMES]


@pytest.mark.parametrize("ways", ["live script", "script live"])
def test_script(quick_lab: Lab, untouched: State, mode: str, ways: str) -> None:
    """The exported script runs the same batches, and each takes back what the other made."""
    script = quick_lab.export(*several(mode, *NAMES))
    first, last = ways.split()
    quick_lab.ok(*{"live": ["netmodes", *several(mode, *NAMES)], "script": [script]}[first])

    assert quick_lab.ok("netmodes", "list").count(" up ") == len(NAMES)
    quick_lab.ok(*{"live": ["netmodes", "down", "A+2"], "script": [script, "down"]}[last])
    assert state(quick_lab.ok) == untouched


def test_script_is_the_run(quick_lab: Lab, mode: str) -> None:
    """A script leaves what the run leaves, journal and all."""
    quick_lab.ok("netmodes", *several(mode, *NAMES))
    live = settled(quick_lab)
    quick_lab.ok("netmodes", "down", "A+2")
    quick_lab.ok(quick_lab.export(*several(mode, *NAMES)))

    assert settled(quick_lab) == live


def test_again(lab: Lab) -> None:
    """The same again is up already; another set of the same names is refused."""
    lab.ok("netmodes", "nat", "-n", "web", "--count", "2")
    same = lab.netmodes("nat", "-n", "web1", "-n", "web2")
    more = lab.netmodes("nat", "-n", "web", "--count", "3")

    assert (same.returncode, same.stderr) == (0, "web1 and web2 are up already.\n")
    assert more.returncode == 1
    assert "netmodes down" in more.stderr


def test_up_right_after_down(lab: Lab, untouched: State) -> None:
    """The same names go up again at once, though the kernel may still be at work on the old."""
    for _ in range(3):
        lab.ok("netmodes", "nat", "-n", "web", "--count", "9")
        lab.ok("netmodes", "down", "web1+8")

    assert state(lab.ok) == untouched


def test_first_has_left(lab: Lab) -> None:
    """The name of one that has left is free, and what remains is found by any of the rest."""
    lab.ok("netmodes", *several("nat", *NAMES))
    lab.ok("netmodes", "down", "A")
    taken = lab.netmodes(*several("nat", "A", "X", "Y"))
    lab.ok("netmodes", *several("nat", "A", "X"))
    lab.ok("python", "-c", "from netmodes import Nat; Nat(namespace=('A', 'B', 'C')).down()")

    assert ", of an earlier A+2, is up already: `netmodes down A+2` first" in " ".join(
        taken.stderr.split()
    )
    assert state(lab.ok)["namespaces"] == ["A", "X"]
    lab.ok("netmodes", "down", "X")
    lab.ok("python", "-c", "from netmodes import Nat; Nat(namespace='A').down()")
    assert state(lab.ok)["namespaces"] == []


def test_two_networks(lab: Lab, untouched: State) -> None:
    """A network of several joins another's bridge, and stays when that one goes."""
    lab.ok("netmodes", *several("nat", "A", "B"))
    lab.ok("netmodes", *several("nat", "C", "D"))
    lab.ok("netmodes", "down", "A+1")

    assert reach_each_other(lab, ("C", "D"))
    lab.ok("netmodes", "down", "D")
    lab.ok("netmodes", "nat", "-n", "E")
    assert reach_each_other(lab, ("C", "E"))
    lab.ok("netmodes", "down", "--all")
    assert state(lab.ok) == untouched


def test_verbs(lab: Lab) -> None:
    """Each verb knows a member by its name."""
    lab.ok("netmodes", *several("nat", "A", "B"))
    listed = lab.ok("netmodes", "list")
    check = lab.netmodes("check", "B")

    assert [line.split()[0] for line in listed.splitlines()[1:]] == ["A", "B"]
    assert check.returncode == 0, check.stderr
    assert "10.64.0.12" in lab.ok("netmodes", "show", "B")
    assert lab.netmodes("why", "B", "8.8.8.8").returncode == 0
    explained = lab.ok("netmodes", "explain", "B")
    assert "netns add B" in explained
    assert "netns del B" in explained
    assert "{item}" not in explained
    assert "netns exec A ip route" in explained
    assert "A+1" in lab.netmodes("check", "A+1").stderr


def test_not_a_namespace(lab: Lab) -> None:
    """The network's name is that of no namespace, and names of two networks are two."""
    lab.ok("netmodes", *several("nat", "A", "B"))
    lab.ok("netmodes", "host-only", "-n", "C")
    refused = lab.netmodes("exec", "A+1", "--", "true")
    down = lab.netmodes("down", "B", "C")

    assert refused.returncode == 1
    assert "name one of A, B" in refused.stderr
    assert down.stderr.count("is down") == 2
    assert state(lab.ok)["namespaces"] == ["A"]


def test_inside_one(lab: Lab) -> None:
    """A shell inside one of them is told so."""
    lab.ok("netmodes", *several("nat", "A", "B"))
    inside = lab.run("ip", "netns", "exec", "B", "netmodes", "down", "A+1")
    script = lab.run("ip", "netns", "exec", "B", "bash", "/run/netmodes/A+1/down.sh")

    assert "this shell is inside B: leave it first" in inside.stderr
    assert "this shell is inside B: leave it first" in script.stderr


def test_check_of_all(lab: Lab) -> None:
    """With --check the promises of each are tried."""
    up = lab.netmodes(*several("nat", "A", "B"), "--check", "--json")
    tried = [one["namespace"] for one in json.loads(up.stdout)["report"]["results"]]

    assert up.returncode == 0, up.stderr
    assert {"A", "B"} <= {*tried}


def test_rehearse(lab: Lab, untouched: State) -> None:
    """Several are rehearsed as they would run."""
    rehearsed = lab.netmodes(*several("nat", "A", "B"), "--rehearse")

    assert (rehearsed.returncode, rehearsed.stdout) == (0, "as promised\n")
    assert state(lab.ok) == untouched


def test_process_inside(lab: Lab) -> None:
    """A process keeps its own namespace up, and the whole; another one may leave."""
    lab.ok("netmodes", *several("host-only", *NAMES))
    start = "ip netns exec B sleep 60 >/dev/null 2>&1 & echo $!"
    pid = lab.ok("bash", "-c", start).strip()
    lab.ok("bash", "-c", f'until [ "$(cat /proc/{pid}/comm)" = sleep ]; do sleep 0.01; done')

    assert lab.netmodes("down", "A").returncode == 0
    for name in ("B", "A+2"):
        refused = lab.netmodes("down", name)
        assert refused.returncode == 1
        assert f"{pid} sleep" in refused.stderr
    assert lab.netmodes("down", "B", "--kill").returncode == 0
    assert state(lab.ok)["namespaces"] == ["C"]


def test_replaced(lab: Lab) -> None:
    """A namespace that somebody has made anew under a name of ours stays."""
    lab.ok("netmodes", *several("host-only", *NAMES))
    lab.ok("sh", "-c", "ip netns del B && ip netns add B")
    down = lab.netmodes("down", "A+2")

    assert down.returncode == 0, down.stderr
    assert "left alone: netns del B (it is not as this run left it)" in down.stderr
    assert state(lab.ok)["namespaces"] == ["B"]


def test_foreign_in_group(lab: Lab) -> None:
    """A device that somebody has put into the group stays, and ours go one by one."""
    lab.ok("netmodes", *several("host-only", "A", "B"))
    group = re.findall(r"group (\d{5,})", lab.ok("ip", "-o", "link", "show"))[0]
    lab.ok("ip", "link", "add", "mine", "group", group, "type", "bridge")
    lab.ok("ip", "link", "add", "mine0", "group", group, "type", "veth", "peer", "name", "mine1")
    down = lab.netmodes("down", "A+1")
    links = lab.ok("ip", "-br", "link")

    assert "link del group" not in down.stderr
    assert ("mine0" in links, "veth0" in links) == (True, False)


def test_foreign_bridge_in_group(lab: Lab) -> None:
    """So it is with one of another kind."""
    lab.ok("netmodes", *several("host-only", "A", "B"))
    group = re.findall(r"group (\d{5,})", lab.ok("ip", "-o", "link", "show"))[0]
    lab.ok("ip", "link", "add", "mine", "group", group, "type", "bridge")
    lab.ok("netmodes", "down", "A+1")

    assert "mine" in lab.ok("ip", "-br", "link")


def test_renamed(lab: Lab, untouched: State) -> None:
    """An end of a cable is ours under any name."""
    lab.ok("netmodes", *several("nat", *NAMES))
    lab.ok("ip", "link", "set", "veth2", "name", "other")
    lab.ok("netmodes", "down", "B")

    assert "other" not in lab.ok("ip", "-br", "link")
    lab.ok("netmodes", "down", "A+2")
    assert state(lab.ok) == untouched


def test_error_names_its_line(lab: Lab, untouched: State) -> None:
    """A batch that fails says which line it was, and nothing is left."""
    lab.replace("ip", '[ "$*" != "-n B -batch -" ] || set -- -n A -batch -\nexec "$REAL" "$@"')
    up = lab.netmodes(*several("nat", "A", "B"))

    assert up.returncode == 1
    assert "Line 4 is `route add default via 10.64.0.1`." in " ".join(up.stderr.split())
    assert state(lab.ok) == untouched


@pytest.mark.parametrize("plain", ["A", "B", "C"])
def test_killed_within(lab: Lab, untouched: State, plain: str) -> None:
    """A name whose namespace was not mounted yet when its batch was killed goes as well."""
    before = "".join(f"netns add {name}\\n" for name in NAMES if name < plain)
    lab.replace(
        "ip",
        f"""
        if [ "$*" != "-batch -" ]; then exec "$REAL" "$@"; fi
        printf '{before}' | "$REAL" "$@"
        mkdir -p /run/netns
        touch /run/netns/{plain}
        kill -KILL $PPID
        """,
    )
    assert lab.netmodes(*several("host-only", *NAMES)).returncode == -9
    lab.replace("ip", 'exec "$REAL" "$@"')
    down = lab.netmodes("down", "A+2")

    assert down.returncode == 0, down.stderr
    assert state(lab.ok) == untouched


def test_confirm(labs: Callable[[], Lab]) -> None:
    """Several wait for one confirmation, by the name of any."""
    with labs() as lab:
        start = lab.start("netmodes", *several("bridged --uplink enp0s1", "A", "B"), "--confirm=60")
        lab.ok(
            "sh", "-c", "until grep -qx up /run/netmodes/A+1/log; do sleep 0.05; done 2>/dev/null"
        )
        lab.ok("netmodes", "confirm", "B")
        assert start.wait(timeout=10) == 0
