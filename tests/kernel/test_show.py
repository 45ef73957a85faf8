"""What `netmodes show` draws of a lab has what is there."""

import json
import os
import re
from typing import Any

import pytest
from flowcharts import Graph
from labs import NETMODES, Lab, RootLab


def devices_of(lab: Lab, *inside: str) -> list[dict[str, Any]]:
    """The devices that the kernel shows, but for the loopback."""
    links = json.loads(lab.ok(*inside, "ip", "-j", "addr", "show"))
    return [link for link in links if link.get("ifname", "lo") != "lo"]


def test_lab(lab: Lab) -> None:
    """In a lab the picture has the kernel's devices, MACs, addresses, ports and routes."""
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1", "-n", "B")
    lab.ok("netmodes", "host-only", "-n", "C")

    text, graphed = (
        lab.ok("env", "LC_ALL=C.UTF-8", "netmodes", "show"),
        lab.ok("netmodes", "show", "--format", "mermaid"),
    )

    shown = json.loads(lab.ok("netmodes", "show", "--json"))
    words = text.split()
    there = {"": devices_of(lab)}
    there |= {name: devices_of(lab, "ip", "netns", "exec", name) for name in "ABC"}
    for place in (shown["host"], *shown["namespaces"]):
        drawn = {one["name"]: one for one in place["devices"] if one["name"] != "lo"}
        assert drawn.keys() == {found["ifname"] for found in there[place["name"]]}
        for found in there[place["name"]]:
            device = drawn[found["ifname"]]
            infos = [info for info in found["addr_info"] if info["scope"] == "global"]
            addresses = [f"{info['local']}/{info['prefixlen']}" for info in infos]
            assert (device["mac"], device["addresses"]) == (found["address"], addresses)
            assert device["master"] == found.get("master", "")
            assert {found["ifname"], found["address"], *addresses} <= {*words}
    assert shown["findings"] == []
    assert "!" not in text
    assert "default via 192.168.64.100" in text
    assert len(Graph(graphed).edges) == 3 + 3 + 1  # ports, cables and the LAN
    for near, far in (("veth0", "veth1"), ("veth2", "veth3"), ("veth4", "veth5")):
        assert re.search(rf"{near} +├─+┤ {far} ", text)


def test_lab_broken(lab: Lab) -> None:
    """In a lab a device that is down, a port with an address and a lost namespace are marked."""
    lab.ok("netmodes", "bridged", "--uplink", "enp0s1")
    lab.ok("netmodes", "host-only", "-n", "C")
    lab.ok("ip", "addr", "add", "192.168.64.3/24", "dev", "enp0s1")
    lab.ok("ip", "-n", "A", "link", "set", "veth1", "down")
    lab.ok("ip", "netns", "del", "C")

    text = lab.ok("env", "LC_ALL=C.UTF-8", "netmodes", "show")

    assert "enp0s1 !" in text
    assert "error: enp0s1 is a port of br0, yet has 192.168.64.3/24" in text
    assert re.search(r"veth0  no carrier +├─+┤ veth1  down ! ", text)
    assert "error: veth1 is down in A" in text
    assert "(there is no such namespace)" in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a lab with other users")
def test_lab_not_root() -> None:
    """An ordinary user sees the host, and is told what only root can see; no sudo is called."""
    with RootLab() as lab:
        lab.ok("netmodes", "host-only")

        done = lab.anyone("env", "LC_ALL=C.UTF-8", "netmodes", "show")

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"veth0 +├─+┤ \(only root can look inside\)", done.stdout)
    assert f"Only root can look inside A: `sudo {NETMODES} show`" in " ".join(done.stdout.split())


def test_ascii(lab: Lab) -> None:
    """Where the locale has no UTF-8 the picture is drawn in ASCII; a graph needs no drawing."""
    lab.ok("netmodes", "host-only")

    text = lab.ok("env", "LC_ALL=C", "netmodes", "show")

    assert text.isascii()
    assert re.search(r"^\| veth0 +\+-+\+ veth1 ", text, re.M)
