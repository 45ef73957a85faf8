"""Facts in, a copy out: what goes to which program, and what does not."""

import json
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from console import machine

from netmodes.errors import Refused
from netmodes.lab.copy import Copy, copied, routes, rules
from netmodes.lab.kinds import far_end
from netmodes.lab.lan import Machine, Segment, lan, segments_of
from netmodes.lab.making import _turn
from netmodes.machine.entries import Address, Link
from netmodes.machine.facts import Facts
from netmodes.machine.printed import route_from
from netmodes.machine.table import Table


def table(**outputs: Any) -> Table:  # noqa: ANN401
    """The facts of a machine with all kinds of things, with other outputs of commands."""
    made = machine("whole").table
    assert made is not None
    there = made.entries
    return Table({**there, **{name: {**there[name], "output": outputs[name]} for name in outputs}})


def named(copy: Copy) -> list[str]:
    """What is left out."""
    return [each.what for each in copy.left]


def test_facts_of_before() -> None:
    """Facts without the entries that a copy takes are refused, with what to do."""
    facts = machine("article")
    assert facts.table is not None
    with pytest.raises(Refused, match="make them again with `netmodes facts`"):
        copied(facts.table)


def test_nothing_left_out() -> None:
    """All that this machine has is carried."""
    assert copied(table()).left == ()


@pytest.mark.parametrize(
    ("printed", "given"),
    [
        ("default via 10.0.0.1 dev a linkdown", "default via 10.0.0.1 dev a"),
        ("::/0 metric 9 error -101 pref medium", "::/0 metric 9"),
        ("10.1.0.0/16 mtu lock 1400", "10.1.0.0/16 mtu lock 1400"),
        ("fd00::/8 dev a expires 99sec", "fd00::/8 dev a expires 99"),
        ("10.1.0.0/16 nhid 5 via 10.0.0.1 dev a table 9", "10.1.0.0/16 nhid 5 table 9"),
        ("fd00::/8 encap seg6 segs 1 [ fd01::1 ] dev a", "fd00::/8 encap seg6 segs fd01::1 dev a"),
    ],
)
def test_route(printed: str, given: str) -> None:
    """A route is given as `ip` takes it."""
    assert routes([f"unicast {printed}"]) == [f"unicast {given}"]


def test_route_of_address() -> None:
    """The kernel makes the routes that come with addresses; several next hops are one route."""
    lines = ["local 10.0.0.1 dev a table local proto kernel scope host src 10.0.0.1"]
    lines += ["unicast 10.5.0.0/16 table main", "\tnexthop via 10.0.0.2 dev a weight 1"]

    assert routes(lines) == ["unicast 10.5.0.0/16 table main nexthop via 10.0.0.2 dev a weight 1"]


def test_rule() -> None:
    """So is a rule."""
    assert rules(["500:\tfrom all goto 32766 [unresolved]"]) == ["pref 500 from all goto 32766"]


@pytest.mark.parametrize(
    "line",
    [
        "unicast 10.9.0.0/16 dev a # x",
        'unicast 10.9.0.0/16 dev "a b"',
        "unicast 10.9.0.0/16 encap bpf in obj /etc/shadow dev a",
        "unicast 10.9.0.0/16 dev $(id)",
    ],
)
def test_route_that_is_none(line: str) -> None:
    """What `ip route` does not print is not given to it, and is named."""
    copy = copied(table(**{"routes text": line}))

    assert copy.routes == ()
    assert named(copy) == [line]


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("nft", 'table ip x {\n\tinclude "/etc/shadow"\n}'),
        ("nft", 'table ip x {\n\tchain c {\n\t\taccept; include "/etc/shadow"\n\t}\n}'),
        ("nft", 'include "/etc/shadow"'),
        ("nft", 'table ip x {\n\tchain c {\n\t\tcomment "\\"; include "/etc/shadow"\n\t}\n}'),
        ("nft", "define x = 1"),
        ("iptables-save", "*filter\n-A INPUT -M /tmp/x -j Y\nCOMMIT"),
        ("iptables-save", "*filter\n-A INPUT --modprobe=/tmp/x -j Y\nCOMMIT"),
        ("iptables-save", "*filter\n-A INPUT --mod /tmp/x -j Y\nCOMMIT"),
        ("iptables-save", "*filter\n-A INPUT -vM /tmp/x -j Y\nCOMMIT"),
        ("iptables-save", "*filter\n-F INPUT\nCOMMIT"),
        ("ebtables-save", "*filter\n-A INPUT -M /tmp/x\nCOMMIT"),
        ("iptables-legacy-save", "*filter\n-A INPUT -M/tmp/x\nCOMMIT"),
        ("ipset", "add x 1.2.3.4 -file /tmp/x"),
        ("ipset", "save -file /tmp/x"),
    ],
)
def test_firewall_that_is_none(program: str, line: str) -> None:
    """Rules that would read a file, or run a program, are loaded nowhere; the firewall is named."""
    made = table()
    copy = copied(Table({**made.entries, program: {"command": [], "output": line}}))

    assert copy.firewall == ()
    assert named(copy) == ["the firewall"]


