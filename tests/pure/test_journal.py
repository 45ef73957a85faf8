"""The journal: what is up and what had begun, told from the files of /run/netmodes alone."""

import fcntl
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from console import machine
from networks import up
from places import FACTS

from netmodes import (
    Bridged,
    Facts,
    HostOnly,
    Isolated,
    Mode,
    Nat,
    NetmodesError,
    Plan,
    Refused,
    journal,
)
from netmodes.commands.devices import validate_namespace
from netmodes.journal import Journal, locked, networks, sharing
from netmodes.plan.log import Note
from netmodes.plan.network import Network, topology_of
from netmodes.script.bash import render

DOWN = "#!/usr/bin/env bash\n"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the test's own."""
    monkeypatch.setattr(journal, "ROOT", tmp_path / "netmodes")
    return tmp_path / "netmodes"


@pytest.fixture
def plan(article: Facts) -> Plan:
    """The plan that is journalled."""
    return HostOnly().plan(article)


def begun(plan: Plan, *lines: str) -> Journal:
    """The journal of a run that wrote these lines."""
    begun = Journal(plan.name)
    begun.begin(plan, DOWN)
    for line in lines:
        begun.write(*line.split(" "))
    return begun


def intended(plan: Plan) -> Plan:
    """The plan as the journal keeps it: without what is only for the eye."""
    return replace(plan, notices=(), picture="", requirements=())


def log(root: Path) -> list[str]:
    """The lines of A's log."""
    return (root / "A/log").read_text().splitlines()


def test_begin(plan: Plan, root: Path) -> None:
    """The whole intent is on disk before the first command, and nothing half written beside it."""
    begun(plan)

    written = {path.name: path.read_text() for path in (root / "A").iterdir()}
    assert [path.name for path in root.iterdir()] == ["A"]
    assert sorted(written) == ["before.json", "down.sh", "log", "plan.json", "shares"]
    assert Plan.from_dict(json.loads(written["plan.json"])) == intended(plan)
    assert (written["down.sh"], written["shares"]) == (DOWN, "")
    log = r"began [0-9]+\.[0-9]+\nrun [0-9a-f-]{36} net:\[[0-9]+\]\n"
    assert re.fullmatch(log, written["log"])


def test_run(plan: Plan) -> None:
    """Each run has an id of its own, and says in which network namespace it ran."""
    first, second = (begun(replace(plan, namespaces=(name,))).read() for name in "AB")

    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert first.networks[0].run == first.id
    assert first.host == second.host == str(Path("/proc/self/ns/net").readlink())


def test_begin_without_notices(plan: Plan, root: Path) -> None:
    """What is noticed on the way is no part of the intent: a script knows its network again."""
    begun(replace(plan, notices=("dhclient manages enp0s1",)))

    assert (root / "A/plan.json").read_text() == plan.intent()
    assert render(replace(plan, notices=("dhclient manages enp0s1",))) == render(plan)


def test_begin_watched(plan: Plan, root: Path) -> None:
    """The watcher is on disk with the intent, where one was asked for."""
    Journal("A").begin(plan, DOWN, watch="echo watch\n")
    begun(replace(plan, namespaces=("B",)))

    assert (root / "A/watch.sh").read_text() == "echo watch\n"
    assert not (root / "B/watch.sh").exists()


@pytest.mark.parametrize("draft", [".A.new", ".A.old", ".B.old"])
def test_begin_after_a_crash(draft: str, plan: Plan, root: Path) -> None:
    """What a killed run was writing or forgetting is no network, and goes with the next run."""
    (root / draft).mkdir(parents=True)
    (root / draft / "plan.json").write_text("{")

    before = networks()
    with locked():
        begun(plan)

    assert before == []
    assert sorted(path.name for path in root.iterdir()) == [".lock", "A"]
    assert [(net.name, net.parameters) for net in networks()] == [("A", plan.parameters)]


def test_begin_for_all_to_list(plan: Plan, root: Path) -> None:
    """Anyone may read what is up, but not the firewall's rules, and none but root write it."""
    umask = os.umask(0o077)
    try:
        with locked():
            begun(plan)
    finally:
        os.umask(umask)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (root, *root.glob("[!.]*"))}
    files = {path.name: path.stat().st_mode & 0o777 for path in (root / "A").iterdir()}
    assert modes == {"netmodes": 0o755, "A": 0o755}
    assert files.pop("before.json") == 0o600
    assert set(files.values()) == {0o644}


def test_shares(article: Facts) -> None:
    """What may be shared is a line each: its place among all steps, and its name."""
    plan = Bridged(uplink="enp0s1").plan(article)

    lines = plan.shares_text.splitlines()

    names = ["bridge br0", "port enp0s1", "up enp0s1", "addresses enp0s1"]
    assert [line.partition(" ")[2] for line in lines] == ["sysctl net.ipv4.ip_forward", *names]
    assert [int(line.partition(" ")[0]) for line in lines] == [
        index for index, step in enumerate(plan.all_steps) if step.share
    ]


