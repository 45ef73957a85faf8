"""The hand-over's batches: every address and route of the uplink, to the bridge and back."""

import re
from dataclasses import replace
from ipaddress import ip_address

import pytest
from console import machine

from netmodes import Bridged, Facts, Plan, Refused, Step
from netmodes.machine.entries import Neighbour
from netmodes.machine.printed import Json, address_from, route_from
from netmodes.plan.undo import GRACE, LEFT

#: What the rich uplink's undo reads, half a minute after the run began.
RICH_BACK = """
addr add fd00:64::3/64 nodad noprefixroute dev enp0s1
link set enp0s1 nomaster
addr add 169.254.7.7/16 label enp0s1 scope link dev enp0s1
addr add 192.168.64.3/24 brd 192.168.64.255 label enp0s1 metric 100 dev enp0s1
addr add 10.9.0.2/16 label enp0s1 noprefixroute dev enp0s1
addr add 10.10.0.1 peer 10.10.0.2/32 label enp0s1 valid_lft 967 preferred_lft 867 dev enp0s1
addr add 192.168.64.4/24 brd 192.168.64.255 label enp0s1:1 dev enp0s1
addr change fd00:64::3/64 dev enp0s1
route prepend 10.30.0.0/16 dev enp0s1 scope link src 192.168.64.3
route replace fd77::/64 dev enp0s1 table 100 metric 7 pref medium
route prepend 10.40.0.1 via 10.50.0.1 dev enp0s1 onlink
route prepend 10.20.0.0/16 via 192.168.64.1 dev enp0s1 metric 50 mtu 1400
route prepend default via 192.168.64.1 dev enp0s1 proto dhcp src 192.168.64.3 metric 100
route prepend default via 192.168.64.1 dev enp0s1 table 100 src 192.168.64.3
route append ::/0 via fd00:64::1 dev enp0s1 metric 1024 pref medium
route del ::/0 via fd00:64::1 dev br0 metric 1024 pref medium
addr del 192.168.64.100/24 dev br0
addr del 192.168.64.4/24 dev br0
addr del 10.10.0.1 peer 10.10.0.2/32 dev br0
addr del 10.9.0.2/16 dev br0
addr del 192.168.64.3/24 dev br0
addr del 169.254.7.7/16 dev br0
addr del fd00:64::3/64 dev br0
"""

#: What the kernel sees to itself.
LOCAL: Json = {"dev": "enp0s1", "table": "local", "protocol": "kernel"}

V4: Json = {"family": "inet", "prefixlen": 24, "scope": "global", "label": "enp0s1"}
V6: Json = {"family": "inet6", "prefixlen": 64, "scope": "global"}


def uplink(
    facts: Facts, *addresses: Json, routes: tuple[Json, ...] = (), sysctls: Json | None = None
) -> Facts:
    """The same machine with more addresses and routes on its uplink, and these sysctls of it."""
    lo, nic = facts.known("links")
    six = [route for route in routes if ":" in f"{route['dst']}{route.get('gateway', '')}"]
    four = (route for route in routes if route not in six)
    return replace(
        facts,
        links=[lo, replace(nic, addresses=(*nic.addresses, *map(address_from, addresses)))],
        routes=[*facts.known("routes"), *map(route_from, four)],
        routes6=[*facts.known("routes6"), *(route_from(route, 6) for route in six)],
        device_sysctls={"enp0s1": sysctls or {"ipv4.rp_filter": "0"}},
    )


def bridged(facts: Facts) -> Plan:
    """The plan that bridges the uplink of this machine."""
    return Bridged(uplink="enp0s1").plan(facts)


def move(facts: Facts) -> Step:
    """The step that hands the uplink over."""
    (step,) = [step for step in bridged(facts).steps if step.share == "addresses enp0s1"]
    return step


def to_bridge(facts: Facts) -> list[str]:
    """The lines to the bridge."""
    return (move(facts).stdin or "").splitlines()


