"""Two snapshots: what cannot be the same twice is no difference, and unknown is never the same."""

import json
import re
from typing import Any

import pytest
from tables import table_of

from netmodes import Facts
from netmodes.machine.compare import Snapshot, changes, differences, snapshot
from netmodes.machine.table import NOT_INSTALLED, Table

LINK = {"ifname": "e0", "ifindex": 3, "flags": ["UP", "LOWER_UP"], "mtu": 1500, "addr_info": []}
BRIDGE = {"hello_timer": 1, "fdb_n_learned": 1, "bridge_id": "8000.4a", "stp_state": 0}
PORT = {"info_slave_data": {"id": "0x8001", "no": "0x1"}}
ADDRESS = {"local": "fd00::3", "prefixlen": 64, "scope": "global"}
LIFETIMES = {"valid_life_time": 300, "preferred_life_time": 200}
ROUTE = {"dst": "default", "gateway": "fe80::1", "dev": "e0", "expires": 200, "flags": []}

CHAIN = "table ip x {{\n\tchain y {{\n\t\tcounter packets {0} bytes {0} drop\n\t}}\n}}\n"
SETTING, COUNT = "/proc/sys/net/ipv4/conf/e0.1/forwarding", "/proc/sys/net/nf_conntrack_count"
SAVED = "*nat\n:POSTROUTING ACCEPT [{0}:1]\n:A - [0:0]\n:B - [0:0]\n-A B -j A\n[{0}:2] -A A -j B\n"


def read(entry: str, printed: Any) -> Snapshot:  # noqa: ANN401
    """The snapshot of a machine where one command has printed this, or files hold it."""
    output = printed if isinstance(printed, str | dict) else json.dumps(printed)
    return snapshot(Table({entry: {"command": ["list"], "output": output}}))


def between(part: str, entry: str, before: Any, after: Any) -> list[str]:  # noqa: ANN401
    """The differences in one part, as text."""
    return [str(one) for one in differences(read(entry, before), read(entry, after), [part])]


def with_address(**more: object) -> list[dict[str, Any]]:
    """A device with an address."""
    return [{**LINK, "addr_info": [ADDRESS | LIFETIMES | more]}]


@pytest.mark.parametrize(
    ("part", "entry", "before", "after"),
    [
        ("links", "links", [LINK], [LINK | {"ifindex": 4, "operstate": "UNKNOWN"}]),
        *[
            ("links", "links", [LINK | {"linkinfo": BRIDGE}], [LINK | {"linkinfo": BRIDGE | more}])
            for more in ({"hello_timer": 2}, {"fdb_n_learned": 2}, {"bridge_id": "8000.4b"})
        ],
        (
            "links",
            "links",
            [LINK | PORT],
            [LINK | {"info_slave_data": {"id": "0x8003", "no": "0x3"}}],
        ),
        ("addresses", "links", with_address(), with_address(valid_life_time=7, tentative=True)),
        ("addresses", "links", with_address(), with_address(protocol="kernel_ll")),
        ("routes6", "routes6", [ROUTE], [ROUTE | {"expires": 7}]),
        ("routes6", "routes6 text", "default dev e0 expires 9sec\n", "default dev e0 expires 8sec"),
        ("routes6", "routes6 text", "", "local fe80::2 dev e0 table local\n"),
        ("nft", "nft", CHAIN.format(1), CHAIN.format(2)),
        ("iptables", "iptables-save", "# at 9\n" + SAVED.format(1), SAVED.format(2) + "COMMIT\n"),
        ("iptables", "iptables", "-P INPUT ACCEPT\n", ""),
        ("ipset", "ipset", "add s ::1 timeout 5\nadd s ::2\n", "add s ::2\nadd s ::1 timeout 4\n"),
        ("sysctls", "settings", {COUNT: "1\n"}, {COUNT: "2\n"}),
    ],
)
def test_never_the_same_twice(part: str, entry: str, before: Any, after: Any) -> None:  # noqa: ANN401
    """Lifetimes, counters, timers, ifindexes and dates, and who made an address, are none."""
    assert before != after
    assert between(part, entry, before, after) == []


