"""The doctor: facts in, findings out, and how they are said."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from console import machine as known_machine
from console import netmodes

from netmodes import Bridged, Facts, HostOnly, Isolated, Refused
from netmodes.cli import diagnose
from netmodes.cli.diagnose import refusal
from netmodes.cli.output import block
from netmodes.commands.notices import of_subnet
from netmodes.diagnose import doctor as findings
from netmodes.diagnose.doctor import of_machine, of_uplink
from netmodes.diagnose.inspection import of_network
from netmodes.machine.entries import Link
from netmodes.machine.printed import link_from, route_from
from netmodes.machine.rule import rule_from
from netmodes.machine.table import Table
from netmodes.plan.finding import Finding
from netmodes.plan.programs import PROGRAMS

DUMMY = {"ifname": "dummy0", "link_type": "ether", "linkinfo": {"info_kind": "dummy"}}

#: What is healthy, and unlike the article's machine known to be.
HEALTHY = {
    "missing": [],
    "kinds": {"veth": True, "bridge": True, "dummy": True},
    "privileges": "root",
    "user_namespaces": {},
    "resolvers": ["192.168.64.1"],
    "ssh": "",
    "nics": {"enp0s1": {"driver": "e1000e"}},
}

#: Each of the machine's findings: its level, what makes it so, words of its sentence and remedy.
MACHINE: list[tuple[str, dict[str, Any], str, str]] = [
    ("error", {"privileges": "none"}, "no sudo that works", "netmodes lab"),
    ("error", {"privileges": "bounded"}, "may not change the network", "--privileged"),
    ("warning", {"fixed": ["/proc/sys/net"]}, "cannot switch forwarding on", "--privileged"),
    ("error", {"missing": ["ping"]}, "no `ping` on PATH", "install iputils-ping"),
    ("error", {"missing": ["ip"]}, "no `ip` on PATH", "install iproute2"),
    (
        "warning",
        {"missing": ["nft"]},
        "no `nft` on PATH",
        "nftables, for nat and seeing the firewall",
    ),
    ("error", {"kinds": {"dummy": False}}, "no device type dummy, for isolated", "modprobe dummy"),
    ("error", {"kinds": {"veth": False}}, "no device type veth", "modprobe veth"),
    (
        "warning",
        {"user_namespaces": {"why": "EPERM", "setting": "user.max_user_namespaces"}},
        "(EPERM)",
        "sysctl -w user.max_user_namespaces=10000",
    ),
    ("warning", {"user_namespaces": {"why": "EPERM", "setting": ""}}, "(EPERM)", "as root"),
    ("warning", {"programs": ["iptables"]}, "nft does not work", "modprobe -a nf_tables"),
    ("warning", {"iptables": ["-P FORWARD DROP"]}, "iptables drops", "nothing for bridged and nat"),
    ("warning", {"resolvers": ["127.0.0.53"], "names": None}, "asks 127.0.0.53", "--dns IP"),
    ("warning", {"resolvers": ["::1"], "names": None}, "asks ::1", "--dns IP"),
    ("warning", {"resolvers": [], "names": None}, "asks 127.0.0.1 for names", "--dns IP"),
    ("warning", {"resolvers": ["127.0.0.53"]}, "asks 127.0.0.53", "give theirs 192.168.64.1"),
    ("warning", {"privileges": "sudo", "nft": None}, "without root (nft)", " doctor"),
    ("warning", {"privileges": "none", "iptables": None}, "(iptables)", " doctor"),
]

#: Each of the uplink's.
UPLINK: list[tuple[str, dict[str, Any], str, str]] = [
    ("warning", {"managers": {"enp0s1": ["dhclient 42"]}}, "dhclient gives enp0s1", "-STOP 42"),
    ("warning", {"ssh": "enp0s1"}, "SSH session goes through enp0s1", "--confirm 60"),
    ("error", {"nics": {"enp0s1": {"wireless": "station"}}}, "is wireless", "netmodes nat"),
    ("warning", {"nics": {"enp0s1": {"wireless": "unknown"}}}, "is wireless", "netmodes nat"),
    ("warning", {"nics": {"enp0s1": {"driver": "ena"}}}, "a NIC of Amazon EC2", "netmodes nat"),
    ("warning", {"nics": {"enp0s1": {"driver": "mana"}}}, "a NIC of Azure", "netmodes nat"),
    ("warning", {"nics": {"enp0s1": {"driver": "e1000"}}}, "a NIC of VirtualBox", "MAC spoofing"),
    ("warning", {"nics": {"enp0s1": {"driver": "vmxnet3"}}}, "a NIC of VMware", "MAC spoofing"),
]


@pytest.fixture
def healthy(article: Facts) -> Facts:
    """The article's machine, where all that can be known is, and is well."""
    return replace(article, **HEALTHY)