def to_uplink(facts: Facts, elapsed: float = 0) -> list[str]:
    """The lines back, so many seconds after the run began."""
    undo = move(facts).undo
    assert undo is not None
    text = LEFT.sub(lambda left: str(max(GRACE, int(left[1]) - int(elapsed))), undo.stdin or "")
    return text.splitlines()


def of(lines: list[str], what: str) -> list[str]:
    """The lines that are about this address or route."""
    return [line for line in lines if what in line.split() or f"{what}/" in line]


def test_back_of_everything() -> None:
    """All of a rich uplink comes back as it was, less the time that has passed."""
    assert to_uplink(machine("rich"), elapsed=30.9) == RICH_BACK.strip().splitlines()


def test_order() -> None:
    """All addresses are on the bridge, then all routes, before any goes, the last address first."""
    rich = machine("rich")

    lines = to_bridge(rich)

    verbs = [" ".join(line.split()[:2]) for line in lines]
    added, deleted = (
        [line.split()[2].partition("/")[0] for line in lines if line.startswith(f"addr {verb}")]
        for verb in ("add", "del")
    )
    first, last = verbs.index("route replace"), len(verbs) - 6
    assert verbs[:first] == ["addr del", *["addr add"] * 7]
    assert {verb.split()[0] for verb in verbs[first:last]} == {"route"}
    assert verbs[last:] == ["addr del"] * 6
    gateways = [" via " in line for line in lines[first:last] if line.startswith("route prepend")]
    assert gateways == sorted(gateways), "a gateway is reached by a route that is there before"
    assert added[:-1] == [str(address.ip) for address in rich.global_addresses("enp0s1")]
    assert added[-1] == deleted[0] == "192.168.64.100"
    assert deleted[1:] == added[-2::-1]


def test_back_begins_outside(article: Facts) -> None:
    """The first line back takes the uplink out of the bridge, and no failure stops the others."""
    step = move(article)

    assert step.undo is not None
    assert to_uplink(article)[0] == "link set enp0s1 nomaster"
    assert (step.argv, step.undo.argv) == (("ip", "-batch", "-"), ("ip", "-force", "-batch", "-"))


@pytest.mark.parametrize(
    ("info", "on_bridge", "again"),
    [
        ({**V4}, "10.0.0.2/24", "10.0.0.2/24 label enp0s1"),
        (
            {**V4, "label": "enp0s1:7", "broadcast": "10.0.0.255", "metric": 7},
            "10.0.0.2/24 brd 10.0.0.255",
            "10.0.0.2/24 brd 10.0.0.255 label enp0s1:7 metric 7",
        ),
        ({**V4, "scope": "link"}, "10.0.0.2/24 scope link", "10.0.0.2/24 label enp0s1 scope link"),
        (
            {**V4, "address": "10.0.0.9", "prefixlen": 32},
            "10.0.0.2 peer 10.0.0.9/32",
            "10.0.0.2 peer 10.0.0.9/32 label enp0s1",
        ),
        (
            {**V4, "dynamic": True, "valid_life_time": 600, "preferred_life_time": 500},
            "10.0.0.2/24",
            "10.0.0.2/24 label enp0s1 valid_lft 600 preferred_lft 500",
        ),
        (
            {**V4, "noprefixroute": True, "secondary": True},
            "10.0.0.2/24",
            "10.0.0.2/24 label enp0s1 noprefixroute",
        ),
    ],
    ids=["plain", "label", "scope", "peer", "lifetimes", "flags"],
)
def test_address(info: Json, on_bridge: str, again: str, article: Facts) -> None:
    """On the bridge an IPv4 address lasts for ever, without a route; it comes back as it was."""
    facts = uplink(article, {**info, "local": "10.0.0.2"})

    plain = re.sub(" (scope|brd) .*", "", on_bridge)
    assert [line for line in of(to_bridge(facts), "10.0.0.2") if line.startswith("addr")] == [
        f"addr add {on_bridge} noprefixroute dev br0",
        f"addr del {plain} dev enp0s1",
    ]
    assert [line for line in of(to_uplink(facts), "10.0.0.2") if line.startswith("addr")] == [
        f"addr add {again} dev enp0s1",
        f"addr del {plain} dev br0",
    ]