@pytest.mark.parametrize(
    ("part", "entry", "before", "after", "said"),
    [
        ("links", "links", [LINK], [LINK | {"mtu": 9}], "e0 mtu 1500 is gone, e0 mtu 9 is new"),
        ("links", "links", [], [LINK], "e0 is new"),
        (
            "addresses",
            "links",
            with_address(),
            [LINK],
            "fd00::3/64 scope global preferred_life_time"
            " limited valid_life_time limited dev e0 is gone",
        ),
        ("routes6", "routes6", [], [ROUTE], "unicast default via fe80::1 dev e0 expires is new"),
        (
            "routes",
            "routes text",
            "unicast 10.0.0.0/8 dev a\nunicast 10.0.0.0/8 dev b\n",
            "unicast 10.0.0.0/8 dev b\nunicast 10.0.0.0/8 dev a\n",
            "unicast 10.0.0.0/8 dev b is moved",
        ),
        ("rules", "rules", "0:\tfrom all lookup local\n", "", "0: from all lookup local is gone"),
        (
            "neighbours",
            "neighbours",
            [{"dst": "10.0.0.1", "dev": "e0", "lladdr": "02::1"}],
            [],
            "10.0.0.1 dev e0 lladdr 02::1 is gone",
        ),
        (
            "proxies",
            "proxies",
            [{"dst": "10.0.0.1", "dev": "e0", "proxy": None}],
            [],
            "10.0.0.1 dev e0 proxy is gone",
        ),
        (
            "sysctls",
            "settings",
            {SETTING: "1\n"},
            {},
            "net.ipv4.conf.e0/1.forwarding = 1 is gone",
        ),
        (
            "nft",
            "nft",
            CHAIN.format(1),
            "table ip x {\n\tchain y {\n\t}\n}\n",
            "table ip x chain y: counter packets N bytes N drop is gone",
        ),
        (
            "iptables",
            "iptables-save",
            SAVED,
            SAVED.replace("-A B -j A", "-A B -j DROP"),
            "nat -A B -j A is gone, nat -A B -j DROP is new",
        ),
        (
            "iptables",
            "iptables",
            "-P INPUT DROP\n",
            "-P INPUT ACCEPT\n",
            "INPUT policy DROP is gone",
        ),
    ],
)
def test_difference(part: str, entry: str, before: Any, after: Any, said: str) -> None:  # noqa: ANN401
    """A difference is one plain line; what comes or goes whole is named once."""
    assert between(part, entry, before, after) == [f"{part}: {one}" for one in said.split(", ")]


def test_each_route_of_a_destination() -> None:
    """Routes to one destination are of several devices, and are named each."""
    routes = [{"dst": "fe80::/64", "dev": name} for name in ("e0", "e1")]

    assert between("routes6", "routes6", [], routes) == [
        f"routes6: unicast fe80::/64 dev {name} is new" for name in ("e0", "e1")
    ]


def test_same(article: Facts) -> None:
    """A machine is as itself, in every part that was read."""
    seen = snapshot(table_of(article))
    known = [part for part in seen.parts if seen.parts[part]]

    assert {"links", "addresses", "routes", "routes6", "rules", "nft", "sysctls"} <= {*known}
    assert differences(seen, seen, known) == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({}, "nft was not read"),
        ({"status": 1, "error": "Operation not\npermitted"}, "could not be read .* not permitted"),
        ({"status": NOT_INSTALLED, "error": ""}, "nft is not installed"),
        ({"output": 3}, "3 is no text"),
    ],
)
def test_unknown(entry: dict[str, Any], why: str) -> None:
    """What was not read, or not as it is written, is unknown, and not the same as itself."""
    seen = snapshot(Table({"nft": {"command": ["nft"], **entry}} if entry else {}))

    (one,) = differences(seen, seen, ["nft"])

    assert one.what == "unknown"
    assert re.search(why, one.line)


LISTED = {
    "links": [json.dumps({"ifindex": 0, **LINK, "ifname": f"e{n}"}) for n in range(1, 5)],
    "routes": [json.dumps({**ROUTE, "dst": f"10.0.{n}.0/24"}) for n in range(1, 5)],
    "routes6 text": [
        f"unicast fd00::{n} dev e0 \n\tnexthop via fe80::{n} dev e0 " for n in range(4)
    ],
}


def test_changes_but() -> None:
    """What is said of a device that does not matter is left out; what is said of others is not."""
    tables = [
        Table({"links": {"command": ["ip"], "output": f"[{','.join(LISTED['links'][:end])}]"}})
        for end in (2, 4)
    ]

    found = changes(*tables, ["links"], {"e3"})

    assert [str(one) for one in found] == ["links: e4 is new"]


@pytest.mark.parametrize("entry", LISTED)
@pytest.mark.parametrize("order", ["0123", "013", "3", "", "1032", "01230", "0132"])
def test_changes(order: str, entry: str) -> None:
    """What is left of two tables without what they have in common differs in the same way."""

    def listed(order: str) -> Table:
        units = [LISTED[entry][int(number)] for number in order]
        text = "\n".join(units) if entry.endswith("text") else f"[{','.join(units)}]"
        return Table({entry: {"command": ["ip"], "output": text}})

    parts = ["links", "addresses", "routes", "routes6"]
    old, new = listed("0123"), listed(order)

    assert changes(old, new, parts) == differences(snapshot(old), snapshot(new), parts)
