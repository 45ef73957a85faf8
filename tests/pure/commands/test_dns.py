"""What is written for a namespace to find names by."""

from dataclasses import replace
from typing import Any

import pytest

from netmodes import Bridged, Facts, HostOnly, Nat, Refused
from netmodes.machine.resolv import Names


def names(facts: Facts, **changed: Any) -> Facts:  # noqa: ANN401
    """The same machine, which finds names in another way."""
    return replace(facts, names=replace(facts.names or Names(), **changed))


def resolv(lines: tuple[str, ...]) -> list[str]:
    """What a plan writes to resolv.conf, line by line."""
    found = [line for line in lines if line.startswith("tee") and "resolv.conf" in line]
    return found[0].splitlines()[1:-1] if found else []


@pytest.mark.parametrize(
    ("dns", "expected"),
    [
        ("auto", ["# made by netmodes", "nameserver 10.0.0.7", "search example.com"]),
        ("none", []),
        ("1.1.1.1,9.9.9.9", ["# made by netmodes", "nameserver 1.1.1.1", "nameserver 9.9.9.9"]),
    ],
)
def test_servers(article: Facts, dns: str, expected: list[str]) -> None:
    """The machine's own servers, none, or those that are given."""
    facts = names(article, servers=["10.0.0.7"], search=["example.com"])

    assert resolv(Nat(dns=dns).plan(facts).lines) == expected
    assert resolv(Bridged(uplink="enp0s1", dns=dns).plan(facts).lines) == expected


@pytest.mark.parametrize(
    "dns", ["", "auto,1.1.1.1", "fe80::1", "ns.example.com", "1.1.1.1, 2.2.2.2"]
)
def test_refused(dns: str) -> None:
    """What is neither auto nor none nor addresses is refused."""
    with pytest.raises(Refused, match="is neither auto nor none nor an IPv4 address"):
        Nat(dns=dns)


@pytest.mark.parametrize("dns", ["0.0.0.0", "224.0.0.251", "255.255.255.255", "1.1.1.1,240.0.0.1"])  # noqa: S104
def test_no_host(dns: str) -> None:
    """What no host can have is no server's address."""
    with pytest.raises(Refused, match="is no host's address"):
        Nat(dns=dns)


def test_loopback(article: Facts) -> None:
    """A server on a loopback is said to be the namespace's own."""
    said = Nat(dns="127.0.0.1").plan(article).notices

    assert any("127.0.0.1 is A's own loopback" in notice for notice in said)
    assert Nat(dns="192.168.64.9").plan(article).notices == Nat().plan(article).notices


def test_no_server(article: Facts) -> None:
    """Where the machine knows no server, that is said, and nothing is written."""
    plan = Nat().plan(names(article, servers=[]))

    assert resolv(plan.lines) == []
    assert any("knows no name server" in notice for notice in plan.notices)


@pytest.mark.parametrize(
    ("hosts", "switched"),
    [
        ("files dns", False),
        ("files myhostname dns", False),
        ("files resolve [!UNAVAIL=return] dns", True),
        ("files mdns4_minimal [NOTFOUND=return] dns", True),
    ],
)
def test_switch(article: Facts, hosts: str, switched: bool) -> None:
    """Sources that answer on a socket of the host's are left out."""
    lines = Nat().plan(names(article, hosts=hosts)).lines

    assert (
        any("s/^hosts:.*/hosts: files dns # made by netmodes/" in line for line in lines)
        is switched
    )


def test_nscd(article: Facts) -> None:
    """A cache that answers every namespace is named where names should be closed."""
    notices = HostOnly().plan(names(article, nscd=True)).notices

    assert any("nscd runs" in notice for notice in notices)
