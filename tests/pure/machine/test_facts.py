"""Facts: one snapshot of a machine, whole through JSON, where unknown is never absent."""

import json
import subprocess
import sys
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

import pytest
from console import machine
from networks import named
from tables import without

from netmodes import Bridged, Facts, HostOnly, Refused, host_facts
from netmodes.machine import read
from netmodes.machine.entries import Link, Neighbour, Route
from netmodes.machine.printed import route_from
from netmodes.machine.table import Table

#: Prints one device and one route of each family, each with the `{}` that stands for nothing.
IP = """
case "$1 $3${5#table}" in
"-d addr") echo '[{"ifname": "lo", "ifindex": 1}, {}]' ;;
"-4 route") echo '[{"dst": "default"}, {}]' ;;
"-6 route") echo '[{"dst": "::/8"}, {}]' ;;
"-4 show" | "-6 show") echo "0:	from all iif v$1" ;;
"-d neighproxy") echo '[{"dst": "fd00::1", "dev": "lo", "proxy": null}]' ;;
"-d neighnud") echo '[{"dst": "10.0.0.1", "dev": "lo", "lladdr": "02::01", "router": null}, {}]' ;;
*) exit 1 ;;
esac
"""


#: The facts that every mode asks about.
QUICK = (
    "links names namespaces networks peer resolvers routes routes6 rules sysctls with_ip_forward"
)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("netmodes.machine.path.SBIN", ())
    return tmp_path


def write(folder: Path, body: str, program: str = "ip") -> None:
    """Put a program of the test's own into a folder."""
    path = folder / program
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_json(article: Facts) -> None:
    """Facts come back whole from JSON."""
    assert Facts.from_json(article.to_json()) == article


def test_json_of_another_version(article: Facts) -> None:
    """What this version does not know is left out, and what it misses is unknown."""
    data = json.loads(article.to_json())
    del data["table"]["routes"]
    data["table"]["firewall"] = {"command": ["firewall"], "output": ""}

    facts = Facts.from_json(json.dumps(data))

    assert (facts.links, facts.routes) == (article.links, None)


@pytest.mark.parametrize(
    "text",
    [
        *["", "{", "[]", "3", "null", '"facts"', "links: []", "\0", "[" * 10**5, '{"links": []}'],
        *['{"format": 3, "table": {}}', '{"format": 2}', '{"format": 2, "table": {"links": []}}'],
    ],
)
def test_no_facts(text: str) -> None:
    """What is not facts is refused, and facts of another format, with how to make them."""
    with pytest.raises(Refused, match=r"these are not facts .* again with `netmodes facts`"):
        Facts.from_json(text)


@pytest.mark.parametrize("what", ["links", "routes", "namespaces", "networks"])
def test_unknown(what: str, article: Facts) -> None:
    """A mode refuses to guess at facts that are missing."""
    text = without(article, what)

    with pytest.raises(Refused, match=f"the machine's {what} are unknown"):
        HostOnly().plan(Facts.from_json(text))


@pytest.mark.parametrize(
    "what", ["links", "routes", "routes6", "namespaces", "sysctls", "device_sysctls", "networks"]
)
def test_unknown_to_bridged(what: str, article: Facts) -> None:
    """Nor does bridged guess at anything that it would move or copy."""
    text = without(article, what)

    with pytest.raises(Refused, match=f"the machine's {what} are unknown"):
        Bridged(uplink="enp0s1").plan(Facts.from_json(text))


def test_read(nowhere: Path) -> None:
    """Links and routes are what ip prints as JSON, without the `{}` that stands for nothing."""
    write(nowhere, IP)

    facts = host_facts()

    assert facts.links == [Link("lo", 1)]
    assert facts.routes == [Route(IPv4Network("0.0.0.0/0"))]
    assert facts.routes6 == [Route(IPv6Network("::/8"))]
    assert [rule.devices for rule in (*facts.known("rules"), *facts.known("rules6"))] == [
        {"v-4"},
        {"v-6"},
    ]
    assert facts.neighbours == [
        Neighbour(IPv4Address("10.0.0.1"), "lo", "02::01", router=True),
        Neighbour(IPv6Address("fd00::1"), "lo", proxy=True),
    ]