def test_healthy(healthy: Facts) -> None:
    """A machine where all is well has no findings."""
    assert [*of_machine(healthy), *of_uplink("enp0s1", healthy)] == []


@pytest.mark.parametrize("name", ["article", "rich", "nics", "bridged-up", "advertised"])
def test_unknown(name: str) -> None:
    """Facts from before there were findings give none about what they do not hold."""
    facts = known_machine(name)

    new = {field: getattr(facts, field) for field in HEALTHY if field != "resolvers"}
    assert new == dict.fromkeys(new)
    assert list(of_machine(facts)) == []


@pytest.mark.parametrize(
    ("level", "facts", "what", "remedy"), MACHINE, ids=lambda case: str(case)[:40]
)
def test_machine(level: str, facts: dict[str, Any], what: str, remedy: str, healthy: Facts) -> None:
    """What is not well is found by its level, sentence and remedy, and nothing else."""
    found = [one for one in of_machine(replace(healthy, **facts)) if what in one.what]

    assert [finding.level for finding in found] == [level]
    assert remedy in found[0].remedy


@pytest.mark.parametrize(
    ("level", "facts", "what", "remedy"), UPLINK, ids=lambda case: str(case)[:40]
)
def test_uplink(level: str, facts: dict[str, Any], what: str, remedy: str, healthy: Facts) -> None:
    """What is not well with an uplink is found, and nothing else."""
    (found,) = of_uplink("enp0s1", replace(healthy, **facts))

    assert (found.level, found.about) == (level, "enp0s1")
    assert what in found.what
    assert remedy in found.remedy


@pytest.mark.parametrize(
    "facts",
    [
        {"nics": {"enp0s1": {"wireless": "other"}}},
        {"nics": {"enp0s2": {"wireless": "station", "driver": "ena"}}},
        {"nics": {"enp0s1": {"driver": "e1000e"}}},
        {"nics": {}},
        {"managers": {"enp0s2": ["dhclient"]}},
        {"ssh": "enp0s2"},
        {"nft": ['iifname "enp0s10" accept']},
    ],
    ids=str,
)
def test_uplink_is_well(facts: dict[str, Any], healthy: Facts) -> None:
    """Other hardware, and what is so of another device, is no finding of this uplink."""
    assert list(of_uplink("enp0s1", replace(healthy, **facts))) == []


@pytest.mark.parametrize(("value", "found"), [("1", True), ("0", False), (None, False)])
def test_br_netfilter(value: str | None, found: bool, healthy: Facts) -> None:
    """Where bridged frames go through iptables too, that is found."""
    key = "net.bridge.bridge-nf-call-iptables"
    sysctls = {**healthy.known("sysctls"), key: value}

    shown = [one.evidence for one in of_machine(replace(healthy, sysctls=sysctls))]

    assert shown == [f"sysctl {key}"] * found


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ({}, True),
        ({"linkinfo": {"info_kind": "bridge"}}, False),
        ({"ifname": "dummy1"}, False),
        (
            {
                "addr_info": [
                    {"family": "inet", "local": "10.0.0.1", "prefixlen": 24, "scope": "global"}
                ]
            },
            False,
        ),
    ],
)
def test_dummy(link: dict[str, Any], found: bool, healthy: Facts) -> None:
    """The module's own dummy0 has no address; one that has is somebody's."""
    dummy = link_from({**DUMMY, **link})
    facts = replace(healthy, links=[*healthy.known("links"), dummy])

    assert [one.remedy for one in of_machine(facts)] == ["ip link del dummy0"] * found


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ({"info_kind": "bond", "info_data": {"mode": "balance-alb"}}, "in mode balance-alb"),
        ({"info_kind": "bond", "info_data": {"mode": "active-backup"}}, None),
        ({"info_kind": "bond"}, None),
        ({"info_kind": "vlan", "info_data": {"id": 7}}, "in VLAN 7 alone"),
    ],
)
def test_bond_and_vlan(info: dict[str, Any], found: str | None, healthy: Facts) -> None:
    """A bond that rewrites MACs and a VLAN are said, another bond is not."""
    kind = link_from({"ifname": "enp0s1", "linkinfo": info})
    own = {"kind": kind.kind, "vlan": kind.vlan, "bond_mode": kind.bond_mode}
    links = [replace(link, **own) for link in healthy.known("links")]

    said = [finding.what for finding in of_uplink("enp0s1", replace(healthy, links=links))]

    assert len(said) == (found is not None)
    assert (found or "") in "".join(said)