def test_firewall_in_order() -> None:
    """Each table goes in by its own program, in the order in which nft lists them."""
    copy = copied(table())
    loaded = [(one.argv[0], one.lines[0].split()[:3]) for one in copy.firewall if one.lines]
    programs = [*dict.fromkeys(argv for argv, _ in loaded)]

    assert programs.index("nft") > programs.index("iptables-restore")
    assert programs[-1] == "iptables-legacy-restore"
    assert ["table", "inet", "own"] in [lines for argv, lines in loaded if argv == "nft"]
    assert not [
        lines for argv, lines in loaded if argv == "nft" and lines[:3] == ["table", "ip", "nat"]
    ]


def test_firewall_that_is_legacy() -> None:
    """Where `iptables` is iptables-legacy its rules go in once, by that."""
    saved = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 1.2.3.4 -j ACCEPT\nCOMMIT\n"
    copy = copied(table(**{"nft": "", "iptables-save": saved, "iptables-legacy-save": saved}))
    loaded = [one.argv[0] for one in copy.firewall if "-A INPUT -s 1.2.3.4 -j ACCEPT" in one.lines]

    assert loaded == ["iptables-legacy-restore"]


def test_policy_alone() -> None:
    """A table is carried for its policies, even if it has no rules."""
    saved = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
    copy = copied(table(**{"nft": "", "iptables-save": saved}))

    assert (":FORWARD DROP [0:0]",) in [one.lines for one in copy.firewall]


def test_firewall_unread() -> None:
    """Without root there is no firewall to copy, which is said with what to do."""
    made = table()
    unread = {"command": ["nft"], "status": 1, "error": "Operation not permitted"}
    (left,) = copied(Table({**made.entries, "nft": unread})).left

    assert str(left) == "the firewall was not read: use sudo; what passes may differ"


@pytest.mark.parametrize(
    "path",
    ["/proc/sys/kernel/core_pattern", "/proc/sys/net/../kernel/x", "/proc/sys/net/..", "/etc/x"],
)
def test_setting_elsewhere(path: str) -> None:
    """Only settings of the network are written."""
    assert path not in copied(table(settings={path: "1\n"})).settings


def test_kinds() -> None:
    """A device is of its own kind, a NIC is a cable, and each has what it is on before it."""
    lines = {one.name: one.add for one in copied(table()).devices}
    order = [*lines]

    assert "type veth peer name lan" in lines["enp0s1"]
    assert lines["enp0s1"].endswith("netns /run/lan/router")
    assert "type macvlan mode bridge" in lines["mac0"]
    assert order.index("mac0") > order.index("enp0s1")
    assert "peer name pair" in lines.get("pair0", lines.get("pair1", ""))


def test_cable() -> None:
    """The ends of a cable differ in their index, so that the kernel tells of carriers at once."""
    (cable,) = [one.add for one in copied(with_links({"ifname": "e0"})).devices if one.name == "e0"]

    assert cable.startswith("link add name e0 index 77 type veth peer name lan77 index 78 ")


def with_links(*entries: dict[str, Any]) -> Table:
    """The facts of that machine with more devices, each with what `ip -j` prints of it."""
    links = json.loads(str(table().output("links")))
    usual = {"ifindex": 77, "flags": ["UP", "LOWER_UP"], "link_type": "ether", "addr_info": []}
    return table(links=json.dumps([*links, *(usual | entry for entry in entries)]))