@pytest.mark.parametrize(
    ("info", "flags"),
    [(V6, ""), ({**V6, "home": True}, "home "), ({**V6, "noprefixroute": True}, "noprefixroute ")],
    ids=["plain", "home", "noprefixroute"],
)
def test_address_of_ipv6(info: Json, flags: str, article: Facts) -> None:
    """An IPv6 address is heard at once wherever it moves, and looked for twice only afterwards."""
    facts = uplink(article, {**info, "local": "fd00::2"})

    assert of(to_bridge(facts), "fd00::2") == [
        "addr add fd00::2/64 nodad noprefixroute dev br0",
        "route replace local fd00::2 dev br0 table local expires 10",
        "addr del fd00::2/64 dev enp0s1",
    ]
    assert of(to_uplink(facts), "fd00::2") == [
        f"addr add fd00::2/64 nodad noprefixroute {flags.removeprefix('noprefixroute ')}dev enp0s1",
        f"addr change fd00::2/64 {flags}dev enp0s1",
        "addr del fd00::2/64 dev br0",
    ]


def test_address_that_is_never_looked_for(article: Facts) -> None:
    """An IPv6 address that was without duplicate address detection stays so."""
    facts = uplink(article, {**V6, "local": "fd00::2", "nodad": True})

    assert of(to_uplink(facts), "fd00::2") == [
        "addr add fd00::2/64 noprefixroute nodad dev enp0s1",
        "addr change fd00::2/64 nodad dev enp0s1",
        "addr del fd00::2/64 dev br0",
    ]


@pytest.mark.parametrize(
    "info",
    [
        # Of one that lasts for ever the kernel says no lifetime but this flag (devinet.c).
        {**V4, "local": "10.0.0.2", "deprecated": True},
        {**V6, "local": "fd00::2", "deprecated": True, "preferred_life_time": 0},
    ],
    ids=["inet", "inet6"],
)
def test_address_that_is_deprecated(info: Json, article: Facts) -> None:
    """An address that is not to be a source of new connections is none on the bridge, nor after."""
    facts = uplink(article, info)

    lines = of(to_bridge(facts) + to_uplink(facts, 30), info["local"])

    adding = [line for line in lines if "addr add" in line]

    assert ["preferred_lft 0 " in f"{line} " for line in adding] == [True, True]


@pytest.mark.parametrize("elapsed", [0, 59.99, 3000, 86400])
def test_lifetimes(elapsed: float, article: Facts) -> None:
    """Lifetimes come back less the time that has passed, and never less than a minute."""
    lifetimes = {"valid_life_time": 3600, "preferred_life_time": 1800}
    expires = {"dst": "fd77::/64", "gateway": "fe80::1", "dev": "enp0s1", "expires": 900}
    facts = uplink(article, {**V4, **lifetimes, "local": "10.0.0.2"}, routes=(expires,))

    lines = to_uplink(facts, elapsed)
    address, route = of(lines, "10.0.0.2")[0], of(lines, "fd77::/64")

    left = [max(60, seconds - int(elapsed)) for seconds in (3600, 1800, 900)]
    assert f" valid_lft {left[0]} preferred_lft {left[1]} dev" in address
    assert [line.endswith(f" expires {left[2]}") for line in route] == [True]


