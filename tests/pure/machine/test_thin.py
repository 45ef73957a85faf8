"""What a table leaves out that nothing of ours can name."""

from __future__ import annotations

import json

import pytest

from netmodes.machine.table import Table
from netmodes.machine.thin import thinned, without

CONF = "/proc/sys/net/ipv4/conf"


def cable(name: str, **more: object) -> dict[str, object]:
    """A cable to a container, as ``ip -d -j addr`` lists it."""
    return {"ifname": name, "ifindex": 7, "linkinfo": {"info_kind": "veth"}, **more}


def table(**texts: str) -> Table:
    """A machine with a NIC, and cables on a bridge."""
    bridge = {"ifname": "docker0", "ifindex": 2, "linkinfo": {"info_kind": "bridge"}}
    cables = [cable(f"v{number}", master="docker0") for number in range(4)]
    links = [{"ifname": "enp0s1", "ifindex": 3}, bridge, *cables]
    settings = {f"{CONF}/{one}/rp_filter": "1\n" for one in ("all", "enp0s1", "v1", "v2")}
    return Table(
        {
            "links": {"command": ["ip"], "output": json.dumps(links)},
            "settings": {"files": [], "output": settings},
            **{name: {"command": [name], "output": text} for name, text in texts.items()},
        }
    )


def names(found: Table) -> list[str]:
    """The devices that a table has."""
    return [one["ifname"] for one in json.loads(found.output("links") or "")]


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        ({}, []),
        ({"nft": '\t\tiifname { "lo", "v2" } accept'}, ["v2"]),
        ({"iptables-save": "-A INPUT -i v1 -j DROP"}, ["v1"]),
        ({"rules": "32765:\tfrom all iif v3 lookup 100"}, ["v3"]),
        ({"routes text": "unicast 10.0.0.0/8 via 10.1.1.1 dev v1"}, ["v1"]),
        ({"routes6 text": "unicast fe80::/64 dev v1 proto kernel\nmulticast ff00::/8 dev v2"}, []),
        ({"nft": "v10 v1x"}, []),
    ],
)
def test_spare(texts: dict[str, str], kept: list[str]) -> None:
    """A cable that nothing names is left out, but for the first of each bridge."""
    assert names(thinned(table(**texts))) == ["enp0s1", "docker0", "v0", *kept]


def test_settings() -> None:
    """So are its settings, and its routes."""
    found = thinned(table(**{"routes6 text": "unicast fe80::/64 dev v1\nunicast fd00::/8 dev lo"}))

    assert [*found.texts("settings")] == [f"{CONF}/{one}/rp_filter" for one in ("all", "enp0s1")]
    assert found.lines("routes6 text") == ["unicast fd00::/8 dev lo"]


def with_settings(**texts: str) -> Table:
    """That machine with this value of a setting for each device."""
    found = {f"{CONF}/{name}/rp_filter": f"{text}\n" for name, text in texts.items()}
    return Table({**table().entries, "settings": {"files": [], "output": found}})


def test_usual_settings() -> None:
    """A setting that is as every new device has it is left out; lo was there before."""
    found = thinned(with_settings(all="0", default="2", lo="2", enp0s1="2", docker0="0"))
    kept = ("all", "default", "lo", "docker0")

    assert [*found.texts("settings")] == [f"{CONF}/{one}/rp_filter" for one in kept]


def test_same_settings() -> None:
    """A device whose settings were not read has those of its like."""
    found = without(set(), with_settings(default="0", v1="1"), {"v2": "v1", "v3": "enp0s1"})

    assert found.texts("settings") == {
        f"{CONF}/default/rp_filter": "0",
        f"{CONF}/v1/rp_filter": "1",
        f"{CONF}/v2/rp_filter": "1",
    }


def test_cable_with_address() -> None:
    """A cable that has an address may be reached."""
    has = {"family": "inet", "local": "10.0.0.1", "prefixlen": 24, "scope": "global"}
    links = json.dumps([cable("v9", addr_info=[has])])

    assert names(thinned(Table({"links": {"command": ["ip"], "output": links}}))) == ["v9"]
