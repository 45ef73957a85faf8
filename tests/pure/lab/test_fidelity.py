"""A copy is compared with what it was made from: what differs is named, but for what is known."""

import json

from netmodes.lab.fidelity import unlike
from netmodes.lab.left import LeftOut
from netmodes.machine.table import Table

STAND_IN = LeftOut("wg0", "a stand-in for a device of kind wireguard", "links")
ROUTE = {"dst": "10.0.0.0/8", "dev": "wg0", "flags": []}
CHAIN = "table {} {{\n\tchain y {{\n\t\tdrop\n\t}}\n}}\n"


def made(**outputs: str) -> Table:
    """A machine where these commands have printed this."""
    return Table({name: {"command": ["list"], "output": text} for name, text in outputs.items()})


def test_stand_in_hides_no_route() -> None:
    """That a device is a stand-in says nothing of a route by it that the copy has not."""
    machine, copy = made(routes=json.dumps([ROUTE])), made(routes="[]")

    (left,) = unlike(machine, copy, [STAND_IN])

    assert (left.part, "10.0.0.0/8" in left.what) == ("routes", True)


def test_rules_of_nft() -> None:
    """A rule of nft that the copy has not is named, but for the tables of iptables."""
    own, other = CHAIN.format("ip filter"), CHAIN.format("inet mine")
    machine = made(nft=own + other, **{"iptables-save": "*filter\nCOMMIT\n"})
    copy = made(nft="", **{"iptables-save": "*filter\nCOMMIT\n"})

    named = [left.what for left in unlike(machine, copy, [])]

    assert named
    assert all("inet mine" in each for each in named)


def test_settings() -> None:
    """A setting that the copy has otherwise is named with both values, a tab being a space."""
    place = "/proc/sys/net/ipv4/tcp_rmem"

    def settings(value: str) -> Table:
        return Table({"settings": {"output": {place: value}}})

    assert not [*unlike(settings("1\t2"), settings("1 2"), [])]
    (left,) = unlike(settings("1 2"), settings("1 3"), [])
    assert str(left).startswith(f"{place} 1 2: the copy has 1 3")
