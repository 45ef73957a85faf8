"""The plan of a mode on the article's machine: the article's commands, kept whole through JSON."""

import json
import re
from dataclasses import fields, replace

import pytest
from console import machine
from networks import up

from netmodes import (
    MODES,
    Bridged,
    Facts,
    HostOnly,
    Isolated,
    Mode,
    Nat,
    Outcome,
    Plan,
    Record,
    Refused,
    Step,
)
from netmodes.modes.base import told
from netmodes.plan.finding import Finding
from netmodes.plan.undo import Undo

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


@pytest.mark.parametrize("name", ["article", "advertised", "docker", "rich"])
def test_guards_prevent(name: str) -> None:
    """A guard command says what happens without it, in one sentence; no other line does."""
    plan = Bridged(uplink="enp0s1").plan(machine(name), anyway=True)

    others = (mode.plan(machine(name)) for mode in (HostOnly(), Nat()))
    steps = (*plan.steps, *(step for other in others for step in other.steps))
    guards = [step for step in steps if step.guard]

    assert all(re.fullmatch(r"\S+ .*[^.]", step.prevents) for step in guards)
    assert not any(step.prevents for step in plan.steps if not step.guard)
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@each_mode
def test_why(mode: Mode, commands: str, article: Facts) -> None:
    """Every command says why, in one line."""
    plan = mode.plan(article)

    assert [len(step.why.splitlines()) for step in plan.steps] == [1] * len(plan.steps)


@each_mode
def test_undo(mode: Mode, commands: str, article: Facts) -> None:
    """What a command changes on the host has an undo, or is of a device that goes with its own."""
    plan = mode.plan(article)

    assert [step.argv for step in on_host(plan) if step.undo]
    assert [step.argv for step in on_host(plan) if not step.undo and not vanishes(step, plan)] == []


@pytest.mark.parametrize("name", ["rich", "advertised", "docker"])
def test_undo_elsewhere(name: str) -> None:
    """So it is where there is more to move and to allow."""
    plan = Bridged(uplink="enp0s1").plan(machine(name))

    assert [step.argv for step in on_host(plan) if not step.undo and not vanishes(step, plan)] == []


def on_host(plan: Plan) -> list[Step]:
    """The steps outside the namespace."""
    return [step for step in plan.steps if step.namespace is None]


def vanishes(step: Step, plan: Plan) -> bool:
    """Whether a step only changes devices that the plan has made."""
    adding = [other.argv for other in plan.steps if other.argv[:3] == ("ip", "link", "add")]
    made = {argv[place] for argv in adding for place in (3, -1)}
    words = set(re.split(r"[ ./=]", " ".join(step.argv)))
    changes = step.argv[0] in ("ip", "sysctl") and step.argv not in adding
    return changes and bool(words & made) and "enp0s1" not in words


@each_mode
def test_settled(mode: Mode, commands: str, article: Facts) -> None:
    """A plan names every parameter of its mode, with nothing left open but a process, for none."""
    plan = mode.plan(article)

    assert list(plan.parameters) == [field.name for field in fields(mode)]
    assert all(value for name, value in plan.parameters.items() if name != "attach")


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


@pytest.mark.parametrize("name", ["rich", "advertised", "docker", "managed"])
def test_json_elsewhere(name: str) -> None:
    """So it does with input, users, shares and notices."""
    plan = Bridged(uplink="enp0s1").plan(machine(name))

    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@pytest.mark.parametrize("written", [None, 0, 6, "1"])
def test_json_of_another_format(written: object, article: Facts) -> None:
    """A plan that another version wrote in another format is refused."""
    data = HostOnly().plan(article).to_dict() | {"format": written}

    with pytest.raises(ValueError, match="is not 5"):
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
    assert list(MODES) == ["isolated", "host-only", "bridged", "nat"]
    assert [mode.mode for mode in MODES.values()] == list(MODES)


# ip_forward, which is not the network's alone.

FORWARD = "net.ipv4.ip_forward"


def bridged(facts: Facts, name: str = "A") -> Plan:
    """The plan of a bridged network on this machine."""
    return Bridged(namespace=name, uplink="enp0s1").plan(facts)