def test_read_nothing() -> None:
    """A name without a journal is no network."""
    assert Journal("A").read() is None


def test_write(plan: Plan, root: Path) -> None:
    """Each line of the log is words, with a dash for an empty one."""
    begun(plan).write("start", 3, "")

    assert log(root)[2:] == ["start 3 -"]
    assert (root / "A/log").read_text().endswith("\n")


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        ([], []),
        (["start 0 -"], [Note(0, "")]),
        (["start 0 -", "done 0 41.5"], [Note(0, "", "41.5")]),
        (["start 0 -", "done 0 -"], [Note(0, "", "")]),
        (["start 0 -", "done 0 8080 . tcp"], [Note(0, "", "8080 . tcp")]),
        (
            ["start 0 -", "done 0 41.5", "start 2 0", "done 2 1", "start 3 -"],
            [Note(0, "", "41.5"), Note(2, "0", "1"), Note(3, "")],
        ),
        (["start 0 -", "done 0 41.5", "up", "down"], [Note(0, "", "41.5")]),
        (
            ["start 0 -", "done 0 41.5", "start 1 0", "up", "down", "back 1", "back 0"],
            [Note(0, "", "41.5"), Note(1, "0")],
        ),
    ],
)
def test_notes(lines: list[str], notes: list[Note], plan: Plan) -> None:
    """The log says of each step that was started what was there before and, once done, after."""
    run = begun(plan, *lines).read()

    assert run is not None
    assert (run.plan, list(run.notes)) == (intended(plan), notes)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (["start 0 -", "done 0 41.5", "up"], "up"),
        ([], "interrupted"),
        (["start 0 -"], "interrupted"),
        (["start 0 -", "done 0 41.5"], "interrupted"),
        (["start 0 -", "done 0 41.5", "up", "down"], "interrupted"),
    ],
)
def test_state(lines: list[str], state: str, plan: Plan) -> None:
    """A network is up from the end of its run to the beginning of its undo."""
    network = begun(plan, *lines).read()

    assert network is not None
    assert network.state == state


@pytest.mark.parametrize(
    ("lines", "state", "confirmed"),
    [
        ([], "interrupted", False),
        (["start 0 -", "done 0 41.5"], "interrupted", False),
        (["up"], "unconfirmed", False),
        (["up", "confirmed"], "up", True),
        (["confirmed"], "interrupted", True),
        (["confirmed", "up"], "up", True),
        (["up", "down"], "interrupted", False),
        (["up", "confirmed", "down"], "interrupted", True),
    ],
)
@pytest.mark.parametrize(("watch", "watcher"), [("watched", 0), ("watching 4711", 4711)])
def test_state_when_watched(
    watch: str, watcher: int, lines: list[str], state: str, confirmed: bool, plan: Plan
) -> None:
    """A network that is watched, by an earlier netmodes too, is up once somebody confirms it."""
    network = begun(plan, watch, *lines).read()

    assert network is not None
    assert (network.state, network.confirmed, network.watcher) == (state, confirmed, watcher)


def test_last_watcher(plan: Plan) -> None:
    """Of two watchers the last one to say so counts; a line that was cut does not."""
    network = begun(plan, "watching 41", "watching 42", "watching", "up").read()

    assert network is not None
    assert (network.state, network.watcher) == ("unconfirmed", 42)


def test_sharing(article: Facts, root: Path) -> None:
    """A share is found in every network that has one, whatever else there is of it."""
    first = Bridged(uplink="enp0s1").plan(article)
    second = Bridged(namespace="B", uplink="enp0s1").plan(machine("bridged-up"))
    for plan in (first, second, HostOnly(namespace="C").plan(article)):
        begun(plan)
    (root / "A/plan.json").write_text("")
    (root / ".D.new").mkdir()
    (root / ".D.new/shares").write_text("7 bridge br0\n")

    found = dict(sharing("bridge br0"))

    assert sorted(found) == ["A", "B"]
    assert first.shares[found["A"]] == second.shares[found["B"]] == "bridge br0"
    assert [*sharing("bridge br")] == []


@pytest.mark.parametrize("cut", ["sta", "start", "start 2", "done 0", "beg", "began", "began "])
def test_cut_short(cut: str, plan: Plan, root: Path) -> None:
    """A last line that a crash cut short takes nothing from those before it."""
    begun(plan, "start 0 -", "done 0 41.5")
    with (root / "A/log").open("a") as log:
        log.write(cut)

    network = Journal("A").read()

    assert network is not None
    assert (network.state, network.notes) == ("interrupted", (Note(0, "", "41.5"),))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 3}', "\udcff"])
