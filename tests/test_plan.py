"""The plan of a mode on the article's machine: the article's commands, kept whole through JSON."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from netmodes import MODES, Bridged, Facts, HostOnly, Isolated, Mode, Outcome, Plan, Record

pytestmark = pytest.mark.pure

ISOLATED = """
ip netns add A
ip link add dummy0 type dummy
ip link set dummy0 netns A
ip netns exec A ip addr add 192.168.222.10/24 dev dummy0
ip netns exec A ip link set dummy0 up
ip netns exec A ip link set lo up
"""

HOST_ONLY = """
ip netns add A
ip link add veth0 type veth peer name veth1
ip link set veth1 netns A
ip addr add 192.168.202.1/24 dev veth0
ip link set veth0 up
ip netns exec A ip addr add 192.168.202.11/24 dev veth1
ip netns exec A ip link set veth1 up
"""

BRIDGED = """
ip netns add A
sysctl -w net.ipv4.ip_forward=1
ip link add br0 type bridge
ip addr add 192.168.64.100/24 dev br0
ip link set br0 up
ip link set enp0s1 master br0
ip link set enp0s1 up
ip link add veth0 type veth peer name veth1
ip link set veth1 netns A
ip link set veth0 master br0
ip link set veth0 up
ip netns exec A ip addr add 192.168.64.50/24 dev veth1
ip netns exec A ip link set veth1 up
ip netns exec A ip link set lo up
ip netns exec A ip route add default via 192.168.64.100
"""

#: Each mode, and the article's commands for it.
ARTICLE: list[tuple[Mode, str]] = [
    (Isolated(), ISOLATED),
    (HostOnly(), HOST_ONLY),
    (Bridged(uplink="enp0s1"), BRIDGED),
]

each_mode = pytest.mark.parametrize(
    ("mode", "commands"), ARTICLE, ids=[mode.mode for mode, _ in ARTICLE]
)


def lines(text: str) -> list[str]:
    """The lines of a block of commands."""
    return text.strip().splitlines()


@each_mode
def test_verbatim(mode: Mode, commands: str, article: Facts) -> None:
    """With --verbatim the lines are the article's, no more and no less."""
    plan = mode.plan(article, verbatim=True)

    assert list(plan.lines) == lines(commands)


@each_mode
def test_in_order(mode: Mode, commands: str, article: Facts) -> None:
    """Without --verbatim all of the article's lines are there, in its order."""
    rest = iter(mode.plan(article).lines)

    assert all(line in rest for line in lines(commands))


@each_mode
def test_guards(mode: Mode, commands: str, article: Facts) -> None:
    """What the article does not have is marked as a guard command, and nothing else is."""
    plan = mode.plan(article)

    guards = {str(step) for step in plan.steps if step.guard}

    assert set(plan.lines) - set(lines(commands)) == guards


@each_mode
def test_why(mode: Mode, commands: str, article: Facts) -> None:
    """Every command says why, in one line."""
    plan = mode.plan(article)

    assert [len(step.why.splitlines()) for step in plan.steps] == [1] * len(plan.steps)


@each_mode
def test_undo(mode: Mode, commands: str, article: Facts) -> None:
    """The namespace, and every device and setting of the host's own, has an undo."""
    plan = mode.plan(article)

    makes = [step for step in plan.steps if {"add", "-w", "enp0s1"} & set(step.argv[:4])]
    on_host = [step for step in makes if step.namespace is None and step.argv[1] != "addr"]

    assert on_host
    assert all(step.undo for step in on_host)


@each_mode
def test_settled(mode: Mode, commands: str, article: Facts) -> None:
    """A plan names every parameter of its mode, with nothing left open."""
    plan = mode.plan(article)

    assert list(plan.parameters) == [field.name for field in fields(mode)]
    assert all(plan.parameters.values())


@each_mode
def test_settled_again(mode: Mode, commands: str, article: Facts) -> None:
    """The parameters of a plan, given as they are, make the same plan."""
    plan = mode.plan(article)

    assert type(mode)(**plan.parameters).plan(article) == plan


@each_mode
def test_json(mode: Mode, commands: str, article: Facts) -> None:
    """A plan comes back whole from JSON."""
    plan = mode.plan(article)

    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@pytest.mark.parametrize("written", [None, 0, 2, "1"])
def test_json_of_another_format(written: object, article: Facts) -> None:
    """A plan that another version wrote in another format is refused."""
    data = HostOnly().plan(article).to_dict() | {"format": written}

    with pytest.raises(ValueError, match="is not 1"):
        Plan.from_dict(data)


def test_record(article: Facts) -> None:
    """A record's JSON holds the plan, and of each command line, status, outputs and duration."""
    plan = HostOnly().plan(article)
    record = Record(plan, (Outcome("ip netns add A", 1, "", "File exists", 0.25),))

    data = json.loads(record.to_json())

    assert record.lines == ("ip netns add A",)
    assert Plan.from_dict(data["plan"]) == plan
    assert data["outcomes"] == [
        {
            "line": "ip netns add A",
            "status": 1,
            "stdout": "",
            "stderr": "File exists",
            "seconds": 0.25,
        }
    ]


def test_record_script(article: Facts) -> None:
    """The script of a record is the script of its mode."""
    plan = HostOnly().plan(article)

    assert Record(plan, ()).script() == HostOnly().script(article)


def test_names() -> None:
    """The modes are found by the names that they have on the command line."""
    assert {name: mode.mode for name, mode in MODES.items()} == {
        "isolated": "isolated",
        "host-only": "host-only",
        "bridged": "bridged",
    }