@pytest.mark.parametrize(
    "facts",
    [
        {"rules": [rule_from("32765:\tfrom all iif enp0s1 lookup 100")]},
        {"iptables": ["-A INPUT -i enp0s1 -j ACCEPT"], "nft": ['oifname "enp0s1" drop']},
        {"links": [Link("enp0s1", type="ether")]},
        {},
    ],
)
def test_refusal(facts: dict[str, Any], healthy: Facts) -> None:
    """The doctor says of an uplink what bridged would refuse it for, all of it, and no more."""
    machine = replace(healthy, **facts)
    said = "; ".join(map(str, refusal("enp0s1", machine)))

    try:
        Bridged(uplink="enp0s1").plan(machine)
        refused = ""
    except Refused as error:
        refused = str(error).removesuffix(", or go on with anyway=True")

    assert said == refused
    assert bool(said) is bool(facts)


def test_uplink_of_ours() -> None:
    """An uplink that a network of ours has bridged is no obstacle to the next."""
    facts = replace(known_machine("bridged-up"), nft=['iifname "enp0s1" accept'])

    assert facts.known_link("enp0s1").master == "br0"
    assert list(refusal("enp0s1", facts)) == []
    assert list(of_uplink("enp0s1", facts)) == []


def test_default_nic(healthy: Facts) -> None:
    """The NIC is the default route's: also behind a bridge of ours, and rather than a VPN's."""
    vpn = Link("wg0", type="none")
    routes = [route_from({"dst": "default", "dev": "wg0"}), *healthy.known("routes")]
    with_vpn = replace(healthy, links=[*healthy.known("links"), vpn], routes=routes)

    assert findings.default_nic(healthy) == "enp0s1"
    assert findings.default_nic(known_machine("bridged-up")) == "enp0s1"
    assert findings.default_nic(with_vpn) == "enp0s1"
    assert findings.default_nic(replace(with_vpn, routes=routes[:1])) == "wg0"
    assert findings.default_nic(replace(healthy, routes=[])) is None


@pytest.mark.parametrize(
    ("dst", "found"), [("192.168.0.0/16", True), ("192.168.202.128/25", True), ("0.0.0.0/1", False)]
)
def test_subnet(dst: str, found: bool, healthy: Facts) -> None:
    """A route to what a mode takes first is found, but not a VPN's half default."""
    facts = replace(healthy, routes=[route_from({"dst": dst, "dev": "wg0"})])

    said = [finding.what for finding in of_subnet("host-only", "192.168.202.1/24", facts)]

    assert (
        said
        == [f"192.168.202.0/24, which host-only takes first, overlaps the host's route to {dst}"]
        * found
    )


def test_subnet_of_ours() -> None:
    """A network of ours that has the first subnet is nothing to fix."""
    host_only = known_machine("host-only-up")

    assert "192.168.202.0/24" in [route.dst for route in host_only.known("routes")]
    assert list(of_subnet("host-only", "192.168.202.1/24", host_only)) == []
    assert list(of_subnet("isolated", "192.168.222.10/24", known_machine("isolated-up"))) == []


