"""The journal: what is up and what had begun, told from the files of /run/netmodes alone."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from netmodes import Facts, HostOnly, NetmodesError, Plan, Refused, journal
from netmodes.journal import Journal, Note, locked, networks
from netmodes.names import check_namespace

pytestmark = pytest.mark.pure


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
    begun = Journal(plan.namespace)
    begun.begin(plan)
    for line in lines:
        begun.write(*line.split(" "))
    return begun


def test_begin(plan: Plan, root: Path) -> None:
    """The whole intent is on disk before the first command, and nothing half written beside it."""
    begun(plan)

    assert [path.name for path in (root / "A").iterdir()] == ["plan.json"]
    assert Plan.from_dict(json.loads((root / "A/plan.json").read_text())) == plan


def test_read_nothing() -> None:
    """A name without a journal is no network."""
    assert Journal("A").read() is None


def test_write(plan: Plan, root: Path) -> None:
    """Each line of the log is words, with a dash for an empty one."""
    begun(plan).write("start", 3, "")

    assert (root / "A/log").read_text() == "start 3 -\n"


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        ([], []),
        (["start 0 -"], [Note(0, "")]),
        (["start 0 -", "done 0 41.5"], [Note(0, "", "41.5")]),
        (["start 0 -", "done 0 -"], [Note(0, "", "")]),
        (
            ["start 0 -", "done 0 41.5", "start 2 0", "done 2 1", "start 3 -"],
            [Note(0, "", "41.5"), Note(2, "0", "1"), Note(3, "")],
        ),
        (["start 0 -", "done 0 41.5", "up", "down"], [Note(0, "", "41.5")]),
    ],
)
def test_notes(lines: list[str], notes: list[Note], plan: Plan) -> None:
    """The log says of each step that was started what was there before and, once done, after."""
    network = begun(plan, *lines).read()

    assert network is not None
    assert (network.plan, list(network.notes)) == (plan, notes)


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
    """A network is up from the end of its run to the beginning of its taking-back."""
    network = begun(plan, *lines).read()

    assert network is not None
    assert network.state == state


@pytest.mark.parametrize("cut", ["sta", "start", "start 2", "done 0"])
def test_cut_short(cut: str, plan: Plan, root: Path) -> None:
    """A last line that a crash cut short takes nothing from those before it."""
    begun(plan, "start 0 -", "done 0 41.5")
    with (root / "A/log").open("a") as log:
        log.write(cut)

    network = Journal("A").read()

    assert network is not None
    assert (network.state, network.notes) == ("interrupted", (Note(0, "", "41.5"),))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 2}', "\udcff"])
def test_unreadable(text: str, plan: Plan, root: Path) -> None:
    """A journal that cannot be read is refused by its path, not taken for none."""
    begun(plan)
    (root / "A/plan.json").write_bytes(os.fsencode(text))

    with pytest.raises(Refused, match=f"the journal {root / 'A'} cannot be read"):
        Journal("A").read()


@pytest.mark.parametrize("line", ["start first -", "done 7 41.5"])
def test_unreadable_log(line: str, plan: Plan, root: Path) -> None:
    """A log that is not one is refused by its path as well."""
    begun(plan, line)

    with pytest.raises(Refused, match=f"the journal {root / 'A'} cannot be read"):
        Journal("A").read()


def test_networks(article: Facts) -> None:
    """Every network is listed by name; a folder without a plan is none."""
    for name in ("B", "A"):
        begun(HostOnly(namespace=name).plan(article), "up")
    begun(HostOnly(namespace="C").plan(article)).folder.joinpath("plan.json").unlink()

    summaries = [network.summary() for network in networks()]

    assert [(net["name"], net["mode"], net["state"]) for net in summaries] == [
        ("A", "host-only", "up"),
        ("B", "host-only", "up"),
    ]
    assert summaries[0]["parameters"] == HostOnly().plan(article).parameters


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
        (lock,) = root.iterdir()
        with lock.open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with lock.open() as other:
        assert fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB) is None


def test_locked_is_no_network(root: Path) -> None:
    """The lock beside the networks is none of them."""
    with locked():
        assert networks() == []


def test_lock_is_no_name(root: Path) -> None:
    """No namespace can have the name of a file that the journal keeps beside the networks."""
    with locked():
        (lock,) = root.iterdir()

    with pytest.raises(Refused):
        check_namespace(lock.name)


def test_locked_nowhere(root: Path) -> None:
    """Where the journal cannot be kept nothing is begun, and root is named."""
    root.write_text("a file where the folder should be")

    with pytest.raises(NetmodesError, match=r"cannot be written .* run as root"), locked():
        pass
