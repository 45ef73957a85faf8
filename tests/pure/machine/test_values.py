"""The door: each value that somebody else wrote is what it is taken for, or is refused by name."""

import json
from typing import Any

import pytest
from console import machine
from hostile import planted
from places import FACTS
from tables import printed

from netmodes import MODES, Bridged, Facts, HostOnly, Refused
from netmodes.machine import values
from netmodes.machine.printed import link_from, route_from
from netmodes.modes.anew import with_shares

ATTACK = "10.1.0.0/16\nSTDIN\ntouch /tmp/x\n: <<'STDIN'\n"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(
            ("device", name)
            for name in ("", ".", "..", "a/b", "a b", "a:b", "a\n", "a\v", "x" * 16)
        ),
        *(("word", word) for word in ("", "a b", "a\n", "$(id)", "a'", None, "main;")),
        *(("mac", mac) for mac in ("", "4a:9e\n", "-batch", "x", 7)),
        *(("number", number) for number in (-1, 2**32, True, "1", 1.0, None)),
        *(("ip", ip) for ip in ("", "10.0.0.1/8", "10.0.0.256", 7, "10.0.0.1\n")),
        *(("ip", ip) for ip in ("fe80::1%lo", "fe80::1%x\nnetns exec A reboot\n#")),
        *(("setting", setting) for setting in ("", "1;id", "a", "|x", 1, "1\n2")),
        *(("line", line) for line in ("a\nb", "\x1b", 7)),
        *(("listed", one) for one in ({}, "a", None)),
        *(("table", one) for one in ([], "a", None)),
    ],
)
def test_refused(kind: str, value: object) -> None:
    """What is none of a kind is none of its values."""
    with pytest.raises((ValueError, TypeError)):
        getattr(values, kind)(value)


@pytest.mark.parametrize(
    "name", ["enp0s1", "$(id)", "a'b", "名", "br-1a2b.c", "\ufffd", "a\u2028\x1c\x85", "x" * 15]
)
def test_device(name: str) -> None:
    """Whatever the kernel takes for a device's name is one."""
    assert link_from({"ifname": name}).name == name


def test_scope() -> None:
    """Nor has a destination a scope, which `ipaddress` takes whatever it holds."""
    with pytest.raises(ValueError, match="no address as `ip` prints it"):
        route_from({"dst": "fe80::%x\nnetns exec A reboot\n#"}, 6)


@pytest.mark.parametrize("label", ['enp0s1:"x', "enp0s1 dev lo", "a#b"])
def test_label(label: str) -> None:
    """A label that `ip -batch` would not read as one word is left out."""
    address = {"local": "10.0.0.1", "prefixlen": 8, "label": label}

    assert link_from({"ifname": "enp0s1", "addr_info": [address]}).addresses[0].label == ""


@pytest.mark.parametrize(
    ("version", "dst", "written"),
    [
        (4, "default", "default"),
        (6, "default", "default"),
        (4, "10.0.0.7", "10.0.0.7"),
        (4, "10.0.0.0/8", "10.0.0.0/8"),
        (6, "fd00::1", "fd00::1"),
        (6, "fd00::/64", "fd00::/64"),
    ],
)
def test_destination(version: int, dst: str, written: str) -> None:
    """Where a route leads to is written as `ip` writes it."""
    route = route_from({"dst": dst}, version)

    assert (route.dst, route.is_6) == (written, version == 6)


@pytest.mark.parametrize(
    ("entry", "key", "value"),
    [
        ("routes", "dst", ATTACK),
        ("routes", "metric", 2**70),
        ("routes", "dst", "fd00::/64"),
        ("links", "ifname", "a/b"),
        ("links", "mtu", "1500; id"),
        ("links", "addr_info", [{"local": "10.0.0.1", "prefixlen": 33}]),
        ("neighbours", "lladdr", "02:00:00:00:00:01; id"),
        ("proxies", "dst", ATTACK),
    ],
)
def test_field(entry: str, key: str, value: object, article: Facts) -> None:
    """A refusal is one sentence that names the field."""
    assert article.table is not None
    found = json.loads(article.table.output(entry) or "")
    first = found[0] if found else {"dst": "10.0.0.1", "dev": "lo"}
    name = {"proxies": "neighbours"}.get(entry, entry)

    with pytest.raises(Refused, match=rf"^these are not facts \({name}: ") as refusal:
        Facts.from_json(printed(article, entry, [*found, {**first, key: value}]))
    assert len(str(refusal.value).splitlines()) == 1


#: The steps in the journal of A.
STEPS = ("table", "journals", "output", "/run/netmodes/A/plan.json", None, "steps")


@pytest.mark.parametrize("name", ["bridged-up", "nat-up"])
def test_shares(name: str, article: Facts) -> None:
    """What a network elsewhere shares is rendered anew; no command of its journal counts."""
    (there,) = machine(name).known("networks")
    mode = MODES[there.mode](**there.parameters)
    text = json.loads((FACTS / f"{name}.json").read_text())
    for step in range(len(mode.plan(article).steps)):
        text = planted(text, (*STEPS, step, "argv"), ["rm", "-rf", "/"])

    (network,) = with_shares(Facts.from_json(json.dumps(text))).known("networks")

    plan = mode.plan(article)
    assert network.shares == tuple(step for step in plan.steps if step.share)
    assert network == there


def test_shares_unknown() -> None:
    """Who would join a bridge of which facts do not tell how it is undone is told to join there."""
    text: Any = json.loads((FACTS / "bridged-up.json").read_text())
    del text["table"]["journals"]["output"]["/run/netmodes/A/before.json"]

    with pytest.raises(Refused, match="do not tell how to undo br0"):
        Bridged(namespace="B", uplink="enp0s1").plan(Facts.from_json(json.dumps(text)))


@pytest.mark.parametrize("before", ["", "{}", '{"links": [], "routes": []}', "[" * 10**5])
def test_older_journal(before: str) -> None:
    """A journal of an earlier netmodes, or a damaged one, stops no mode that shares nothing."""
    text: Any = json.loads((FACTS / "bridged-up.json").read_text())
    files = text["table"]["journals"]["output"]
    files["/run/netmodes/A/before.json"] = before
    files["/run/netmodes/Z/plan.json"] = before

    facts = Facts.from_json(json.dumps(text))

    assert [one.state for one in facts.known("networks")] == ["up", "unreadable"]
    assert HostOnly(namespace="H").plan(facts).steps