def test_own_addresses() -> None:
    """The modes say which subnets they take first; bridged takes the uplink's."""
    assert Isolated.own_addresses() == ("192.168.222.10/24",)
    assert [text.rpartition(".")[0] for text in HostOnly.own_addresses()] == ["192.168.202"]
    assert Bridged.own_addresses() == ()


def test_interrupted() -> None:
    """A network that was interrupted is found, with what takes it back."""
    (found,) = of_machine(known_machine("interrupted"))

    assert (found.level, found.remedy, found.about) == ("warning", "netmodes down A", "A")


# How they are said.

#: A namespace with nothing in it.
NOBODY = Facts(links=[], routes=[])


def everything(healthy: Facts) -> Iterator[Finding]:
    """A finding of each sort."""
    for _, facts, _, _ in MACHINE:
        yield from of_machine(replace(healthy, **facts))
    for _, facts, _, _ in UPLINK:
        yield from of_uplink("enp0s1", replace(healthy, **facts))
    for link in known_machine("nics").known("links"):
        yield from of_uplink(link.name, known_machine("nics"))
    for name in ("managed", "multipath", "interrupted", "firewalled", "docker", "module-dummy"):
        yield from of_uplink("enp0s1", known_machine(name))
        yield from of_machine(known_machine(name))
    yield from of_subnet("host-only", "192.168.64.1/24", healthy)
    yield from of_network("A", replace(known_machine("bridged-up"), links=[]), NOBODY)


def test_form(healthy: Facts) -> None:
    """Each finding is one sentence without its full stop, and commands that can be pasted."""
    found = list(everything(healthy))

    assert len({finding.what for finding in found}) > 40
    for finding in found:
        assert finding.level in ("error", "warning")
        assert not finding.what.endswith((".", ":"))
        assert len(f"{finding.what}{finding.remedy}{finding.evidence}".splitlines()) == 1
        assert shlex.split(finding.evidence)[0] in {*PROGRAMS, *SHOWING}
        assert finding.advice or shlex.split(finding.fix)[0] in {*PROGRAMS, *FIXING}


@pytest.mark.parametrize("remedy", [{}, {"fix": "ip link", "advice": "look"}], ids=str)
def test_either(remedy: dict[str, str]) -> None:
    """A finding has a fix or advice: not both, and not neither."""
    with pytest.raises(ValueError, match="either a fix or advice: it is down"):
        Finding("error", "it is down", "ip link", **remedy)


#: Programs that only people run.
SHOWING = """
    cat command echo id ls modinfo netmodes networkctl nmcli ps iw
    """.split()
FIXING = """
    firewall-cmd mv netmodes networkctl nmcli sudo systemctl
    """.split()


def test_no_guess(healthy: Facts) -> None:
    """What was found out by trial goes through JSON whole."""
    abilities = {"missing": ["nft"], "kinds": {"veth": True}, "privileges": "root"}
    table = Table({"abilities": {"python": "netmodes.machine.abilities", "output": abilities}})

    facts = Facts.from_json(table.to_json())

    assert (facts.missing, facts.kinds, facts.privileges) == tuple(abilities.values())


# Before every up.


def test_wireless_refused(healthy: Facts) -> None:
    """Bridged refuses a wireless station, and names the mode that works."""
    facts = replace(healthy, nics={"enp0s1": {"wireless": "station"}})

    with pytest.raises(Refused, match=r"enp0s1 is wireless and cannot be bridged.*`netmodes nat`"):
        Bridged(uplink="enp0s1").plan(facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"nics": {"enp0s1": {"driver": "virtio_net"}}},
        {"managers": {"enp0s1": ["dhcpcd"]}},
    ],
    ids=str,
)
def test_notices(facts: dict[str, Any], healthy: Facts) -> None:
    """What is found is said before bridged starts, its remedy on a line of its own."""
    changed = replace(healthy, **facts)
    (found,) = [*of_machine(changed), *of_uplink("enp0s1", changed)]

    (notice,) = Bridged(uplink="enp0s1").plan(changed).notices

    assert notice.splitlines() == [f"{found.what}:", f"  {found.remedy}"]


