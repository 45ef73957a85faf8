"""Published ports, as they are written and compared; tests/kernel/test_nat.py publishes them."""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import networks
import pytest
from console import machine, netmodes

from netmodes import Facts, Nat, Refused
from netmodes.commands.notices import before_up
from netmodes.machine.entries import Route
from netmodes.machine.nics import LISTENING, listening
from netmodes.machine.printed import link_from
from netmodes.machine.rule import rule_from
from netmodes.machine.table import Table
from netmodes.show import explain


def up(facts: Facts, **parameters: Any) -> Facts:  # noqa: ANN401
    """The same machine with a network of ours on it."""
    network = networks.up(Nat(**parameters).plan(facts))
    return replace(facts, networks=[replace(network, shares=(), parents=())])


@pytest.mark.parametrize(
    ("published", "normal"),
    [
        ("", ""),
        ("8080:80/tcp", "8080:80"),
        ("08080:080", "8080:80"),
        ("9000:90/udp,8080:80/tcp,9000:90", "8080:80,9000:90,9000:90/udp"),
    ],
)
def test_normal(published: str, normal: str, article: Facts) -> None:
    """Ports that are the same are written the same, so the same network is known again."""
    facts = up(article, publish=published)

    assert Nat(publish=published).parameters["publish"] == normal
    assert Nat(publish=published).is_up(facts)
    assert Nat(publish=normal).is_up(facts)
    with pytest.raises(Refused, match="is up with publish"):
        Nat(publish="1:1").is_up(facts)


def test_moved_aside() -> None:
    """That the subnet is another is said where netmodes chose it, not where the user did."""
    busy = machine("iptables-alone")

    assert any("which nat takes first" in notice for notice in Nat().plan(busy).notices)
    for chosen in (Nat(bridge_address="10.200.0.1/24"), Nat(address="172.20.0.7/24")):
        assert not any("which nat takes first" in notice for notice in chosen.plan(busy).notices)
    there = machine("nat-up")
    routes = [*there.known("routes"), Route(IPv4Network("10.64.0.0/16"), "tun0")]
    joined = Nat(namespace="J").plan(replace(there, routes=routes))
    assert not any("which nat takes first" in notice for notice in joined.notices)


def test_no_firewall_program(article: Facts) -> None:
    """Where there is neither nft nor iptables it is nft that is missing."""
    plan = Nat(publish="8080:80").plan(replace(article, programs=[]))

    assert {step.argv[0] for step in plan.steps} & {"nft", "iptables"} == {"nft"}


def test_help() -> None:
    """The help says that there may be several ports, and servers, and what stands for none."""
    said = " ".join(netmodes("nat", "--help").stdout.split())

    assert "may be repeated [default: none]" not in said
    assert said.count("may be repeated") == 3


def test_explained(article: Facts) -> None:
    """A network is explained with the ports that it publishes, a mode with an example."""
    plan = Nat(namespace="W", publish="9000:90,53:5353/udp").plan(article)
    said = " ".join(explain._render("text", "W", "", plan, explain.lines(plan)).split())

    expected = (
        "But `--publish 53:5353/udp` passes what comes to UDP port 53 of the host on to port 5353 "
        "of W, and `--publish 9000:90` passes what comes to port 9000 of the host on to port 90 "
        "of W."
    )
    assert expected in said
    assert "`--publish 8080:80` passes what comes to port 8080" in explain.mode("nat")


def test_by_another_way(article: Facts) -> None:
    """Where a rule sends the host's own answers by another NIC, those of a port are said not to."""
    nic = link_from({"ifname": "eth1", "addr_info": [{"local": "10.7.0.3", "prefixlen": 24}]})
    rule = rule_from("100:\tfrom 10.7.0.3 lookup 77")
    links = [*article.known("links"), nic]
    facts = replace(article, links=links, rules=[rule], exit="enp0s1")
    beyond = "what comes to that address from beyond 10.7.0.0/24 gets none"

    assert [beyond in notice for notice in Nat(publish="8080:80").plan(facts).notices] == [True]
    assert Nat().plan(facts).notices == ()
    assert Nat(publish="8080:80").plan(replace(facts, exit="eth1")).notices == ()


def test_shadowed(article: Facts) -> None:
    """A program of the host that listens at a published port is said to hear nothing there."""
    listed = 'tcp LISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("httpd",pid=7,fd=3))\n'
    entries = {"listening": {"command": [*LISTENING], "output": listed}}
    facts = replace(up(article, publish="8080:80"), listening=listening(Table(entries)))
    notices = [str(one) for one in before_up(facts)]

    assert [one.partition(":")[0] for one in notices] == [
        "httpd hears nothing by IPv4 at 8080/tcp of the host, which is A's"
    ]
    assert [*before_up(replace(facts, listening={"8080/udp": "httpd"}))] == []