def forwarding(facts: Facts, value: str, **otherwise: str) -> Facts:
    """The same machine, where forwarding is this and these would not survive a change of it."""
    sysctls = {**facts.known("sysctls"), FORWARD: value}
    return replace(facts, sysctls=sysctls, with_ip_forward=otherwise)


def undo_of(share: str, plan: Plan) -> Undo:
    """The undo of what a plan may share under this name."""
    (undo,) = [step.undo for step in plan.all_steps if step.share == share]
    assert undo is not None
    return undo


def test_forward(article: Facts) -> None:
    """Forwarding is switched on where it is off, and back to what it was, alone."""
    plan = bridged(forwarding(article, "0"))

    assert f"sysctl -w {FORWARD}=1" in plan.lines
    assert undo_of(f"sysctl {FORWARD}", plan).command("0") == ("sysctl", "-w", f"{FORWARD}=0")


def test_forward_and_what_goes_with_it(article: Facts) -> None:
    """What switching forwarding off again would change is put back in the same command, after."""
    own = {"net/ipv4/conf/all/accept_redirects": "0", "net/ipv4/conf/wlan0.7/forwarding": "1"}

    undo = undo_of(f"sysctl {FORWARD}", bridged(forwarding(article, "0", **own)))

    assert undo.command("0") == (
        *("sysctl", "-w", f"{FORWARD}=0"),
        "net/ipv4/conf/all/accept_redirects=0",
        "net/ipv4/conf/wlan0.7/forwarding=1",
    )


def test_forward_already(article: Facts) -> None:
    """Where the host forwards already that is neither written nor undone, nor shared."""
    plan = bridged(forwarding(article, "1"))

    assert [line for line in plan.lines if FORWARD in line] == []
    assert f"sysctl {FORWARD}" not in plan.shares.values()


BRIDGE = '[{{"ifindex":3,"ifname":"{}","flags":[],"linkinfo":{{"info_kind":"bridge"}}}}]'


@pytest.mark.parametrize(
    ("program", "printed", "expected"),
    [
        ("ip", BRIDGE.format("docker0"), "docker0"),
        ("ip", BRIDGE.format("virbr12"), "virbr12"),
        ("ip", BRIDGE.format("br0"), None),
        ("sh", 'oifname "eth0" masquerade', "masquerade"),
        ("iptables-save", "-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE", "MASQUERADE"),
        ("iptables-save", ":POSTROUTING ACCEPT", None),
    ],
)
def test_forward_for_others(
    program: str, printed: str, expected: str | None, article: Facts
) -> None:
    """Who depends on forwarding is told by the bridges of container engines and by NAT."""
    undo = undo_of(f"sysctl {FORWARD}", bridged(article))

    (look,) = [look for look in undo.users if look.argv[0] == program]

    assert look.word(printed) == expected


# Joining a bridge that another network has put on the uplink.


@pytest.fixture
def joined() -> Facts:
    """The article's machine with A bridged, by the commands of today."""
    facts = machine("bridged-up")
    first = bridged(machine("article"))
    (network,) = facts.known("networks")
    shares = tuple(step for step in first.steps if step.share)
    return replace(facts, networks=[replace(network, shares=shares)])


def test_join(article: Facts, joined: Facts) -> None:
    """Who joins runs the lines of its own alone, and inherits all that is shared, as it is."""
    first, second = bridged(article), bridged(joined, "B")

    assert second.inherited == tuple(step for step in first.steps if step.share)
    assert second.all_steps == (*second.inherited, *second.steps)
    assert [line for line in second.lines if "enp0s1" in line or "sysctl" in line] == []
    assert [step for step in second.steps if step.share] == []


def test_join_needs_no_unchanged_uplink(joined: Facts) -> None:
    """Who joins requires that the uplink is a port of the bridge, not what has moved from it."""
    plan = bridged(joined, "B")

    required = [one for one in plan.requirements if "enp0s1" in one.otherwise]
    assert [one.otherwise for one in required] == [
        "there is no device enp0s1 on this machine: export again, with its `netmodes facts`",
        "enp0s1 is no port of br0: export again",
    ]
    for one in required:
        assert one.look.word('[{"ifindex":2,"ifname":"enp0s1","flags":[],"master":"br0"}]') == "2"
        assert one.look.word('[{"ifindex":2,"ifname":"enp0s10","flags":[]}]') is None


