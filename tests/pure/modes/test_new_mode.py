"""A new mode is a class and a line in the table: all else follows from what it states."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from console import netmodes
from networks import up
from pictures import NO_CARRIER, link, of_kind, space
from places import FACTS
from processes import run

from netmodes import (
    MODES,
    Bridged,
    Facts,
    Mode,
    Network,
    Plan,
    Promise,
    Step,
    Topology,
    Undo,
    journal,
)
from netmodes.cli.diagnose import examine
from netmodes.commands import addresses, devices, iproute, looks, requirements
from netmodes.commands.uplink import suggestion
from netmodes.diagnose.inspection import Inspection
from netmodes.diagnose.probes import probes
from netmodes.diagnose.why.stages import judge
from netmodes.diagnose.why.trace import Observations, Trace
from netmodes.engine.record import Outcome
from netmodes.errors import Refused
from netmodes.journal import Journal, networks
from netmodes.modes.option import option
from netmodes.plan.requirement import Requirement
from netmodes.plan.verdict import Verdict
from netmodes.script.bash import down_script
from netmodes.show.mermaid import graph
from netmodes.show.text import draw
from netmodes.show.view import view


@dataclass(frozen=True)
class Macvlan(Mode):
    """The namespace is a machine of its own on the host's LAN."""

    mode = "macvlan"
    article = Topology("mac0", "192.168.64.50/24", uplink="enp0s1", gateway="192.168.64.1")
    picture = """\
host                      namespace {namespace}
┌────────────────────┐    ┌────────────────────┐
│ {uplink:18} ├─┬──┤ {device:18} │
└────────────────────┘ │  │ {address:18} │
                       │  └────────────────────┘
                       └─ the LAN
"""
    promises = (
        Promise("namespace", "itself", True),
        Promise("host", "namespace", False),
        Promise("namespace", "the host's other addresses", False),
        Promise("namespace", "the gateway", True),
        Promise("outside", "namespace", True),
    )

    uplink: str = option(
        "", "the host's NIC", required=True, completes="uplink", suggest=suggestion
    )
    device: str = option("", "the namespace's card")
    address: str = option("", "its address on the LAN", required=True, metavar="CIDR")
    kind: str = option("bridge", "what cards of one NIC do", metavar="bridge|private")

    def validate(self) -> None:
        devices.validate_device(self.uplink, self.device)
        addresses.validate_address(self.address)

    def topology(self, facts: Facts) -> Topology:
        facts.known_link(self.uplink)
        device = devices.free_device(self.device, self.article.device, facts)
        routes = facts.default_routes(self.uplink)
        if not routes:
            raise Refused(f"{self.uplink} leads to no gateway: choose another NIC")
        gateway = str(routes[0].gateway)
        subnets = (addresses.subnet(self.address),)
        return Topology(device, self.address, uplink=self.uplink, gateway=gateway, subnets=subnets)

    def requirements(self, net: Topology, facts: Facts) -> Iterator[Requirement]:
        yield requirements.no_namespace(self.namespace)
        yield requirements.no_device(net.device)

    def steps(self, net: Topology, facts: Facts, verdict: Verdict) -> Iterator[Step]:
        yield iproute.add_namespace(self.namespace)
        yield self._add(net)
        yield iproute.into_namespace(net.device, self.namespace)
        yield iproute.add_address(net.address, net.device, self.namespace)
        yield iproute.set_up(net.device, self.namespace)
        yield iproute.set_up("lo", self.namespace).as_guard(f"{self.namespace} has no loopback")
        yield iproute.add_default_route(net.gateway, self.namespace)
        yield Step(("nstat", "-r"), "the kernel's counts begin anew", self.namespace)

    def _add(self, net: Topology) -> Step:
        argv = ("ip", "link", "add", "link", net.uplink, "name", net.device, "type", "macvlan")
        undo = Undo(looks.device(net.device, "macvlan"), ("ip", "link", "del", net.device))
        return Step((*argv, "mode", self.kind), f"{net.device}, a card on {net.uplink}", undo=undo)


PICTURE = """\
host                      namespace A
┌────────────────────┐    ┌────────────────────┐
│ enp0s1             ├─┬──┤ mac0               │
└────────────────────┘ │  │ 192.168.64.50/24   │
                       │  └────────────────────┘
                       └─ the LAN"""

GUARD = "ip netns exec A ip link set lo up\n"
LINES = f"""\
ip netns add A
ip link add link enp0s1 name mac0 type macvlan mode bridge
ip link set mac0 netns A
ip netns exec A ip addr add 192.168.64.50/24 dev mac0
ip netns exec A ip link set mac0 up
{GUARD}ip netns exec A ip route add default via 192.168.64.1
ip netns exec A nstat -r
"""

