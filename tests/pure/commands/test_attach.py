"""A process's namespace: by its number, on this machine's facts and on another's."""

from dataclasses import replace

import pytest

from netmodes import Facts, HostOnly, Isolated, Nat, Refused
from netmodes.commands import attach
from netmodes.machine.query import links_at
from netmodes.machine.table import Table
from netmodes.plan.look import Look
from netmodes.plan.undo import Undo

HERE = "4242:4026532444"

LISTED = """\
/proc/1/ns net:[4026531840]
/proc/4242/ns {}
/proc/4243/ns net:[4026532444]
/proc/self/ns {}
"""


def known(facts: Facts, **processes: str) -> Facts:
    """A machine that was asked about process 4242."""
    return replace(facts, processes={name.strip("p"): found for name, found in processes.items()})


def test_located(article: Facts) -> None:
    """A process is known by its number and its namespace's inode, so the same one is up already."""
    facts = known(article, p4242="4026532444")
    plan = HostOnly(attach=4242).plan(facts)

    assert plan.parameters["attach"] == HERE
    assert plan.process == ("4242", "4026532444")
    assert HostOnly(attach=HERE).plan(facts) == plan == HostOnly(**plan.parameters).plan(article)


@pytest.mark.parametrize(
    ("processes", "process", "refusal"),
    [
        ({}, "4242", "there is no process 4242"),
        ({"p4242": ""}, "4242", "for root to see: run this under sudo"),
        ({"p4242": "17"}, HERE, "in another namespace than 4026532444"),
    ],
)
def test_not_located(article: Facts, processes: dict[str, str], process: str, refusal: str) -> None:
    """A process that is gone, hidden, or in another namespace by now is refused."""
    with pytest.raises(Refused, match=refusal):
        Nat(attach=process).plan(known(article, **processes))


@pytest.mark.parametrize("process", ["0", "-1", "self", "4242:", ":1", "1 2", "4242:x"])
def test_shape(process: str) -> None:
    """What is no process's number is refused."""
    with pytest.raises(Refused, match="is not a process's number"):
        HostOnly(attach=process)


def test_no_unit() -> None:
    """A unit runs after a boot, which no process outlives."""
    with pytest.raises(Refused, match="no process outlives a boot"):
        HostOnly(attach=HERE).unit()


def test_not_isolated() -> None:
    """Isolated mode's card is for a namespace of its own."""
    with pytest.raises(TypeError):
        Isolated(attach="4242")  # type: ignore[call-arg]


def test_read() -> None:
    """What a process's link leads to is read as its namespace; one that is not there, as none."""
    table = Table({"processes": links_at("/proc/self/ns/net", "/proc/0/ns/net")})
    found = Facts.from_table(table, []).processes or {}

    assert [*found] == ["self"]
    assert found["self"].isdecimal()
    assert Facts.from_table(Table(), []).processes is None


def looks() -> list[Look]:
    """What is looked for before the namespace gets its name."""
    return [one.look for one in attach.requirements(HERE)]


@pytest.mark.parametrize(
    ("process", "host", "found"),
    [
        ("net:[4026532444]", "net:[4026531840]", (True, False)),
        ("net:[40265324440]", "net:[4026531840]", (False, False)),
        ("net:[4026532444]", "net:[4026532444]", (True, True)),
        ("", "net:[4026531840]", (False, False)),
    ],
)
def test_required(process: str, host: str, found: tuple[bool, bool]) -> None:
    """The process is in its namespace still, and that is not the host's."""
    listing = LISTED.format(process, host)

    assert tuple(look.word(listing) is not None for look in looks()[:2]) == found


@pytest.mark.parametrize(
    ("devices", "found"), [(["lo"], None), (["lo", "tunl0"], None), (["lo", "eth0"], "eth0")]
)
def test_devices(devices: list[str], found: str | None) -> None:
    """A device is in the way, but not those that the kernel gives to every namespace."""
    each = (f'{{"ifindex":{at},"ifname":"{name}","x":[]}}' for at, name in enumerate(devices, 1))
    listing = f"net:[4026532444]\n[{','.join(each)}]\n"
    look = looks()[3]

    assert look.is_whole(listing)
    assert look.word(listing) == found


def test_loopback(article: Facts) -> None:
    """The loopback is set down again where it is the process's, and the name there still."""
    steps = HostOnly(attach=HERE).plan(article).steps
    undo = next(step.undo for step in steps if step.argv[-2:] == ("lo", "up"))
    up = '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"]}]'

    assert isinstance(undo, Undo)
    assert undo.look.word(f"net:[4026532444]\n{up}") == "1"
    assert undo.look.word(f"net:[17]\n{up}") is None
    assert undo.look.is_whole("gone\n")


def test_names_are_not_promised(article: Facts) -> None:
    """No file is written for names, none is promised, and that is said."""
    plan = Nat(attach=HERE).plan(article)

    assert "a name" not in [promise.target for promise in plan.promises]
    assert not [step for step in plan.steps if "/etc/netns" in str(step)]
    assert any("names are not promised" in notice for notice in plan.notices)
