"""The devices of a copy: of their own kind where the kernel has it, else a stand-in for each.

A real NIC, and whatever else leads outside, is a cable to the copy's LAN.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netmodes.lab.left import LeftOut
from netmodes.machine import values
from netmodes.machine.entries import Link
from netmodes.machine.printed import Json

#: Where a lab's machine finds the namespaces of its LAN, its router, and how a command runs there.
LAN = Path("/run/lan")
ROUTER = LAN / "router"
AT_ROUTER = ("nsenter", f"--net={ROUTER}")

#: Kinds that are made as they were, each with its own words: the name in JSON, and what it holds.
OWN: dict[str, dict[str, Any]] = {
    "bridge": {},
    "dummy": {},
    "ifb": {},
    "vrf": {"table": values.number},
    "bond": {"mode": values.word},
    "vlan": {"protocol": values.word, "id": values.number},
    "macvlan": {"mode": values.word},
    "macvtap": {"mode": values.word},
    "ipvlan": {"mode": values.word},
    "vxlan": {
        **{"id": values.number, "local": values.ip, "remote": values.ip, "group": values.ip},
        **{"local6": values.ip, "remote6": values.ip, "group6": values.ip},
        **{"link": values.device, "port": values.number},
    },
    **{
        kind: {"local": values.ip, "remote": values.ip, "link": values.device}
        for kind in ("gre", "gretap", "ipip", "sit", "vti")
    },
}

#: Words of JSON that ``ip link add`` calls otherwise.
CALLED = {"link": "dev", "port": "dstport", "local6": "local", "remote6": "remote"}
CALLED |= {"group6": "group"}

#: A bridge that has lost its last port.
NO_MAC = "00:00:00:00:00:00"

#: Kinds that are on another device.
ON_ANOTHER = ("vlan", "macvlan", "macvtap", "ipvlan")

#: Settings of a bridge, and of its ports, with what a new one has.
BRIDGE = {"ageing_time": 30000, "forward_delay": 1500, "hello_time": 200, "max_age": 2000}
BRIDGE |= {"vlan_filtering": 0, "mcast_snooping": 1}
BRIDGE |= dict.fromkeys(("nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables"), 0)
PORT = dict.fromkeys(("hairpin", "isolated", "guard", "neigh_suppress"), False)
PORT |= dict.fromkeys(("learning", "flood", "mcast_flood"), True)

#: What a device has switched on or off that a new one has not.
SWITCHES = {"ALLMULTI": "allmulticast on", "PROMISC": "promisc on"}


@dataclass(frozen=True)
class Device:
    """A device of a copy.

    Args:
        name: its name.
        add: the line for ``ip -batch`` that makes it.
        cable: whether its other end is in the copy's LAN.
        carrier: whether something is at the other end.
        left: what is said of it if it is a stand-in.
    """

    name: str
    add: str
    cable: bool = False
    carrier: bool = True
    left: LeftOut | None = None


#: A device, and its entry of ``ip -d -j addr``.
Listed = tuple[Link, Json]


def devices(found: list[Listed], missing: Collection[str] = ()) -> Iterator[Device]:
    """The devices, each after that which it is on; those without an index of their own last.

    Args:
        found: the devices.
        missing: kinds that this kernel has not.
    """
    by_name = {link.name: (link, entry) for link, entry in found}
    lower = {name: "" if link.kind == "veth" else link.below for name, (link, _) in by_name.items()}
    order = sorted(by_name, key=lambda name: (by_name[name][0].kind == "tun", _depth(name, lower)))
    done, new = {"lo"}, new_bridges([link for link, _ in found])
    for link, entry in map(by_name.__getitem__, order):
        if link.name in new:
            link = replace(link, mac="")
        if link.name not in done:
            peer = by_name.get(link.below, (Link(""),))[0] if link.kind == "veth" else Link("")
            done |= {link.name, peer.name}
            is_on = link.kind not in ON_ANOTHER or link.below in by_name
            known = link.kind not in missing and is_on
            yield _pair(link, peer) if peer.name else _device(link, entry, known)


def _depth(name: str, lower: dict[str, str]) -> int:
    """How many devices are below this one."""
    found = {name}
    while (name := lower.get(name, "")) not in ("", *found):
        found.add(name)
    return len(found)


def _pair(link: Link, peer: Link) -> Device:
    words = f"type veth peer name {_new(peer).removeprefix('name ')}"
    return Device(link.name, f"link add {_new(link)} {words}")


def _device(link: Link, entry: Json, known: bool) -> Device:
    """A device of its own kind where that is known, a cable for a NIC, else a stand-in."""
    if link.kind in ("", "veth"):
        return _cable(link) if link.is_ethernet else _stand_in(link, "without Ethernet")
    if known and link.kind == "tun" and link.has_no_carrier:
        mode = "tap" if link.is_ethernet else "tun"
        return Device(link.name, f"tuntap add dev {link.name} mode {mode}")
    if known and link.kind in OWN:
        return Device(link.name, _own(link, entry))
    return _stand_in(link, f"of kind {link.kind}")


def _own(link: Link, entry: Json) -> str:
    """The line for a device of its own kind."""
    on = f"link {link.below} " if link.kind in ON_ANOTHER else ""
    data = values.table(_info(entry).get("info_data") or {})
    words = [
        f"{CALLED.get(name, name)} {check(data[name])}"
        for name, check in OWN[link.kind].items()
        if data.get(name) not in (None, "any")
    ]
    mac = link.type != "ipgre" and link.kind != "ipvlan"
    return " ".join([f"link add {on}{_new(link, mac=mac)} type {link.kind}", *words])


def _new(link: Link, *, mac: bool = True) -> str:
    """What every new device has."""
    own = mac and link.type == "ether" and link.mac not in ("", NO_MAC)
    address = f" address {link.mac}" if own else ""
    index = f" index {link.index}" if link.index else ""
    return f"name {link.name}{index}{address}"


def _cable(link: Link, left: LeftOut | None = None) -> Device:
    """A cable to the LAN; without Ethernet both its ends have one MAC.

    Of ends with one index the kernel tells the carrier up to a second late (docs/kernel.md#copies).
    """
    mac = f" address 02:00:00:00:{link.index >> 8 & 255:02x}:{link.index & 255:02x}"
    own = "" if link.is_ethernet else mac
    index = f" index {link.index + 1}" if link.index else ""
    far = f"peer name {far_end(link)}{index}{own} netns {ROUTER}"
    return Device(
        link.name,
        f"link add {_new(link)}{own} type veth {far}",
        cable=True,
        carrier=not link.has_no_carrier,
        left=left,
    )


def _stand_in(link: Link, why: str) -> Device:
    """A cable to the LAN where a cable was not; for what leads nowhere something that does so."""
    left = LeftOut(link.name, f"a stand-in for a device {why}", "links")
    if link.kind == "dummy":
        return Device(link.name, f"link add {_new(link)} type ifb", left=left)
    return _cable(link, left)


def far_end(link: Link) -> str:
    """The name of a cable's other end."""
    return f"lan{link.index}"


def settings(link: Link, entry: Json) -> Iterator[str]:
    """The lines that give a device what it had, but its master, and before it is up."""
    begin = f"link set dev {link.name}"
    if link.name != "lo":
        yield f"{begin} mtu {link.mtu}"
    if "txqlen" in entry:
        yield f"{begin} txqueuelen {values.number(entry['txqlen'])}"
    if entry.get("group", "default") != "default":
        yield f"{begin} group {values.word(entry['group'])}"
    for name in values.words(entry.get("altnames", [])):
        yield f"link property add dev {link.name} altname {name}"
    if values.WORD.fullmatch(alias := str(entry.get("ifalias", ""))):
        yield f"{begin} alias {alias}"
    for flag, words in SWITCHES.items():
        if flag in link.flags and link.name != "lo":
            yield f"{begin} {words}"
    if link.name != "lo" and ("NOARP" in link.flags or not link.is_ethernet):
        yield f"{begin} arp off"
    if link.kind == "bridge":
        yield from _options(begin, "bridge", "info_data", entry, BRIDGE)


def port_settings(link: Link, entry: Json) -> Iterator[str]:
    """The lines that put a device on its master."""
    begin = f"link set dev {link.name}"
    if link.master:
        yield f"{begin} master {link.master}"
        if _info(entry).get("info_slave_kind") == "bridge":
            yield from _options(begin, "bridge_slave", "info_slave_data", entry, PORT)


def without_carrier(links: list[Link]) -> Iterator[str]:
    """The lines after which each bridge that has lost its last port is as one that has."""
    masters = {link.master for link in links}
    for link in links:
        lost = link.is_up and "LOWER_UP" not in link.flags
        if link.kind == "bridge" and lost and link.name not in masters:
            yield "link add lost0 type veth peer name lost1"
            yield from (f"link set {end} up" for end in ("lost0", "lost1"))
            yield f"link set lost0 master {link.name}"
            yield "link del lost0"


def new_bridges(links: list[Link]) -> set[str]:
    """The bridges that have had no port yet, whose MAC nobody sees.

    They have a carrier, which the kernel takes from one that is given a MAC
    (br_port_state_selection).
    """
    masters = {link.master for link in links}
    bridges = [link for link in links if link.kind == "bridge" and link.name not in masters]
    return {link.name for link in bridges if "LOWER_UP" in link.flags}


def _info(entry: Json) -> Json:
    return values.table(entry.get("linkinfo") or {})


def _options(
    begin: str, kind: str, where: str, entry: Json, usual: Mapping[str, int]
) -> Iterator[str]:
    """A line for each of these options that is not as usual, so that none takes others with it."""
    data = values.table(_info(entry).get(where) or {})
    for name, value in usual.items():
        found = values.number(int(data.get(name, value)))
        if found != value:
            word = ("off", "on")[found] if isinstance(value, bool) else found
            yield f"{begin} type {kind} {name} {word}"