def test_read_firewall(nowhere: Path) -> None:
    """A firewall is its lines; where it may not be read, or is not there, it is unknown."""
    write(nowhere, IP)
    write(nowhere, "echo '-P FORWARD DROP'; echo '-N DOCKER-USER'", "iptables")
    write(nowhere, "echo 'Operation not permitted' >&2; exit 1", "nft")

    denied = host_facts()
    (nowhere / "nft").unlink()
    missing = host_facts()

    assert denied.iptables == ["-P FORWARD DROP", "-N DOCKER-USER"]
    assert (denied.nft, missing.nft) == (None, None)


@pytest.mark.parametrize("end", ["\n", "\r", "\v", "\x1c", "\x85", "\u2028"])
@pytest.mark.parametrize("mark", ["comment", "--comment"])
def test_read_comment(mark: str, end: str, nowhere: Path) -> None:
    """A comment is a part of its rule, whatever it has that could end a line."""
    rule = f'-A FORWARD {mark} "a{end}-A FORWARD -j ACCEPT" -j DROP'
    write(nowhere, IP)
    for name in ("iptables", "nft"):
        write(nowhere, f"echo '{rule}'; echo last", name)

    facts = host_facts()

    assert facts.iptables == facts.nft == [rule.replace("\n", " "), "last"]


def test_read_quickly(nowhere: Path) -> None:
    """What only bridged or a doctor asks about costs nothing where it is not asked for."""
    log = nowhere / "log"
    write(nowhere, f'echo "$*" >>{log}' + IP)
    write(nowhere, "echo '-P FORWARD DROP'", "iptables")

    facts = host_facts(thorough=False)

    assert facts.links == [Link("lo", 1)]
    known = {name for name, value in vars(facts).items() if value is not None} - {"table"}
    assert known == set(QUICK.split())
    assert len(log.read_text().splitlines()) == 4


def test_read_nothing(nowhere: Path) -> None:
    """An ip that prints nothing, or no loopback, leaves it unknown what the machine has."""
    for body in ("exit 0", "echo '[]'", """echo '[{"ifname": "enp0s1"}]'"""):
        write(nowhere, body)

        with pytest.raises(Refused, match=r"iproute2|loopback"):
            host_facts()


def test_read_fails(nowhere: Path) -> None:
    """An ip that fails is quoted, and the machine not taken for an empty one."""
    write(nowhere, "echo 'Cannot open netlink socket' >&2; exit 1")

    with pytest.raises(Refused, match=r"cannot be read: `ip` says 'Cannot open netlink socket'"):
        host_facts()


def test_read_no_json(nowhere: Path) -> None:
    """An ip that prints no JSON (BusyBox's) is refused, with what to install."""
    write(nowhere, "echo '1: lo: <LOOPBACK>'")

    with pytest.raises(Refused, match="iproute2"):
        host_facts()


def test_read_no_device(nowhere: Path) -> None:
    """An ip that prints what is no device is refused in one line."""
    write(nowhere, """echo '[{"ifname":"a b"}]'""")

    with pytest.raises(Refused, match="'a b' is no name of a device"):
        host_facts()


def test_read_without_ip(nowhere: Path) -> None:
    """A machine without ip is refused, with what to install."""
    with pytest.raises(Refused, match="no `ip` on PATH: install iproute2"):
        host_facts()


def test_addresses(article: Facts) -> None:
    """The addresses of a device are its global IPv4 ones; a device that is not there has none."""
    assert article.addresses("enp0s1") == [IPv4Interface("192.168.64.3/24")]
    assert article.addresses("lo") == []
    assert article.addresses("eth7") == []
    assert article.every_address() == [IPv4Interface("192.168.64.3/24")]