HERE = ("macvlan", "--uplink", "enp0s1", "--address", "192.168.64.50/24")
MODE = Macvlan(uplink="enp0s1", address="192.168.64.50/24")
FOR_ARTICLE = ("--facts", str(FACTS / "article.json"))

CARD = link("mac0", 3, "192.168.64.50/24", link_index=2, link_netnsid=0, **of_kind("macvlan"))
INSIDE = space([CARD], {"dst": "default", "gateway": "192.168.64.1"})


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line in the table, and the command that is made of it; no network is up."""
    monkeypatch.setitem(MODES, Macvlan.mode, Macvlan)
    monkeypatch.setattr(journal, "ROOT", tmp_path / "netmodes")


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table without that line: who reads journals needs to know no mode."""
    monkeypatch.delitem(MODES, Macvlan.mode)


@pytest.fixture
def plan(article: Facts) -> Plan:
    """The mode's plan for the article's machine."""
    return MODE.plan(article)


@pytest.fixture
def network(plan: Plan) -> Network:
    """The mode's network from its journal."""
    written = Journal(plan.name)
    written.begin(plan, down_script(plan))
    written.write("up")
    run = written.read()
    assert run is not None
    return run.networks[0]


@pytest.fixture
def host(network: Network, article: Facts) -> Facts:
    """The article's machine where that network is up."""
    return replace(article, networks=[network], namespaces=["A"])


def commands(printed: str) -> str:
    """What a dry run printed, without the comments."""
    return re.sub(r"^#.*\n", "", printed, flags=re.M)


def test_dry_run() -> None:
    """Its lines are printed, each under its why; its guards can be left out."""
    whole = netmodes(*HERE, "--dry-run", *FOR_ARTICLE)
    verbatim = netmodes(*HERE, "--dry-run", "--verbatim", *FOR_ARTICLE)

    assert (whole.status, whole.stderr) == (verbatim.status, verbatim.stderr) == (0, "")
    assert f"# guard: the loopback works\n{GUARD}" in whole.stdout
    assert commands(whole.stdout) == LINES
    assert commands(verbatim.stdout) == LINES.replace(GUARD, "")


def test_help() -> None:
    """Its help has the picture, an example and its options, and none of what it cannot do."""
    every, done = netmodes("--help"), netmodes("macvlan", "--help")

    drawn = done.stdout.replace("\n  ", "\n")
    options = re.findall(r"^ +(?:-n, )?--(\S+) .*\[(.*)\]$", done.stdout, re.M)
    assert (done.status, done.stderr) == (0, "")
    assert f"\n{Macvlan.summary()}\n\n{PICTURE}\n" in drawn
    assert f"Example: netmodes macvlan -n A {' '.join(HERE[1:])}\n" in drawn
    assert options == [
        ("namespace", "default: A"),
        ("uplink", "required"),
        ("device", "default: mac0"),
        ("address", "required"),
        ("kind", "default: bridge"),
    ]
    assert not re.search("--(anyway|confirm)", done.stdout)
    assert f"  macvlan    {Macvlan.summary()}\n" in every.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (HERE[:1], "--uplink is missing: the default route goes through enp0s1"),
        (HERE[:3], "--address is missing: name its address on the LAN"),
    ],
)
def test_required(given: tuple[str, ...], said: str) -> None:
    """What it cannot do without is asked for, with what to name."""
    done = netmodes(*given, "--dry-run", *FOR_ARTICLE)

    assert done.status == 2
    assert said in done.stderr


def test_json(plan: Plan) -> None:
    """Its plan as JSON is the whole plan."""
    done = netmodes(*HERE, "--dry-run", "--json", *FOR_ARTICLE)

    assert Plan.from_dict(json.loads(done.stdout)) == plan
    assert (plan.picture, plan.promises) == (PICTURE, Macvlan.promises)
    assert plan.parameters == {
        **{"namespace": "A", "uplink": "enp0s1", "device": "mac0"},
        **{"address": "192.168.64.50/24", "kind": "bridge"},
    }


@pytest.mark.parametrize("reader", ["bash -n", "shellcheck"])
def test_script(reader: str, tmp_path: Path) -> None:
    """Its script has the picture in its head and its lines; bash and shellcheck agree with it."""
    path = tmp_path / "macvlan.sh"
    done = netmodes(*HERE, "--export", str(path), *FOR_ARTICLE)
    read = run(*reader.split(), str(path))

    script = path.read_text()
    up = script.partition("\nup() {\n")[2].partition("\n}\n")[0]
    assert (done.status, done.stderr) == (0, "")
    assert PICTURE in re.sub(r"^# ?", "", script, flags=re.M)
    assert re.findall(r"^    (?:run|step \d+) (.*\n)", f"{up}\n", re.M) == LINES.splitlines(True)
    assert (read.returncode, read.stdout, read.stderr) == (0, "", "")