def of_kind(kind: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401
    """The kind of a device as `ip -j` prints it."""
    return {"linkinfo": {"info_kind": kind, "info_data": data}}


@pytest.mark.parametrize("kind", ["batadv", "wireguard", "bond"])
def test_stand_in(kind: str) -> None:
    """A kind that is not known, or that this kernel has not, has a stand-in, which is named."""
    found = copied(with_links({"ifname": "x0", **of_kind(kind)}), missing={"bond"})
    (device,) = [one for one in found.devices if one.name == "x0"]

    assert device.cable
    assert str(device.left) == (
        f"x0: a stand-in for a device of kind {kind}; what goes by it may differ"
    )


def test_vlan() -> None:
    """A VLAN is one at the router as well, on what its frames go by, where every hop answers."""
    address = {"local": "10.77.0.2", "prefixlen": 24, "scope": "global"}
    vlan = {"ifname": "v7", "link": "enp0s1", "addr_info": [address], **of_kind("vlan", id=7)}
    text = str(table().output("routes text")) + "unicast 10.78.0.0/16 via 10.77.0.1 dev v7\n"
    made = with_links(vlan)
    copy = copied(Table({**made.entries, "routes text": {"output": text}}))
    (cable,) = [one.add for one in copy.devices if one.name == "enp0s1"]
    uplink = cable.split("peer name ")[1].split()[0]
    lines = [line for line in copy.lan if "lan77" in line]

    assert [one.add for one in copy.devices if one.name == "v7"] == [
        "link add link enp0s1 name v7 index 77 type vlan id 7"
    ]
    assert lines == [
        f"link add link {uplink} name lan77 type vlan id 7",
        "link set lan77 up",
        "addr add 10.77.0.1/32 dev lan77",
        "route add 10.77.0.0/24 dev lan77 table local",
    ]


def test_address() -> None:
    """An IPv6 address without an end may be preferred for a while only."""
    address = {"local": "fd09::1", "prefixlen": 64, "preferred_life_time": 900}
    copy = copied(with_links({"ifname": "x0", "addr_info": [address]}))

    assert "addr add fd09::1/64 preferred_lft 900 dev x0" in copy.addresses


def test_two_nics() -> None:
    """NICs with one subnet are in one LAN."""
    address = {"local": "192.168.64.4", "prefixlen": 24, "scope": "global"}
    found = lan_of(with_links({"ifname": "x0", "addr_info": [address]}))

    assert ("enp0s1", "x0") in found


def test_segments() -> None:
    """Of a bridge's ports one is in its LAN, for two would be a loop."""
    found = lan_of(table())

    assert sorted(found) == [("c1",), ("c2",), ("enp0s1",), ("eth1",), ("eth8",)]
    assert sum(bool(found[name,].subnets) for name in ("c1", "c2")) == 1


def lan_of(table: Table, *missing: str) -> dict[tuple[str, ...], Segment]:
    """The LANs of a machine by their cables."""
    facts = Facts.from_table(table)
    made = copied(table, missing).devices
    found = segments_of(Machine(facts), made)
    return {tuple(sorted(link.name for link in one.cables)): one for one in found}


def test_source_of_lo() -> None:
    """A source on lo is known by the LAN of each NIC that routes with it leave by."""
    own = Address(ip_address("10.99.0.3"), 32)
    nics = [Link(name, 2 + at, type="ether") for at, name in enumerate(("a", "b"))]
    default = route_from({"dst": "default", "prefsrc": str(own.ip), "dev": "a"}, 4)
    links = [Link("lo", 1, addresses=(own,)), *nics]
    facts = Facts(links=links, routes=[default, replace(default, dev="b")], routes6=[])
    segments = [Segment((nic,)) for nic in nics]

    lines = [*lan(segments, Machine(facts), [])]

    ends = " ".join(f"nexthop dev {far_end(nic)}" for nic in nics)
    assert lines[-1] == f"route add 10.99.0.3 table local {ends}"


def test_order_of_routes() -> None:
    """On-link routes are made first, then a gateway's before what leads to that another way."""
    default, vpn = ("unicast default via 10.0.0.1 dev a", "unicast 10.0.0.0/24 via 10.8.0.1 dev t")

    turns = [_turn([one]) for one in ("unicast 10.0.0.0/24 dev a", default, vpn)]

    assert turns == sorted(turns)
    assert len({*turns}) == 3
