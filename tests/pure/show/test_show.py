"""`netmodes show`: facts in, picture out."""

import json
import os
import re
from dataclasses import replace

import pytest
from console import netmodes
from flowcharts import Graph
from hypothesis import given
from hypothesis import strategies as st
from pictures import DOWN, SITUATIONS, WRITTEN, host_only, link, seen
from places import GOLDEN

from netmodes.machine.printed import link_from
from netmodes.plan.finding import Finding
from netmodes.show.mermaid import graph, label
from netmodes.show.text import GAP, LEFT, RIGHT, draw
from netmodes.show.view import Device, Place, View, view

each_situation = pytest.mark.parametrize("name", SITUATIONS)


@each_situation
@pytest.mark.parametrize("how", WRITTEN)
def test_golden(name: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn of a situation is what tests/golden holds."""
    monkeypatch.setenv("COLUMNS", "80")

    assert WRITTEN[how](seen(name)) == (GOLDEN / f"show-{name}.{how}").read_text()


@each_situation
def test_all_there(name: str) -> None:
    """The picture has every device, MAC, address and route, and fits 80 columns."""
    what = seen(name)

    drawn = draw(what)

    words = {*re.sub("[│├┤─└┌┐┘]", " ", drawn).split()}
    for place in (what.host, *what.namespaces):
        for device in place.devices:
            assert {device.name, device.mac, *device.addresses} - {""} <= words
        assert {word for route in place.routes for word in route.split()} <= words
    assert max(map(len, drawn.splitlines())) <= 80


NAME = st.text("abcxyz0123456789.-_@\x1b\u202e", min_size=1, max_size=15)
ADDRESS = st.ip_addresses().map(lambda ip: f"{ip}/{ip.max_prefixlen}")
DEVICE = st.builds(
    Device,
    name=NAME,
    kind=st.sampled_from(["", "bridge", "veth", "dummy", "wireguard"]),
    state=st.sampled_from(["up", "down", "no carrier"]),
    mac=st.sampled_from(["", "02:00:00:00:00:01", ":".join(["80"] * 20)]),
    addresses=st.lists(ADDRESS, max_size=3).map(tuple),
    outside=st.booleans(),
    wrong=st.booleans(),
)
DEVICES = st.lists(DEVICE, max_size=6, unique_by=lambda one: one.name).map(tuple)


@st.composite
def views(choose: st.DrawFn) -> View:
    """Any machine: ports of bridges, bridges of bridges' ports, cables, and devices alone."""
    names = choose(st.lists(NAME, max_size=3, unique=True))
    spaces = tuple(Place(name, "bridged", choose(DEVICES), ("default via ::",)) for name in names)
    ends = [(place.name, device.name) for place in spaces for device in place.devices]
    devices: list[Device] = []
    for device in choose(DEVICES):
        master = choose(st.sampled_from(["", "gone", *(one.name for one in devices)]))
        cable = choose(st.sampled_from([None, ("", "eth9"), ("Z", "eth9"), *ends]))
        devices.append(replace(device, master=master, cable=cable))
    return View(Place("", "", tuple(devices), ("default via fe80::1 dev eth0",)), spaces, ())


@given(views())
def test_frame(what: View) -> None:
    """Whatever there is, it is drawn in whole boxes and 80 columns, and no row is lost."""
    first, top, *rows = draw(what).splitlines()

    assert first.startswith("host")
    assert top.startswith(f"┌{'─' * (LEFT + 2)}┐")
    ends = [row[0] + row[LEFT + 3] for row in rows if row[:1].strip()]
    assert {*ends} <= {"││", "│├", "├┤", "└┘"}
    assert ends.count("└┘") == 1
    right = [row[LEFT + 4 + GAP :] for row in (first, top, *rows)]
    boxes = [row for row in right if row[:1] in ("┌", "│", "┤", "├", "└")]
    assert all(len(row) == RIGHT + 4 and row[-1] in "┐│┤┘" for row in boxes)
    assert [row[0] for row in boxes].count("┌") == len(what.namespaces)
    assert max(map(len, [first, top, *rows])) <= 80
    shown = len(re.findall("^│", "\n".join(rows), re.M))
    assert shown >= sum(1 + bool(one.mac) + len(one.addresses) for one in what.host.devices)


def test_cables() -> None:
    """A cable ends at the two devices that are its ends, and every device is drawn once."""
    drawn = draw(seen("bridged-two"))

    assert re.search(r"^│ ├─ veth0 +├─+┤ veth1 ", drawn, re.M)
    assert re.search(r"^│ └─ veth2 +├─+┤ veth3 ", drawn, re.M)
    assert re.search(r"^│ ├─ enp0s1 +├─+ the LAN$", drawn, re.M)
    assert sorted(re.findall(r"[─┤│] (veth\d) ", drawn)) == ["veth0", "veth1", "veth2", "veth3"]


def test_down_is_marked() -> None:
    """A device that is down is marked, and below stands what is wrong and what fixes it."""
    text = WRITTEN["picture"](seen("down"))

    assert re.search(r"veth0  down ! +├─+┤ veth1  no carrier +│", text)
    assert "error: veth0 is down\n" in text
    assert "  fix: ip link set veth0 up\n" in text


def test_inside_is_marked() -> None:
    """What is wrong inside a namespace is marked there, not on the host's device of that name."""
    facts, inside = host_only(near={"ifname": "veth1"}, far=DOWN)

    drawn = draw(view(facts, inside))

    assert re.search(r"│ veth1 +├─+┤ veth1  down ! ", drawn)


def test_one_network() -> None:
    """Of one network it draws what that stands on; the other's cable is said in words."""
    drawn = draw(seen("bridged-two", "B"))

    assert "namespace B: bridged" in drawn
    assert "namespace A" not in drawn
    assert re.search(r"├─ veth0 .*\n.*\n.*cable to veth1 in A", drawn)
    assert "enp0s1" in drawn


def test_one_network_alone() -> None:
    """Of host-only it draws neither the host's NIC nor its routes."""
    drawn = draw(seen("host-only", "A"))

    assert "enp0s1" not in drawn
    assert "default" not in drawn


def test_findings_of_one_network() -> None:
    """What is wrong elsewhere is not told of one network."""
    facts, inside = host_only()
    port = link_from(link("eth9", 9, "10.0.0.1/8", master="br9"))
    both = replace(facts, links=[*facts.known("links"), port])

    assert view(both, inside).findings != ()
    assert view(both, inside, "A").findings == ()


def test_pair_on_the_host() -> None:
    """A cable both ends of which are on the host is said at both, and is one edge."""
    facts, inside = host_only()
    pair = [
        replace(facts.known("links")[2], name=name, below=peer, index=index, below_index=0)
        for name, peer, index in (("eth8", "eth9", 8), ("eth9", "eth8", 9))
    ]

    what = view(replace(facts, links=[*facts.known("links"), *pair]), inside)

    assert "cable to eth9 on the host" in draw(what)
    assert "cable to eth8 on the host" in draw(what)
    assert len(Graph(graph(what)).edges) == 3  # the NIC's, the namespace's and this one


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--format", "mermaid"]])
def test_not_root(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root it says what it cannot see, and does not fail."""
    facts, _ = host_only()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("netmodes.cli.show.host_facts", lambda thorough: facts)

    done = netmodes("show", *arguments)

    assert (done.status, done.stderr) == (0, "")
    assert "only root can look inside" in done.stdout
    assert "192.168.202.1/24" in done.stdout
    assert "192.168.202.11/24" not in done.stdout


def test_no_such_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of no network is refused, and where to look is said."""
    monkeypatch.setattr(
        "netmodes.cli.show.host_facts", lambda thorough: replace(host_only()[0], networks=[])
    )

    done = netmodes("show", "A")

    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == "Error: A is not up: `netmodes list` shows what is\n"


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON there are the places with their devices, and the findings."""
    facts, inside = SITUATIONS["down"]()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("netmodes.cli.show.host_facts", lambda thorough: facts)
    monkeypatch.setattr("netmodes.cli.show.namespace_facts", inside.__getitem__)

    shown = json.loads(netmodes("show", "--json").stdout)

    assert [device["name"] for device in shown["host"]["devices"]] == ["enp0s1", "veth0"]
    assert shown["namespaces"][0]["devices"][1]["cable"] == ["", "veth0"]
    assert (
        shown["host"]["devices"][1] | {"state": "down", "wrong": True, "cable": ["A", "veth1"]}
        == (shown["host"]["devices"][1])
    )
    assert shown["findings"][0]["what"] == "veth0 is down"


@each_situation
def test_mermaid(name: str) -> None:
    """The graph is Mermaid's to the letter, with every device as a node and every cable an edge."""
    what = seen(name)

    parsed = Graph(graph(what))

    names = [text.split("<br/>")[0].split(" ")[0] for text in parsed.nodes.values()]
    devices = [one for place in (what.host, *what.namespaces) for one in place.devices]
    assert {one.name for one in devices} <= {*names}
    assert len(parsed.wrong) == sum(one.wrong for one in devices)


NASTY = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1)


@given(NASTY, NASTY)
def test_mermaid_of_anything(name: str, address: str) -> None:
    """Whatever a device is called, no text of it becomes syntax."""
    device = Device(name, "veth", "up", "", (address,), wrong=True)
    finding = Finding("error", name, "ip link", fix="ip link", about=name)

    Graph(graph(View(Place("", devices=(device,)), (), (finding,))))


def test_label() -> None:
    """A label's lines are parted by a break, and its special characters are entities."""
    assert label('a "b"\n<c> #1 & d') == '"a #quot;b#quot;<br/>#lt;c#gt; #35;1 #amp; d"'