def test_unreadable(text: str, plan: Plan, root: Path) -> None:
    """A journal that cannot be read is refused by its path, not taken for none."""
    begun(plan)
    (root / "A/plan.json").write_bytes(os.fsencode(text))

    with pytest.raises(Refused, match=f"the journal {root / 'A'} cannot be read .*/A/down.sh`"):
        Journal("A").read()


OLD = (FACTS / "plan-format-1.json").read_text()


def test_format_1(plan: Plan, root: Path) -> None:
    """A journal that an earlier netmodes kept of the same network is the same, but for promises."""
    begun(plan, "up")
    (root / "A/plan.json").write_text(OLD)

    run = Journal("A").read()

    assert run is not None
    assert '{"format": 1, "mode": "host-only"' in OLD
    assert [list(step.argv) for step in run.plan.steps] == [
        step["argv"] for step in json.loads(OLD)["steps"]
    ]
    undos = [[step.undo.argv for step in one.steps if step.undo] for one in (run.plan, plan)]
    assert undos[0] == undos[1]
    given = {name: value for name, value in plan.parameters.items() if value}
    known = replace(up(plan), promises=(), shares=(), parameters=given)
    assert replace(run.networks[0], run="", shares=()) == known


@pytest.mark.parametrize(
    "mode", [Isolated(), HostOnly(), Bridged(uplink="enp0s1"), Nat()], ids=lambda mode: mode.mode
)
def test_topology_of(mode: Mode, article: Facts) -> None:
    """The parameters alone, which format 1 has, tell the whole topology of each mode it knew."""
    plan = mode.plan(article)

    assert topology_of(plan.parameters) == plan.topology


@pytest.mark.parametrize("line", ["start first -", "start 99 -", "done 7 41.5"])
def test_damaged_log(line: str, plan: Plan, root: Path) -> None:
    """A log that is not one, or another plan's, is refused by its path as well."""
    begun(plan, line)

    with pytest.raises(Refused, match=f"{root / 'A'}/log is damaged .*: undo A by hand"):
        Journal("A").read()


def test_empty_log(plan: Plan, root: Path) -> None:
    """A log that has lost what was in it is not taken for a run that did nothing."""
    begun(plan)
    (root / "A/log").write_text("")

    with pytest.raises(Refused, match="its beginning is lost"):
        Journal("A").read()


@pytest.mark.parametrize("name", ["plan.json", "log"])
def test_lost(name: str, plan: Plan, root: Path) -> None:
    """A journal that has lost a file is refused, not taken for none."""
    begun(plan)
    (root / "A" / name).unlink()

    with pytest.raises(Refused, match="cannot be read"):
        Journal("A").read()


def test_networks(article: Facts) -> None:
    """Every network is listed by name; a folder without a plan is unreadable."""
    for name in ("B", "A"):
        begun(HostOnly(namespace=name).plan(article), "up")
    begun(HostOnly(namespace="C").plan(article)).folder.joinpath("plan.json").unlink()

    found = networks()

    listed = [(net.name, net.mode, net.state) for net in found]
    assert listed == [("A", "host-only", "up"), ("B", "host-only", "up"), ("C", "", "unreadable")]
    assert found[0].parameters == HostOnly().plan(article).parameters


@pytest.mark.parametrize("text", ["{", '{"format": 3}'])
def test_unreadable_among_others(text: str, article: Facts, root: Path) -> None:
    """A journal that cannot be read is listed as that, between the others."""
    for name in "ABC":
        begun(HostOnly(namespace=name).plan(article), "up")
    (root / "B/plan.json").write_text(text)

    listed = [(net.name, net.state) for net in networks()]
    assert listed == [("A", "up"), ("B", "unreadable"), ("C", "up")]


#: What a hand or a bad disk may make of a value in plan.json, by its place there.
DAMAGE = {
    "no namespace": (("namespaces",), []),
    "no list of namespaces": (("namespaces",), "A"),
    "a namespace that is no text": (("namespaces",), [None]),
    "no mode": (("mode",), None),
    "no parameters": (("parameters",), 5),
    "a parameter that is no text": (("parameters", "address"), 7),
    "no uplink": (("topology", "uplink"), []),
    "no subnet": (("topology", "subnets"), ["x"]),
    "no address": (("topology", "address"), None),
    "an address that is none": (("topology", "host_address"), "x"),
    "no reason": (("steps", 0, "why"), 5),
    "no share": (("steps", 0, "share"), []),
    "no argv": (("steps", 0, "argv"), "ip"),
    "no namespace of a step": (("steps", 0, "namespace"), []),
    "no stdin": (("steps", 0, "stdin"), []),
    "no stdin of an undo": (("steps", 0, "undo", "stdin"), []),
    "no argv of a requirement": (("requirements",), [{"look": {"argv": "ip"}}]),
    "no undo": (("steps", 0, "undo"), 5),
    "no requirements": (("requirements",), 5),
    "no promise": (("promises",), [5]),
}