def test_global_addresses() -> None:
    """What moves is the addresses of both families in order, but for IPv6's link-local ones."""
    moving = machine("rich").global_addresses("enp0s1")

    all_ipv4 = ["169.254.7.7", "192.168.64.3", "10.9.0.2", "10.10.0.1", "192.168.64.4"]
    assert [str(address.ip) for address in moving] == [*all_ipv4, "fd00:64::3"]


def test_routes_through() -> None:
    """What moves is the routes of every table, but those that the kernel adds by itself."""
    rich = machine("rich")

    moving = rich.routes_through("enp0s1")

    tables = [route.table for route in moving]
    assert {route.dst for route in moving} == {
        *["default", "10.10.0.2", "10.20.0.0/16", "10.30.0.0/16", "10.40.0.1", "169.254.0.0/16"],
        *["192.168.64.0/24", "fd77::/64", "fd00:64::/64"],
    }
    assert (tables.count("100"), tables.count("main"), len(tables)) == (2, 9, 11)


def test_shared() -> None:
    """A step that networks share is found once, however many of them have it."""
    one = machine("bridged-up")
    (network,) = one.known("networks")
    two = replace(one, networks=[network, replace(network, name="B")])

    assert [step.share for step in two.shared("bridge br0")] == ["bridge br0"]
    assert two.shared("bridge br1") == []


def test_bridged() -> None:
    """A network of ours is found by its uplink as well as by its name."""
    facts = machine("bridged-up")
    (network,) = facts.known("networks")

    assert facts.bridged("enp0s1") == facts.network("A") == network
    assert facts.bridged("enp0s2") is facts.network("B") is None


def test_default_routes(article: Facts) -> None:
    """Default routes are the main table's, through one NIC or any."""
    other = Route(IPv4Network("0.0.0.0/0"), "wg0", table="51820")
    facts = Facts(links=article.links, routes=[*article.known("routes"), other])

    assert [str(route.gateway) for route in facts.default_routes()] == ["192.168.64.1"]
    assert facts.default_routes("enp0s1") == facts.default_routes()
    assert facts.default_routes("wg0") == []


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"dst": "10.0.0.0/24", "dev": "eth0"}, "the host's route to 10.0.0.0/24"),
        ({"dst": "10.0.0.0/8", "dev": "eth0"}, "the host's route to 10.0.0.0/8"),
        ({"dst": "10.0.0.7", "dev": "eth0"}, "the host's route to 10.0.0.7"),
        ({"dst": "10.0.0.0/24", "type": "unreachable"}, "the host's route to 10.0.0.0/24"),
        ({"dst": "10.0.0.0/24", "dev": "wg0", "table": "7"}, "the host's route to 10.0.0.0/24"),
        ({"dst": "10.0.1.0/24", "dev": "eth0"}, None),
        ({"dst": "default", "dev": "eth0"}, None),
        ({"dst": "0.0.0.0/1", "dev": "tun0"}, None),
        ({"dst": "8.0.0.0/7", "dev": "tun0"}, None),
        ({"dst": "10.0.0.255", "dev": "eth0", "type": "broadcast"}, None),
        ({"dst": "10.0.0.7", "dev": "lo", "type": "local"}, "the host's route to 10.0.0.7"),
    ],
)
def test_overlap(route: dict[str, str], expected: str | None) -> None:
    """A subnet is in use if a route leads to part of it; a default leads to none."""
    facts = Facts(links=[], routes=[route_from(route)], networks=[])

    assert facts.overlap(IPv4Network("10.0.0.0/24")) == expected


def test_overlap_with_a_network() -> None:
    """A subnet that a namespace of ours has for itself is in use, though the host has no route."""
    network = named("A", device="dummy0", address="10.0.0.10/24")
    facts = Facts(links=[], routes=[], networks=[network])

    assert facts.overlap(IPv4Network("10.0.0.0/25")) == "namespace A"
    assert facts.overlap(IPv4Network("10.0.1.0/24")) is None


