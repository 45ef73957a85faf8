"""Where one stands: who acts on a network stands in the namespaces that it was made in."""

import pytest
from labs import Done, Lab
from state import State, state

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


@pytest.mark.sweep
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


#: Runs bash with /run shared and a PID 1 of its own, whose mounts are seen as on a machine.
AS_PID_1 = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c")
SHARED = "mount --make-rshared /; "

UNSEEN = "Error: namespace A would be seen in this shell's own mount namespace alone: "


def with_pid_1(lab: Lab, script: str) -> Done:
    """Run a piece of bash on the lab's machine, as PID 1."""
    return lab.run(*AS_PID_1, f"{SHARED}{script}")


@pytest.mark.sweep
@pytest.mark.parametrize("propagation", ["private", "slave"])
@pytest.mark.parametrize("by", ["netmodes host-only", "bash {script}"])
def test_unseen(lab: Lab, by: str, propagation: str) -> None:
    """Nothing is made where PID 1 would see the journal and not the namespace."""
    command, before = by.format(script=lab.export("host-only")), state(lab.ok)
    done = with_pid_1(lab, f"unshare -m --propagation {propagation} {command}; exit $?")

    assert done.returncode == 1
    assert done.stderr.startswith(UNSEEN)
    assert state(lab.ok) == before


@pytest.mark.sweep
@pytest.mark.parametrize("own", ["--propagation unchanged", "mount -t tmpfs tmpfs /run"])
@pytest.mark.parametrize("by", ["netmodes host-only", "bash {script}"])
def test_seen(lab: Lab, by: str, own: str) -> None:
    """Where PID 1 sees the namespace, or has another journal, a mount namespace is in no way."""
    command = by.format(script=lab.export("host-only"))
    option, first = (own, "") if own.startswith("-") else ("", f"{own} && ")
    inside = f"{first}{command} && netmodes exec A -- true && netmodes down A"
    done = with_pid_1(lab, f"unshare -m {option} bash -c '{inside}'; exit $?")

    assert done.returncode == 0, done.stderr


NOBODY_SEES = (
    "Error: A was made in a mount namespace that nobody else sees: "
    "`netmodes down A`, then put it up again\n"
)


@pytest.mark.sweep
@pytest.mark.parametrize("by", ["netmodes down A", "bash /run/netmodes/A/down.sh"])
def test_made_unseen(lab: Lab, untouched: State, by: str) -> None:
    """A name on which nothing is mounted for us is said to be one, and goes with its network."""
    lab.ok("netmodes", "host-only")
    lab.ok("umount", "/run/netns/A")
    for verb in (["exec", "A", "--", "true"], ["check", "A"], ["why", "A", "8.8.8.8"]):
        assert lab.netmodes(*verb).stderr == NOBODY_SEES
    assert "error: there is no namespace A\n" in lab.ok("netmodes", "show")
    lab.ok(*by.split())

    assert state(lab.ok) == untouched


@pytest.mark.sweep
@pytest.mark.parametrize("by", ["netmodes down A --kill", "bash /run/netmodes/A/down.sh --kill"])
def test_blind(lab: Lab, by: str) -> None:
    """A mount namespace in which A is not seen is no place to take it down from."""
    lab.ok("netmodes", "host-only")
    done = with_pid_1(lab, f"unshare -m bash -c 'umount /run/netns/A; {by}'; exit $?")

    assert is_refused(lab, done, "Error: this shell's mount namespace does not see A: leave it")
    lab.ok("netmodes", "exec", "A", "--", "true")