@pytest.mark.parametrize(
    ("route", "line"),
    [
        ({"dst": "10.1.0.0/16", "scope": "link"}, "10.1.0.0/16 dev {} scope link"),
        ({"dst": "10.1.0.7", "gateway": "10.0.0.1"}, "10.1.0.7 via 10.0.0.1 dev {}"),
        (
            {"dst": "10.1.0.0/16", "gateway": "10.0.0.1", "table": "100", "metric": 50},
            "10.1.0.0/16 via 10.0.0.1 dev {} table 100 metric 50",
        ),
        (
            {"dst": "10.1.0.0/16", "protocol": "static", "prefsrc": "192.168.64.3"},
            "10.1.0.0/16 dev {} proto static src 192.168.64.3",
        ),
        (
            {"dst": "10.1.0.0/16", "gateway": "10.0.0.1", "flags": ["onlink", "linkdown"]},
            "10.1.0.0/16 via 10.0.0.1 dev {} onlink",
        ),
        (
            {"dst": "10.1.0.0/16", "metrics": [{"mtu": 1400, "advmss": 1300}]},
            "10.1.0.0/16 dev {} mtu 1400 advmss 1300",
        ),
        ({"dst": "default", "scope": "link", "table": "7"}, "default dev {} table 7 scope link"),
        (
            {"dst": "default", "gateway": "fe80::1", "metric": 512, "pref": "high"},
            "::/0 via fe80::1 dev {} metric 512 pref high",
        ),
        ({"dst": "fd77::/64", "metric": 7}, "fd77::/64 dev {} metric 7"),
        ({"type": "local", "dst": "10.1.0.9", "table": "7"}, "local 10.1.0.9 dev {} table 7"),
        ({"type": "multicast", "dst": "239.0.0.0/8"}, "multicast 239.0.0.0/8 dev {}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_route(route: Json, line: str, article: Facts) -> None:
    """A route of any table moves with all that it says, and back."""
    facts = uplink(article, routes=({"flags": [], **route, "dev": "enp0s1"},))
    bridge, nic = (line.format(device) for device in ("br0", "enp0s1"))
    there = [line for line in to_bridge(facts) if line not in to_bridge(article)]
    back = [line for line in to_uplink(facts) if line not in to_uplink(article)]

    assert [moved.split(" ", 2)[2] for moved in there] in ([bridge], [bridge, nic])
    assert [moved.split(" ", 2)[2] for moved in back] in ([nic], [nic, bridge])


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (
            {"dst": "10.1.0.0/16", "via": {"family": "inet6", "host": "fe80::1"}},
            "via inet6 fe80::1",
        ),
        ({"dst": "10.1.0.0/16", "tos": "0x10", "gateway": "192.168.64.1"}, "tos 0x10"),
        ({"dst": "10.1.0.0/16", "flow": {"from": "3", "to": "4"}}, "realms 3/4"),
        ({"dst": "10.1.0.0/16", "metrics": [{"congestion": "reno"}]}, "congctl reno"),
        ({"dst": "10.1.0.0/16", "metrics": [{"ecn": None}]}, "features ecn"),
        ({"dst": "fd88::/64", "from": "fd00:64::/64"}, "from fd00:64::/64"),
    ],
    ids=["by-ipv6", "service", "realms", "congestion", "features", "source"],
)
def test_route_whole_or_refused(route: Json, words: str, article: Facts) -> None:
    """A route that is not moved whole is refused by name, before anything is touched."""
    facts = uplink(article, routes=({"flags": [], **route, "dev": "enp0s1"},))

    (said,) = lines_or_refusal(route["dst"], facts)

    assert words in said or f"the route to {route['dst']} has" in said


def lines_or_refusal(destination: str, facts: Facts) -> list[str]:
    """The lines to the bridge that are about this route, or why there are none."""
    try:
        return of(to_bridge(facts), destination)
    except Refused as refusal:
        return [str(refusal)]


@pytest.mark.parametrize(
    ("route", "word"),
    [
        ({"dst": "10.80.0.0/16", "nhid": 7, "gateway": "192.168.64.1", "dev": "enp0s1"}, "nhid"),
        ({"dst": "10.81.0.0/16", "nexthops": [{"dev": "wlan0"}, {"dev": "enp0s1"}]}, "nexthops"),
        ({"dst": "10.1.1.1", "encap": "ip", "id": 5, "dev": "enp0s1"}, "encap"),
        ({"dst": "fd91::/64", "encap": "seg6", "dev": "enp0s1"}, "encap"),
        ({"dst": "fd92::/64", "nhid": 9, "nexthops": [{"dev": "enp0s1"}]}, "nhid"),
    ],
)
def test_route_refused(route: Json, word: str, article: Facts) -> None:
    """What cannot be moved is refused by name, with what it has and what to do."""
    facts = uplink(article, routes=(route,))

    with pytest.raises(
        Refused, match=f"the route to {route['dst']} has {word}.*: use `netmodes nat`"
    ):
        bridged(facts)


@pytest.mark.parametrize(
    "route",
    [
        {"dst": "10.80.0.0/16", "nhid": 7, "dev": "enp0s10"},
        {"dst": "10.81.0.0/16", "nexthops": [{"dev": "wlan0"}, {"dev": "enp0s1.7"}]},
        {"type": "blackhole", "dst": "10.60.0.0/16"},
        {"type": "multicast", "dst": "ff00::/8", **LOCAL},
        {"type": "local", "dst": "10.0.0.9", **LOCAL},
        {"dst": "fe80::/64", "dev": "enp0s1", "protocol": "kernel"},
        {"dst": "10.7.0.0/16", "dev": "enp0s10"},
    ],
)
def test_route_of_others(route: Json, article: Facts) -> None:
    """The routes of other devices, and those that the kernel sees to, are left alone."""
    facts = uplink(article, routes=(route,))

    assert (to_bridge(facts), to_uplink(facts)) == (to_bridge(article), to_uplink(article))


@pytest.mark.parametrize(
    ("local", "prefixlen", "dst"),
    [("fd00::2", 64, "fd00::/64"), ("fd00::2", 128, "fd00::2"), ("fd00::2", 127, "fd00::2/127")],
)
def test_route_that_comes_with_its_address(
    local: str, prefixlen: int, dst: str, article: Facts
) -> None:
    """The route of an IPv6 address's own subnet moves, but comes back with its address alone."""
    info = {**V6, "local": local, "prefixlen": prefixlen}
    route = {"dst": dst, "dev": "enp0s1", "protocol": "kernel", "metric": 256, "flags": []}
    facts = uplink(article, info, routes=(route,))

    assert f"route replace {dst} dev br0 proto kernel metric 256" in to_bridge(facts)
    assert [line for line in to_uplink(facts) if "proto kernel metric 256" in line] == []


def test_reaches_who_is_on_the_bridge(article: Facts) -> None:
    """Where the uplink had no route to the bridge's subnet the host gets one, with its source."""
    lone = {**V4, "local": "10.0.0.2", "noprefixroute": True}
    elsewhere = Bridged(uplink="enp0s1", bridge_address="10.0.0.1/24", address="10.0.0.5/24")

    batches = [step.stdin for step in elsewhere.plan(uplink(article, lone)).steps if step.stdin]

    added = "route append 10.0.0.0/24 dev br0 proto kernel scope link src 10.0.0.2\n"
    assert f"{added}addr del" in batches[0]
    assert [line for line in to_bridge(article) if "route append" in line] == []


EQUAL: Json = {"dst": "10.1.0.0/16", "metric": 5}
EQUAL6: Json = {"dst": "fd77::/64", "metric": 5}


@pytest.mark.parametrize(
    ("route", "order", "verbs"),
    [
        (EQUAL, ["enp0s1", "enp0s2"], ["prepend"]),
        (EQUAL, ["enp0s2", "enp0s1"], ["append"]),
        (EQUAL6, ["enp0s1", "enp0s2"], ["replace"]),
        (EQUAL6, ["enp0s2", "enp0s1"], ["append", "del"]),
    ],
)
def test_equal_routes(route: Json, order: list[str], verbs: list[str], article: Facts) -> None:
    """Among equal routes the uplink's keeps its place, and another NIC's is never taken."""
    facts = uplink(article, routes=tuple({**route, "dev": device} for device in order))

    there, back = of(to_bridge(facts), route["dst"]), of(to_uplink(facts), route["dst"])

    assert [line.split()[1] for line in there] == [line.split()[1] for line in back] == verbs
    assert "enp0s2" not in " ".join(there + back)


def test_namespace_beside_another_nic(article: Facts) -> None:
    """Where another NIC's route to the subnet comes first the namespace gets one of its own."""
    (own,) = [one for one in article.known("routes") if str(one.to) == "192.168.64.0/24"]
    other = replace(own, dev="enp0s2", metric=5)
    facts = replace(article, routes=[*article.known("routes"), other])

    added = "ip route add 192.168.64.50 dev br0"
    assert added not in bridged(article).lines
    (step,) = [step for step in bridged(facts).steps if str(step) == added]
    assert step.undo is not None
    assert step.undo.argv == ("ip", "route", "del", "192.168.64.50", "dev", "br0")


def test_changed_subnet_route(article: Facts) -> None:
    """What the kernel adds with an address and was not there is deleted once it is back."""
    facts = uplink(article, {**V4, "local": "10.0.0.2"})

    added = "10.0.0.0/24 dev enp0s1 proto kernel scope link src 10.0.0.2"
    assert of(to_uplink(facts), "10.0.0.0/24") == [f"route del {added}"]
    assert of(to_uplink(article), "192.168.64.0/24") == []


def test_neighbours(article: Facts) -> None:
    """Neighbours that were entered by hand move, and those that the uplink answers for."""
    ip = ip_address("192.168.64.60")
    static = Neighbour(ip, "enp0s1", "02::01", router=True, extern=True, protocol="zebra")
    proxy, other = Neighbour(ip, "enp0s1", proxy=True), Neighbour(ip, "enp0s2", "02::02")
    facts = replace(article, neighbours=[static, proxy, other])

    for lines, device in ((to_bridge(facts), "br0"), (to_uplink(facts), "enp0s1")):
        assert [line for line in lines if line.startswith("neigh")] == [
            f"neigh replace {ip} lladdr 02::01 dev {device} "
            "router extern_learn proto zebra nud permanent",
            f"neigh replace proxy {ip} dev {device}",
        ]


def test_lock(article: Facts) -> None:
    """A locked metric stays locked."""
    route = replace(article.known("routes")[0], metrics=(("mtu", 1492),), locked=("mtu",))
    facts = replace(article, routes=[route, *article.known("routes")[1:]])

    assert [line.endswith(" mtu lock 1492") for line in of(to_bridge(facts), "mtu")] == [True]


# What router advertisements made.


def test_advertised() -> None:
    """What was advertised is bridged over by stand-ins, and never made again by hand."""
    facts = machine("advertised")

    lines = [*to_bridge(facts), *to_uplink(facts)]

    expiring = [line for line in lines if "expires" in line and "table local" not in line]
    assert [line for line in lines if "proto ra" in line] == []
    assert len(expiring) == 3
    assert all("proto boot metric 2048 " in line for line in expiring)


def test_advertised_twice() -> None:
    """One stand-in serves for all routes to a router, and that of an earlier run goes."""
    facts = machine("advertised")
    (learned,) = [one for one in facts.known("routes6") if one.is_default]
    others = [replace(learned, metric=512), replace(learned, metric=2048, protocol="boot")]

    lines = to_bridge(replace(facts, routes6=[*facts.known("routes6"), *others]))

    made, deleted = of(lines, "::/0")
    assert made.startswith("route append ")
    assert deleted.startswith("route del ")
    assert " dev enp0s1 proto boot metric 2048 " in deleted


def test_advertised_without_end(article: Facts) -> None:
    """A route that was advertised for ever is the kernel's all the same."""
    route = {"dst": "fd90::/64", "gateway": "fe80::1", "dev": "enp0s1", "protocol": "ra"}
    facts = uplink(article, routes=({**route, "metric": 1024, "pref": "medium"},))

    assert [line for line in to_bridge(facts) + to_uplink(facts) if "proto ra" in line] == []


def test_advertised_route_alone(article: Facts) -> None:
    """A port hears no advertisements, also where its addresses are static: its route goes."""
    route = {"dst": "default", "gateway": "fe80::1", "dev": "enp0s1", "protocol": "ra"}
    plans = [bridged(uplink(article, routes=one)) for one in ((), (route,))]
    deaf = [[one for one in plan.all_steps if "disable_ipv6=1" in str(one)] for plan in plans]

    assert [len(steps) for steps in deaf] == [0, 1]


def test_advertised_addresses() -> None:
    """An advertised address keeps its lifetimes on the bridge, and is no address of the port's."""
    facts = machine("advertised")
    advertised = [one for one in facts.global_addresses("enp0s1") if one.is_6]

    added = [line for line in to_bridge(facts) if line.startswith("addr add fd")]
    deleted = [line for line in to_bridge(facts) if line.startswith("addr del fd")]

    lasting = "nodad noprefixroute valid_lft 86400 preferred_lft 14400"
    assert added == [f"addr add {info.ip}/64 {lasting} dev br0" for info in advertised[::-1]]
    assert deleted == []


def test_port_without_ipv6() -> None:
    """Where anything was advertised the port hears no more of it, until it is back."""
    key = "net.ipv6.conf.enp0s1.disable_ipv6"

    advertised, static = bridged(machine("advertised")), bridged(machine("rich"))

    (step,) = [step for step in advertised.steps if key in f"{step}"]
    assert step.undo is not None
    assert (step.argv, step.undo.command("0")) == (
        ("sysctl", "-w", f"{key}=1"),
        ("sysctl", "-w", f"{key}=0"),
    )
    assert (step.guard, step.share) == (True, f"sysctl {key}")
    assert [line for line in static.lines if key in line] == []


@pytest.mark.parametrize(
    ("default", "own", "heard"), [(None, {}, 1), ("0", {}, 0), ("1", {"ipv6.accept_ra": "2"}, 2)]
)
def test_bridge_hears_afterwards(default: str | None, own: dict[str, str], heard: int) -> None:
    """The bridge hears advertisements once it has the addresses that were made from earlier ones,
    and as the uplink did."""
    facts = machine("advertised")
    sysctls = {**facts.known("sysctls"), "net.ipv6.conf.default.accept_ra": default}

    lines = bridged(replace(facts, sysctls=sysctls, device_sysctls={"enp0s1": own})).lines

    deaf = next(line for line in lines if "net.ipv6.conf.br0.accept_ra=0" in line)
    hears = f"sysctl -w net.ipv6.conf.br0.accept_ra={heard}"
    (handover,) = [line for line in lines if line.startswith("ip -batch")]
    assert lines.index(deaf) < lines.index("ip link set br0 up") < lines.index(handover)
    assert lines.index(handover) < lines.index(hears)


# What the bridge is before it is up.


def sysctls(plan: Plan) -> list[str]:
    """The sysctl lines that are about the bridge."""
    return [line for line in plan.lines if line.startswith("sysctl") and "ip_forward" not in line]


def test_sysctls(article: Facts) -> None:
    """The bridge gets the uplink's own settings before it is up, and its strictness at the end."""
    own = {"ipv6.accept_ra": "2", "ipv4.arp_ignore": "1", "ipv4.rp_filter": "1"}

    plan = bridged(uplink(article, sysctls=own))

    before, after = sysctls(plan)
    assert before.split()[2:] == [
        "net.ipv4.conf.br0.arp_ignore=1",
        "net.ipv4.conf.br0.ignore_routes_with_linkdown=1",
        "net.ipv4.conf.br0.rp_filter=2",
        "net.ipv6.conf.br0.accept_ra=2",
        "net.ipv6.conf.br0.ignore_routes_with_linkdown=1",
    ]
    assert after == "sysctl -w net.ipv4.conf.br0.rp_filter=1"
    assert plan.lines.index(before) < plan.lines.index("ip addr add 192.168.64.100/24 dev br0")
    assert plan.lines.index(after) > plan.lines.index(str(move(article)))


def test_sysctls_of_a_loose_uplink(article: Facts) -> None:
    """A bridge that is to filter loosely anyway is left so."""
    assert len(sysctls(bridged(uplink(article, sysctls={"ipv4.rp_filter": "2"})))) == 1


def test_sysctls_without_ipv6(article: Facts) -> None:
    """Where the kernel has no IPv6 there are no settings of it."""
    missing = {**article.known("sysctls"), "net.ipv6.conf.all.disable_ipv6": None}

    lines = sysctls(bridged(replace(article, sysctls=missing)))

    assert "net.ipv4.conf.br0.rp_filter=2" in lines[0]
    assert "ipv6" not in lines[0]


def test_sysctls_of_a_name_with_dots(article: Facts) -> None:
    """A setting of a device whose name has a dot is parted by slashes, as sysctl wants it."""
    facts = uplink(article, sysctls={"ipv4.rp_filter": "1", "ipv6.accept_ra": "2"})

    plan = Bridged(uplink="enp0s1", bridge="br.7").plan(facts)

    assert sysctls(plan)[0].split()[2:] == [
        "net/ipv4/conf/br.7/ignore_routes_with_linkdown=1",
        "net/ipv4/conf/br.7/rp_filter=2",
        "net/ipv6/conf/br.7/accept_ra=2",
        "net/ipv6/conf/br.7/ignore_routes_with_linkdown=1",
    ]
    assert sysctls(plan)[1] == "sysctl -w net/ipv4/conf/br.7/rp_filter=1"


def test_mac_before_the_first_frame(article: Facts) -> None:
    """The bridge has the uplink's MAC before it has an address or is up."""
    lines = bridged(article).lines

    mac = lines.index("ip link set br0 address 4a:9e:7e:55:59:ee")
    assert mac < lines.index("ip addr add 192.168.64.100/24 dev br0")
    assert mac < lines.index("ip link set br0 up")


@pytest.mark.parametrize("mtu", [1400, 9000])
def test_mtu(mtu: int, article: Facts) -> None:
    """Bridge and cable take packets as large as the uplink, before they are plugged in or up."""
    lo, nic = article.known("links")

    lines = bridged(replace(article, links=[lo, replace(nic, mtu=mtu)])).lines

    set_mtu = [line for line in lines if " mtu " in line]
    assert set_mtu == [f"ip link set {name} mtu {mtu}" for name in ("br0", "veth0", "veth1")]
    assert lines.index(set_mtu[0]) < lines.index("ip link set enp0s1 master br0")
    assert lines.index(set_mtu[1]) < lines.index("ip link set veth0 master br0")
    assert lines.index(set_mtu[2]) < lines.index("ip link set veth1 netns A")


def test_mtu_of_ethernet(article: Facts) -> None:
    """The MTU that every device has is nothing to set."""
    assert [line for line in bridged(article).lines if " mtu " in line] == []


def test_mtu_of_who_joins() -> None:
    """Who joins an uplink of another MTU has it on both ends of its cable."""
    facts = machine("bridged-up")
    links = [replace(link, mtu=9000) for link in facts.known("links")]

    lines = Bridged(namespace="B", uplink="enp0s1").plan(replace(facts, links=links)).lines

    assert [line for line in lines if " mtu " in line] == [
        "ip link set veth2 mtu 9000",
        "ip link set veth3 mtu 9000",
    ]
