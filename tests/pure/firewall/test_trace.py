"""What the kernel told of a packet, as it was recorded, and the verdict of it."""

from __future__ import annotations

import pytest

from netmodes.firewall import live, netlink, trace
from netmodes.plan.verdict import Drop, Fate

#: A SYN from port 42000: OUTPUT calls OWN, whose rule rejects it.
REJECTED = bytes.fromhex("""
ac000000110a000000000000000000000100000008000f0000000002080004000000000308000600a7b582ad1100020066
697273742d6f757470757400000000130001006e65746d6f6465732d747261636500000c00030000000000000000190c00
0500080001000000000108000c000000000306000d0000010000180008004500003c497040004006e090c0a84003080808
0818000900a41001bba539817300000000a002faf010ea0000a4000000110a000000000000000000000200000008000f00
00000002080004000000000308000600a7b582ad0b0002004f555450555400000b00010066696c74657200000c00030000
000000000000031400050008000100fffffffd080002004f574e0008000c000000000306000d0000010000180008004500
003c497040004006e090c0a840030808080818000900a41001bba539817300000000a002faf010ea000058000000110a00
0000000000000000000200000008000f0000000002080004000000000308000600a7b582ad080002004f574e000b000100
66696c74657200000c00030000000000000000040c0005000800010000000000
""")

#: An echo request of 42001: OWN has nothing for it, and OUTPUT's policy is to drop.
BY_POLICY = bytes.fromhex("""
a0000000110a000000000000000000000100000008000f00000000020800040000000003080006008ff6ca3e1100020066
697273742d6f757470757400000000130001006e65746d6f6465732d747261636500000c00030000000000000000180c00
0500080001000000000108000c000000000306000d0000010000180008004500001c31aa40004001f87bc0a84003080808
080c000900080053eda411000198000000110a000000000000000000000200000008000f00000000020800040000000003
080006008ff6ca3e0b0002004f555450555400000b00010066696c74657200000c00030000000000000000031400050008
000100fffffffd080002004f574e0008000c000000000306000d0000010000180008004500001c31aa40004001f87bc0a8
4003080808080c000900080053eda41100014c000000110a000000000000000000000200000008000f0000000002080004
0000000003080006008ff6ca3e080002004f574e000b00010066696c74657200000c00050008000100ffffffff50000000
110a000000000000000000000200000008000f00000000020800040000000003080006008ff6ca3e0b0002004f55545055
5400000b00010066696c74657200000c00050008000100ffffffff4c000000110a00000000000000000000020000000800
0f00000000020800040000000001080006008ff6ca3e0b0002004f555450555400000b00010066696c7465720000080010
0000000000
""")

OURS = f"inet {trace.NAME}"


def test_rule() -> None:
    """A rule that rejects is named by its hook, table and chain; a refusal is not the far end's."""
    found = trace.by_flow(netlink.events(REJECTED))

    assert [*found] == [42000]
    for answer in ("refused", ""):
        fate = trace.fate(found[42000], answer)
        assert fate == Fate(False, Drop("output", "ip filter", "OWN"))
        assert fate.drop is not None
        assert fate.drop.handle == 4


def test_policy() -> None:
    """A policy drops what no rule does."""
    found = trace.by_flow(netlink.events(BY_POLICY))

    assert trace.fate(found[42001], "") == Fate(False, Drop("output", "ip filter", "OUTPUT"))


def test_flows_apart() -> None:
    """Each flow has its own events, in whatever order they come."""
    both = [*netlink.events(REJECTED), *netlink.events(BY_POLICY)]
    mixed = [both[0], both[3], both[1], both[4], both[2], *both[5:]]

    found = trace.by_flow(mixed)

    assert found == trace.by_flow(both)
    assert {flow: len(events) for flow, events in found.items()} == {42000: 3, 42001: 5}


def passed(*chains: str) -> list[netlink.Event]:
    """A packet that came to these chains of ours."""
    return [netlink.Event(OURS, chain, 0, "rule", 1) for chain in chains]


@pytest.mark.parametrize(
    ("events", "answer", "fate"),
    [
        ([], "", Fate(None, lost="it never came")),
        (
            passed("first-prerouting", "last-prerouting"),
            "",
            Fate(None, lost="lost after prerouting"),
        ),
        (passed("first-forward"), "", Fate(None, lost="lost in forward")),
        (passed("first-forward"), "refused", Fate(None, lost="lost in forward")),
        (passed("first-forward", "last-forward"), "refused", Fate(True)),
        (
            [*passed("first-input"), netlink.Event("inet own", "in", 3, "rule", 3 | 7 << 16)],
            "",
            Fate(None, lost="a program decides in inet own in"),
        ),
        ([netlink.Event("inet own", "in", 3, "rule", 0)], "data", Fate(True)),
    ],
)
def test_fate(events: list[netlink.Event], answer: str, fate: Fate) -> None:
    """What no rule drops is lost after the last chain it came to; what is answered passes."""
    assert trace.fate(events, answer) == fate


LISTED = [
    "table ip filter {",
    "\tchain reject { # handle 2",
    "\t\tcounter packets 0 bytes 0 reject # handle 3",
    "\t}",
    "",
    "\tchain OWN { # handle 1",
    "\t\tmeta l4proto tcp  counter packets 1 bytes 60 reject # handle 4",
    "\t\tcounter packets 0 bytes 0 drop # handle 5",
    "\t}",
    "}",
]
SAVED = ["-N OWN", "-A OWN -p tcp -j REJECT", '-A OWN -m comment --comment "x y" -j DROP']


@pytest.mark.parametrize(
    ("handle", "saved", "rule", "every"),
    [
        (4, SAVED, "-A OWN -p tcp -j REJECT", False),
        (5, SAVED, '-A OWN -m comment --comment "x y" -j DROP', True),
        (5, [], "counter packets 0 bytes 0 drop", True),
        (4, [], "meta l4proto tcp  counter packets 1 bytes 60 reject", False),
        (0, SAVED, "", False),
        (9, SAVED, "", False),
    ],
)
def test_named(handle: int, saved: list[str], rule: str, every: bool) -> None:
    """A rule is in its own program's words; it is known whether it drops all that is left."""
    drop = Drop("output", "ip filter", "OWN", handle=handle)

    assert trace.named(drop, LISTED, saved) == Drop("output", "ip filter", "OWN", rule, every)


def test_question_by_chance() -> None:
    """A question whose own port is among those of traced flows is still the question's flow, and
    another's ping is not."""
    port = netlink.FLOWS[7]
    asked = netlink.Event(OURS, "first-forward", 1, "rule", 1, 5, port, protocol="udp")
    then = netlink.Event("ip filter", "FORWARD", 2, "rule", 0, 5)
    ping = netlink.Event(OURS, "first-forward", 1, "rule", 1, 6, port + 1)

    assert live.of_flow([asked, ping, then], 0) == [asked, then]
    assert live.of_flow([asked, ping, then], port + 1) == [ping]