def test_notice_of_every_mode() -> None:
    """Every mode says what is wrong with the host that nobody asked about."""
    article = known_machine("article")
    port = replace(article.known_link("enp0s1"), name="eth7", master="br7")
    facts = replace(article, links=[*article.known("links"), port])

    for mode in (Isolated(), HostOnly(), Bridged(uplink="enp0s1")):
        assert ["eth7 is a port of br7" in notice for notice in mode.plan(facts).notices] == [True]


# The doctor.


@pytest.fixture
def facts(healthy: Facts, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the doctor sees that is otherwise than on a healthy machine."""
    changes: dict[str, Any] = {}
    monkeypatch.setattr(diagnose, "look", lambda _: replace(healthy, **changes))
    return changes


def test_doctor_of_the_healthy(facts: dict[str, Any]) -> None:
    """Where all is well there is nothing to fix."""
    done = netmodes("doctor")

    assert (done.status, done.stdout, done.stderr) == (0, "Nothing to fix.\n", "")


@pytest.mark.parametrize(("level", "status"), [("error", 1), ("warning", 0)])
def test_doctor_status(level: str, status: int, facts: dict[str, Any]) -> None:
    """An error exits 1, warnings 0; each is said with what shows it and what fixes it."""
    case = next(case for case in MACHINE if case[0] == level and "kinds" not in case[1])
    facts.update(case[1])

    done = netmodes("doctor")

    first, *more = done.stdout.splitlines()
    assert (done.status, done.stderr) == (status, "")
    assert first.startswith(f"{level}: ")
    assert [line[:7] for line in more] == ["  see: ", "  fix: "]


def test_doctor_json(facts: dict[str, Any], healthy: Facts) -> None:
    """As JSON the findings are a list, also where there are none."""
    nothing = netmodes("doctor", "--json")
    facts["resolvers"] = ["127.0.0.53"]
    some = netmodes("doctor", "--json")

    (finding,) = of_machine(replace(healthy, **facts))
    assert json.loads(nothing.stdout) == []
    assert json.loads(some.stdout) == [asdict(finding)]


def test_doctor_uplink(facts: dict[str, Any]) -> None:
    """The uplink that is named is looked at, rather than the default route's."""
    facts["nics"] = {"enp0s1": {"driver": "ena"}}

    of_default, of_other = netmodes("doctor"), netmodes("doctor", "--uplink", "eth7")

    assert "enp0s1 is a NIC of Amazon EC2" in of_default.stdout
    assert of_other.stdout.startswith("error: there is no device eth7\n")
    assert (of_default.status, of_other.status) == (0, 1)


def test_doctor_width(facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences are broken at 80 columns; a command to paste stays on its line."""
    monkeypatch.setenv("COLUMNS", "80")
    facts["managers"] = {"enp0s1": ["NetworkManager", "systemd-networkd"]}
    facts["nft"] = ['iifname "enp0s1" ip saddr 10.0.0.0/8 tcp dport { 22, 80, 443, 8080 } accept']

    lines = netmodes("doctor").stdout.splitlines()

    assert len([line for line in lines if line.startswith("  ") and ": " not in line[:7]]) > 0
    assert [line for line in lines if len(line) > 80] == [
        "  fix: mkdir -p /run/systemd/network && "
        r"printf '[Match]\nName=enp0s1\n[Link]\nUnmanaged=yes\n' "
        ">/run/systemd/network/00-enp0s1.network && networkctl reload"
    ]


def test_doctor_without_ip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no ip to look with, that is the finding."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("netmodes.machine.path.SBIN", ())

    done = netmodes("doctor")

    assert done.status == 1
    assert "error: there is no `ip` on PATH\n  see: command -v ip\n" in done.stdout
    assert "Nothing" not in done.stdout


def test_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fix stays on one line, to be pasted; advice fits 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    fix = f"nft insert rule inet f forward iifname br0 accept comment {'x' * 60}"
    advice = f"see that 192.168.64.7 does, or give the namespace another with --dns {'x' * 30}"

    command = block(Finding("error", "it is lost", "ip link", fix=fix))
    sentence = block(Finding("error", "it is lost", "ip link", advice=advice))

    assert command.splitlines()[2:] == [f"  fix: {fix}"]
    assert [len(line) <= 80 for line in sentence.splitlines()[2:]] == [True, True]