@pytest.mark.parametrize(
    ("qdiscs", "expected"),
    [
        (["noqueue 0: dev a root refcnt 2", "clsact ffff: dev b parent ffff:fff1"], []),
        (["noqueue 0: dev a root refcnt 2", "clsact ffff: dev a parent ffff:fff1"], None),
        (["fq_codel 0: dev a root refcnt 2"], None),
        (None, None),
    ],
)
def test_filters(qdiscs: list[str] | None, expected: list[str] | None) -> None:
    """A device with no queue has no filters; of any other they are unknown, unless read."""
    printed = {"command": [], "output": "".join(f"qdisc {line}\n" for line in qdiscs or ())}
    entries = {"uplinks": {"paths": [], "output": ["a"]}}
    facts = Facts.from_table(Table(entries | ({} if qdiscs is None else {"qdiscs": printed})))

    assert facts.tc == {"a": expected}


def test_arguments_that_are_no_text() -> None:
    """A process whose arguments are not UTF-8 does not stop the search for DHCP clients."""
    argv = [sys.executable, "-c", "input()", b"\xff"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        found = read.host_facts()
        process.communicate(b"\n")

    assert found.managers is not None


@pytest.mark.parametrize(
    ("uplink", "read"),
    [("a", {"a"}), ("b-alt", {"b"}), ("", set()), ("none", set()), (None, {"a", "b"})],
)
def test_own_settings(
    uplink: str | None, read: set[str], nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many devices only the uplink's own settings are read, by any of its names."""
    address = {"local": "10.0.0.1", "prefixlen": 24, "scope": "global"}
    links = [{"ifname": "lo"}, *({"ifname": name, "addr_info": [address]} for name in "ab")]
    links[2]["altnames"] = ["b-alt"]
    asked: list[str] = []
    monkeypatch.setattr(
        "netmodes.machine.read.texts_at", lambda *paths: asked.extend(paths) or {"output": {}}
    )
    write(
        nowhere,
        f"""
case "$*" in
*addr*) echo '{json.dumps(links)}' ;;
*-j*) echo '[]' ;;
esac""",
    )

    host_facts(uplink=uplink)

    found = {path.split("/")[-2] for path in asked if path.endswith("/*") and "/conf/" in path}
    assert found - {"default"} == read


def test_chosen_uplink(nowhere: Path) -> None:
    """What chooses the uplink sees facts without settings, which are read after it."""
    write(nowhere, IP)
    seen: list[Facts] = []

    facts = host_facts(uplink=lambda facts: str(seen.append(facts) or ""))

    assert (seen[0].links, seen[0].sysctls) == (facts.links, None)
    assert facts.known("sysctls")["net.ipv4.ip_forward"] in ("0", "1")


@pytest.mark.parametrize("peer", ["10.64.0.20", None])
def test_peer(peer: str | None, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is at the other end of the SSH session is read for every mode; "" for nobody."""
    write(nowhere, IP)
    monkeypatch.setattr("netmodes.machine.read.ssh_peer", lambda: peer)

    assert host_facts(thorough=False).peer == (peer or "")


def test_locks(article: Facts) -> None:
    """A metric's lock is read from the line of its own route, for JSON leaves it out."""
    entries = article.table.entries if article.table else {}
    metrics = [{"mtu": 1492, "window": 9}]
    route = {"dst": "10.1.0.0/16", "dev": "enp0s1", "metrics": metrics}
    routes = json.dumps([{**route, "metric": 10}, {**route, "metric": 100}])
    lines = [
        "unicast 10.1.0.0/16 dev enp0s1 table main metric 10 mtu 1492 window 9 ",
        "unicast 10.1.0.0/16 dev enp0s1 table main metric 100 mtu lock 1492 window 9 ",
    ]
    texts = {"routes": routes, "routes text": "\n".join(lines)}
    told = {name: {"command": ["ip"], "output": text} for name, text in texts.items()}

    facts = Facts.from_table(Table({**entries, **told}))

    assert [one.locked for one in facts.known("routes")] == [(), ("mtu",)]