@pytest.mark.parametrize(("place", "value"), DAMAGE.values(), ids=DAMAGE)
def test_damaged(place: tuple[str | int, ...], value: object, article: Facts, root: Path) -> None:
    """A value of another type makes a journal unreadable, and stops no other network."""
    for name in "AB":
        begun(HostOnly(namespace=name).plan(article), "up")
    data = json.loads((root / "B/plan.json").read_text())
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    (root / "B/plan.json").write_text(json.dumps(data))

    assert [(net.name, net.state) for net in networks()] == [("A", "up"), ("B", "unreadable")]


def summary(plan: Plan) -> Network:
    """What facts and `list` say of a plan that is up."""
    run = begun(plan, "up").read()
    assert run is not None
    return run.networks[0]


def test_summary_shares(article: Facts) -> None:
    """A summary has, whole, each step that others may share, also those that it has inherited."""
    first = Bridged(uplink="enp0s1").plan(article)
    second = Bridged(namespace="B", uplink="enp0s1").plan(machine("bridged-up"))

    provided, passed_on = summary(first).shares, summary(second).shares

    assert [*provided] == [step for step in first.steps if step.share]
    assert [step.share for step in passed_on] == [*first.shares.values()]


def test_networks_before_the_first() -> None:
    """Where nothing was ever up there are no networks."""
    assert networks() == []


def test_remove(plan: Plan, root: Path) -> None:
    """A network that is forgotten leaves nothing."""
    begun(plan, "up").remove()

    assert list(root.iterdir()) == []
    assert networks() == []


def test_remove_twice(plan: Plan) -> None:
    """A network that somebody else has forgotten meanwhile is no failure."""
    begun(plan).remove()

    assert Journal("A").remove() is None


def test_locked(root: Path) -> None:
    """While one run holds the lock no other can, and afterwards it can."""
    with locked():
        lock = root / journal.LOCK
        with lock.open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with lock.open() as other:
        assert fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB) is None


def test_locked_is_closed(plan: Plan, root: Path) -> None:
    """What an earlier version left open to everybody is root's alone once somebody has the lock."""
    begun(plan)
    for path in ((root / journal.LOCK), root / "A" / journal.BEFORE):
        path.touch()
        path.chmod(0o644)
    with locked():
        modes = [path.stat().st_mode & 0o777 for path in (root / journal.LOCK, path)]

    assert modes == [0o600, 0o600]


@pytest.mark.parametrize("place", [".", ".lock", ".holder", "A"])
def test_locked_refuses_links(place: str, root: Path, tmp_path: Path) -> None:
    """A link in the journal's place, or in it, is followed by nobody."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / place).parent.mkdir(exist_ok=True)
    (root / place).symlink_to(elsewhere)

    with pytest.raises(Refused, match="is a link or not root's"), locked():
        pass
    assert list(elsewhere.iterdir()) == []


def test_locked_is_no_network(root: Path) -> None:
    """The lock beside the networks is none of them."""
    with locked():
        assert networks() == []


def test_lock_is_no_name(root: Path) -> None:
    """No namespace can have the name of a file that the journal keeps beside the networks."""
    with locked():
        names = sorted(path.name for path in root.iterdir())

    assert names == [".holder", ".lock"]
    for name in names:
        with pytest.raises(Refused):
            validate_namespace(name)


def test_locked_nowhere(root: Path) -> None:
    """Where the journal cannot be kept nothing is begun, and that is said."""
    root.write_text("a file where the folder should be")

    with pytest.raises(NetmodesError, match=r"cannot be written .* see that it can be"), locked():
        pass


LINK = {"ifindex": 2, "ifname": "enp0s1", "ifalias": "\x1b"}
NO_LINKS = (
    "[]",
    "3",
    "[1, {}]",
    '{"links": null}',
    '{"table": {}}',
    '{"links": [3, {"ifname": 1}]}',
)


def before(plan: Plan, text: str) -> list[dict[str, Any]]:
    """The devices in a file of the facts from before a run."""
    journal = begun(plan)
    journal.folder.joinpath("before.json").write_text(text)
    return journal.links_before()


def test_links_before(plan: Plan) -> None:
    """The devices from before a run are read, of an earlier netmodes too."""
    output = json.dumps([LINK]).replace(r"\u001b", "\x1b")
    table = {"format": 2, "table": {"links": {"output": output}}}

    assert before(plan, json.dumps(table)) == [LINK]
    Journal(plan.name).remove()
    assert before(plan, f'{{"links": {output}}}') == [LINK]


@pytest.mark.parametrize("text", NO_LINKS)
def test_no_links_before(plan: Plan, text: str) -> None:
    """A damaged file of the facts from before a run has no devices."""
    assert before(plan, text) == []
