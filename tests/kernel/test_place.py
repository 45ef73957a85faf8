"""Where one stands: who acts on a network stands in the namespaces that it was made in."""

import pytest
from labs import Done, Lab
from state import state

INSIDE = "Error: this shell is inside {}: leave it first"

#: Verbs that act on a network or look into it, by netmodes, a script and the journal.
REFUSED = (
    "netmodes down A",
    "netmodes down A --kill",
    "netmodes down B",
    "netmodes host-only -n B",
    "netmodes confirm A",
    "netmodes check A",
    "netmodes why A 192.168.202.1",
    "netmodes show",
    "netmodes exec A -- true",
    "bash {script}",
    "bash {script} down",
    "bash /run/netmodes/A/down.sh --kill",
)

#: Verbs that only tell or render.
WORK = (
    "netmodes list",
    "netmodes explain A",
    "netmodes host-only -n B --dry-run",
    "netmodes host-only -n B --export -",
    "netmodes facts",
    "netmodes lab -- true",
)

#: Other ways into namespace A, and into one that has another name or none.
WAYS = {
    "ip netns exec A": INSIDE.format("A"),
    "nsenter --net=/run/netns/A": INSIDE.format("A"),
    "ip netns exec A setsid --wait bash -c": INSIDE.format("A"),
    "ip netns exec X": INSIDE.format("X"),
    "unshare --net": "Error: A was made in another network namespace",
}


@pytest.fixture
def up(lab: Lab) -> Lab:
    """A lab where A is up, as exported.sh would put it up, and somebody's namespace X."""
    lab.export("host-only")
    lab.ok("netmodes", "host-only")
    lab.ok("ip", "netns", "add", "X")
    return lab


def is_refused(lab: Lab, done: Done, words: str) -> bool:
    """Whether a command was refused in these words, and A is up as it was."""
    last = done.stderr.splitlines()[-1]
    return done.returncode == 1 and last.startswith(words) and " up " in lab.ok("netmodes", "list")


def test_inside(up: Lab) -> None:
    """Nothing acts on a network from inside one, however it is asked."""
    script, before = f"{up.programs.name}/exported.sh", state(up.ok)
    for command in REFUSED:
        argv = command.format(script=script).split()
        done = up.netmodes("exec", "A", "--", *argv)

        assert is_refused(up, done, INSIDE.format("A")), (command, done.stderr)
    assert state(up.ok) == before


def test_inside_works(up: Lab) -> None:
    """What only tells works inside as well."""
    for command in WORK:
        done = up.netmodes("exec", "A", "--", *command.split())

        assert done.returncode == 0, (command, done.stderr)


@pytest.mark.parametrize("by", ["netmodes down A --kill", "bash /run/netmodes/A/down.sh --kill"])
@pytest.mark.parametrize("way", WAYS)
def test_ways_inside(up: Lab, way: str, by: str) -> None:
    """Whichever way led into another network namespace, it is no place to act from."""
    argv = [by] if way.endswith(" -c") else by.split()

    assert is_refused(up, up.run(*way.split(), *argv), WAYS[way])


def test_damaged_journal(up: Lab) -> None:
    """A journal that does not say where its network was made still names the namespace."""
    up.sh("sed -i '/^run /d' /run/netmodes/A/log")
    for by in ("netmodes down A", "bash /run/netmodes/A/down.sh"):
        assert is_refused(up, up.inside(*by.split()), INSIDE.format("A"))


def test_free_place(lab: Lab) -> None:
    """Where no network is up, another network namespace may be the host of the next."""
    lab.ok("ip", "netns", "add", "X")
    lab.ok("nsenter", "--net=/run/netns/X", "netmodes", "host-only")
    outside = lab.netmodes("down", "A")
    lab.ok("nsenter", "--net=/run/netns/X", "netmodes", "down", "A")

    assert outside.returncode == 1
    assert "Error: A was made in another network namespace" in outside.stderr
    assert lab.ok("ip", "-n", "X", "link", "show", "type", "veth") == ""
