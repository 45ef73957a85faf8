"""Facts: one snapshot of a machine, whole through JSON, where unknown is never absent."""

from __future__ import annotations

import json
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from netmodes import Facts, HostOnly, Refused

pytestmark = pytest.mark.pure


def write_ip(folder: Path, body: str) -> None:
    """Put an ``ip`` of the test's own into a folder."""
    ip = folder / "ip"
    ip.write_text(f"#!/bin/sh\n{body}\n")
    ip.chmod(0o755)


def test_json(article: Facts) -> None:
    """Facts come back whole from JSON."""
    assert Facts.from_json(article.to_json()) == article


def test_json_of_another_version(article: Facts) -> None:
    """What this version does not know is left out, and what it misses is unknown."""
    data = json.loads(article.to_json())
    del data["routes"]

    facts = Facts.from_json(json.dumps({**data, "firewall": []}))

    assert (facts.links, facts.routes) == (article.links, None)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"facts"', "links: []", "\0"])
def test_no_json(text: str) -> None:
    """What is not facts is refused, with how to make them."""
    with pytest.raises(Refused, match="make them with `netmodes facts`"):
        Facts.from_json(text)


@pytest.mark.parametrize("what", ["links", "routes", "namespaces", "networks"])
def test_unknown(what: str, article: Facts) -> None:
    """A mode refuses to guess at facts that are missing."""
    text = json.dumps({**json.loads(article.to_json()), what: None})

    with pytest.raises(Refused, match=f"the machine's {what} are unknown"):
        HostOnly().plan(Facts.from_json(text))


def test_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links and routes are what ip prints as JSON, without the `{}` that stands for nothing."""
    write_ip(tmp_path, """[ "$3" = addr ] && echo '[{"ifname": "lo"}, {}]' || echo '[{}]'""")
    monkeypatch.setenv("PATH", str(tmp_path))

    facts = Facts.read()

    assert (facts.links, facts.routes) == ([{"ifname": "lo"}], [])


def test_read_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ip that prints nothing has nothing to show."""
    write_ip(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))

    facts = Facts.read()

    assert (facts.links, facts.routes) == ([], [])


def test_read_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ip that fails is quoted, and the machine not taken for an empty one."""
    write_ip(tmp_path, "echo 'Cannot open netlink socket' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Refused, match=r"failed \(Cannot open netlink socket\)"):
        Facts.read()


def test_read_no_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ip that prints no JSON (BusyBox's) is refused, with what to install."""
    write_ip(tmp_path, "echo '1: lo: <LOOPBACK>'")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Refused, match="iproute2"):
        Facts.read()


def test_read_without_ip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without ip is refused, with what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Refused, match="no `ip` on PATH: install iproute2"):
        Facts.read()


def test_addresses(article: Facts) -> None:
    """The addresses of a device are its global IPv4 ones; a device that is not there has none."""
    assert article.addresses("enp0s1") == [IPv4Interface("192.168.64.3/24")]
    assert article.addresses("lo") == []
    assert article.addresses("eth7") == []
    assert article.every_address() == [IPv4Interface("192.168.64.3/24")]


def test_default_routes(article: Facts) -> None:
    """Default routes are the main table's, through one NIC or any."""
    other = {"dst": "default", "dev": "wg0", "table": "51820"}
    facts = Facts(links=article.links, routes=[*article.known("routes"), other])

    assert [route["gateway"] for route in facts.default_routes()] == ["192.168.64.1"]
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
        ({"dst": "10.0.0.255", "dev": "eth0", "type": "broadcast"}, None),
        ({"dst": "10.0.0.7", "dev": "lo", "type": "local"}, "the host's route to 10.0.0.7"),
    ],
)
def test_overlap(route: dict[str, str], expected: str | None) -> None:
    """A subnet is in use if a route leads to part of it; a default leads to none."""
    facts = Facts(links=[], routes=[route], networks=[])

    assert facts.overlap(IPv4Network("10.0.0.0/24")) == expected


def test_overlap_with_a_network() -> None:
    """A subnet that a namespace of ours has for itself is in use, though the host has no route."""
    network = {"name": "A", "parameters": {"device": "dummy0", "address": "10.0.0.10/24"}}
    facts = Facts(links=[], routes=[], networks=[network])

    assert facts.overlap(IPv4Network("10.0.0.0/25")) == "namespace A"
    assert facts.overlap(IPv4Network("10.0.1.0/24")) is None