@pytest.mark.parametrize("how", ["text", "markdown"])
@pytest.mark.parametrize("name", ["macvlan", "A"])
def test_explain(name: str, how: str, network: Network) -> None:
    """The mode is taught, and a network of it: picture, lines, undos, and who reaches whom."""
    done = netmodes("explain", name, "--format", how)

    text = done.stdout
    assert (done.status, done.stderr) == (0, "")
    assert PICTURE in text
    assert [line for line in LINES.splitlines() if f"{line}\n" not in text] == []
    assert "goes with mac0 (line 2)" in text
    assert "ip link del mac0" in text
    expected = ["yes" if promise.reachable else "no" for promise in Macvlan.promises]
    assert re.findall(r" (yes|no)(?: \|)?$", text, re.M) == expected
    assert "Questions" not in text
    assert text == text.rstrip() + "\n"


def test_journal(plan: Plan, network: Network, forgotten: None) -> None:
    """What its journal tells is all there is to know of its network."""
    text, data = netmodes("list").stdout, netmodes("list", "--json").stdout

    assert networks() == [network]
    assert replace(network, run="") == up(plan)
    assert data == json.dumps([network.to_dict()], indent=2) + "\n"
    assert text.splitlines()[1].split() == ["A", "macvlan", "up", "192.168.64.50/24"]


def test_down(network: Network, forgotten: None) -> None:
    """The journal has what takes its network back."""
    script = (Journal("A").folder / "down.sh").read_text()

    assert "show ip link del mac0" in script
    assert "show ip netns del A" in script


def test_probes(network: Network, host: Facts, forgotten: None) -> None:
    """Each of its promises is tried."""
    tried = {probe.promise: (probe.source, probe.tried) for probe in probes(network, host, "")}

    assert [*tried.values()] == [
        ("A", "192.168.64.50"),
        ("", "192.168.64.50"),
        ("A", "192.168.64.3"),
        ("A", "192.168.64.1"),
        ("", ""),
    ]
    assert [*tried] == [*Macvlan.promises]


def test_show(host: Facts, forgotten: None) -> None:
    """Its network is drawn, and nothing is wrong with it."""
    seen = view(host, {"A": INSIDE})

    assert seen.findings == ()
    assert re.search(r"^│ enp0s1 +├─+ the LAN$", draw(seen), re.M)
    assert "namespace A: macvlan" in draw(seen)
    assert "│ mac0  macvlan " in draw(seen)
    assert '["namespace A: macvlan"]' in graph(seen)


def test_show_what_is_wrong(host: Facts, forgotten: None) -> None:
    """What is missing in its network is found by what its journal says."""
    bare = space([{**CARD, "addr_info": []}])

    assert [found.what for found in view(host, {"A": bare}).findings] == [
        "mac0 has no address 192.168.64.50/24 in A",
        "A has no default route",
    ]


def test_why(network: Network, host: Facts, forgotten: None) -> None:
    """A packet is followed over its card, which has no cable and yet leads outside."""
    answer = judge(trace(network, host, CARD))

    assert answer.finding is None
    assert answer.hops == ("A sends it out by mac0, from 192.168.64.50, to 192.168.64.1",)


def test_why_not(network: Network, host: Facts, forgotten: None) -> None:
    """A card without a carrier is found to lack it for the NIC that it is on."""
    down = [replace(link, flags=frozenset()) for link in host.known("links")]

    answer = judge(trace(network, replace(host, links=down), {**CARD, **NO_CARRIER}))

    assert answer.finding is not None
    assert (answer.finding.what, answer.finding.fix) == ("enp0s1 is down", "ip link set enp0s1 up")


def trace(network: Network, host: Facts, card: dict[str, Any]) -> Trace:
    """A packet to the gateway by this card, which the namespace has a route for."""
    way = [{"dst": "192.168.64.1", "dev": "mac0", "prefsrc": "192.168.64.50"}]
    seen = Observations(route=Outcome("", 0, json.dumps(way), "", 0.0))
    inside = replace(INSIDE, links=space([card]).links)
    inspection = Inspection(network, host, inside)
    return Trace(inspection, "192.168.64.1", seen=seen, stays=True)


def test_doctor(article: Facts, host: Facts) -> None:
    """No address is foreseen where one has to be given; a NIC that has its card is in use."""
    assert [*examine(article, "enp0s1")] == []
    assert [found.what for found in examine(host, "enp0s1")] == [
        "enp0s1 carries mac0 and cannot be bridged"
    ]


def test_bridged_beside(host: Facts, forgotten: None) -> None:
    """A NIC that has its card cannot be bridged, and has no bridge to be joined."""
    with pytest.raises(Refused, match="enp0s1 carries mac0 and cannot be bridged"):
        Bridged(uplink="enp0s1", namespace="B").plan(host)