def test_join_asks_on_the_bridge(joined: Facts) -> None:
    """Who joins asks the LAN for its own address alone, and through the bridge."""
    asked = [one for one in bridged(joined, "B").requirements if one.asks]

    assert [one.look.argv[0] for one in asked] == ["ip", "sh"]
    assert asked[0].look.word("192.168.64.51 dev br0 src 192.168.64.100 uid 0 ") is not None
    assert asked[1].look.argv[-2:] == ("br0", "192.168.64.51")
    assert asked[1].look.word("192.168.64.51 lladdr 4a:9e:7e:55:59:ee REACHABLE") is not None


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("interrupted", "A was interrupted: `netmodes down A` undoes it"),
        ("unconfirmed", "A.* waits for its confirmation: `netmodes confirm A`"),
    ],
)
def test_join_refused(state: str, says: str, joined: Facts) -> None:
    """Nobody joins a bridge that may be about to go."""
    networks = [replace(network, state=state) for network in joined.known("networks")]

    with pytest.raises(Refused, match=says):
        bridged(replace(joined, networks=networks), "B")


def test_join_after_the_first_has_left(joined: Facts) -> None:
    """A third network joins the second alike, where the first has left its share to that."""
    second = bridged(joined, "B")

    third = bridged(replace(joined, networks=[up(second)]), "C")

    assert third.inherited == second.inherited
    assert third.parameters["address"] == "192.168.64.50/24", "the first one's is free again"


def test_two_uplinks_share_forwarding(joined: Facts) -> None:
    """A network on another uplink shares what both need of the host, and nothing else."""
    nics = machine("nics")
    other = replace(joined, links=[*joined.known("links"), nics.known_link("enp0s4")])
    other = replace(other, routes=[*joined.known("routes"), *nics.known("routes")])

    plan = Bridged(namespace="B", uplink="enp0s4").plan(other, anyway=True)

    assert [step.share for step in plan.inherited] == [f"sysctl {FORWARD}"]
    assert [line for line in plan.lines if FORWARD in line] == []
    assert plan.parameters["bridge"] == "br1"


def test_join_keeps_its_json(joined: Facts) -> None:
    """What is inherited comes back whole from JSON as well."""
    plan = bridged(joined, "B")

    assert plan.inherited
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


SSH = "your SSH session goes through enp0s1:\n  use --confirm 60"


def test_ssh_session(article: Facts) -> None:
    """That the uplink carries the SSH session is a notice, unless a confirmation is wanted."""
    mode, facts = Bridged(uplink="enp0s1"), replace(article, ssh="enp0s1")

    assert SSH in mode.plan(facts).notices
    assert SSH not in mode.plan(facts, confirm=60).notices
    assert SSH not in mode.plan(replace(article, ssh="enp0s2")).notices


def test_ssh_session_on_the_bridge(joined: Facts) -> None:
    """Who joins a bridge hands nothing over, so that no SSH session is at risk."""
    mode = Bridged(namespace="B", uplink="enp0s1")

    assert SSH not in mode.plan(replace(joined, ssh="enp0s1")).notices


def test_way_out_of_nat(article: Facts) -> None:
    """NAT leaves by the device that the kernel takes, whatever default route is first."""
    mode, facts = Nat(), replace(article, exit="wg0")

    assert mode.flow(mode.settle(facts), facts).out == "wg0"


def test_told() -> None:
    """A refusal prints each fix once, and of a chain with a fix no rule that has none."""

    def finding(what: str, fix: str = "", chain: str = "c") -> Finding:
        evidence = f"nft list chain {chain}"
        return Finding("error", what, evidence, fix=fix, advice="" if fix else "ask")

    one, two, three = (
        finding(f"drops ({by})", fix) for by, fix in (("a", ""), ("b", "nft"), ("c", "nft"))
    )
    elsewhere, keeps = finding("drops (d)", chain="d"), finding("keeps")

    assert told([one, two, three]) == [two]
    assert told([one, two, keeps, elsewhere]) == [two, keeps, elsewhere]
    assert told([one, one]) == [one, one]
