"""The host's NIC that leads outside: what keeps it from being bridged, what must stay as it is."""

from __future__ import annotations

from collections.abc import Iterator

from netmodes.errors import Refused
from netmodes.machine.facts import Facts, kind, route_words, written
from netmodes.plan.finding import Finding
from netmodes.plan.requirement import Requirement

#: What a manager of the uplink may do while it is a port, and the one line that tells it not to.
MANAGERS = {
    "NetworkManager": (
        "may take {0} out of the bridge, or give it an address again",
        "nmcli device status",
        "nmcli device set {0} managed no",
    ),
    "systemd-networkd": (
        "may give {0} its address again",
        "networkctl status {0}",
        "printf '[Match]\\nName={0}\\n[Link]\\nUnmanaged=yes\\n' "
        ">/run/systemd/network/00-{0}.network && networkctl reload",
    ),
}

#: The same for a DHCP client.
DHCP_CLIENT = (
    "gives {0} its address again when it renews the lease",
    "pgrep -af '{1}.*{0}'",
    "pkill -STOP -f '{1}.*{0}'",
)

#: Drivers of NICs behind which a cloud or hypervisor keeps watch over MACs, and who that is.
VIRTUAL = {
    "e1000": "VirtualBox, VMware or QEMU",
    "ena": "Amazon EC2",
    "gve": "Google Cloud",
    "gvnic": "Google Cloud",
    "hv_netvsc": "Hyper-V or Azure",
    "mana": "Azure",
    "vif": "Xen",
    "virtio_net": "a virtual machine",
    "vmxnet3": "VMware",
}

#: Modes of a bond that write its own MACs into what passes (kernel: networking/bonding.rst).
REWRITING = ("balance-tlb", "balance-alb")


def validate_uplink(name: str, facts: Facts) -> None:
    """Refuse an uplink that cannot become a port of a bridge (docs/kernel.md#busy-uplinks).

    Raises:
        Refused: it says which and what to do.
    """
    for finding in uplink_errors(name, facts):
        raise Refused(str(finding))


def uplink_errors(name: str, facts: Facts) -> Iterator[Finding]:
    """What keeps this uplink from becoming a port of a bridge: nothing, or the first thing."""
    link, other = facts.link(name), suggestion(name, facts)
    if link is None:
        what = f"there is no device {name}"
    elif "LOOPBACK" in link.get("flags", []):
        what = f"{name} is the loopback and leads nowhere"
    elif "master" in link:
        what = f"{name} is enslaved to {link['master']} already"
    elif children := facts.children(name):
        what = f"{name} carries {', '.join(children)} and cannot be bridged"
        other = "remove that first, or choose another uplink"
    elif link.get("link_type") != "ether":
        what = f"{name} is no Ethernet device and cannot be bridged"
    elif kind(link) == "bridge":
        what = f"{name} is a bridge and cannot be a port of another"
    elif facts.nic(name).get("wireless") == "station":
        what = f"{name} is wireless and cannot be bridged, for its access point takes one MAC only"
        other = "use `netmodes nat`, or choose another uplink"
    else:
        return
    evidence = f"ip -d link show dev {name}" if link else "ip link"
    yield Finding("error", what, evidence, advice=other, about=name)


def suggestion(refused: str, facts: Facts) -> str:
    """What to do instead, with the NIC of the default route, if it is another."""
    devices = [route["dev"] for route in facts.default_routes() if "dev" in route]
    nics = [nic for device in devices if (nic := behind(device, facts)) != refused]
    if nics:
        return f"the default route goes through {nics[0]} (`--uplink {nics[0]}`)"
    return "name the NIC that leads outside (`ip link` shows all)"


def behind(device: str, facts: Facts) -> str:
    """The NIC by which a device leads outside: behind a bridge of ours is its uplink."""
    uplinks = (one.topology.uplink for one in facts.on_bridge(device) if one.topology.uplink)
    return next(uplinks, device)


def uplink_warnings(name: str, facts: Facts) -> Iterator[Finding]:
    """What an uplink that can be bridged may do to it, or cost."""
    for manager in (facts.managers or {}).get(name, ()):
        does, evidence, fix = (
            text.format(name, manager) for text in MANAGERS.get(manager, DHCP_CLIENT)
        )
        yield Finding("warning", f"{manager} {does}", evidence, fix=fix, about=name)
    yield from _hardware(name, facts.nic(name))
    info = (facts.link(name) or {}).get("linkinfo", {})
    data, evidence = info.get("info_data", {}), f"ip -d link show dev {name}"
    if info.get("info_kind") == "vlan":
        what = f"{name} is a VLAN: what is bridged with it is in VLAN {data.get('id', '?')} alone"
        advice = "leave it, if that is the LAN to join"
        yield Finding("warning", what, evidence, advice=advice, about=name)
    if info.get("info_kind") == "bond" and data.get("mode") in REWRITING:
        what = f"{name} is a bond in mode {data['mode']}, which writes its own MACs into frames"
        advice = "give the bond mode active-backup or 802.3ad"
        yield Finding("warning", what, evidence, advice=advice, about=name)


def _hardware(name: str, nic: dict[str, str]) -> Iterator[Finding]:
    """What the NIC itself may drop: frames of a MAC that is not its own."""
    if nic.get("wireless") == "unknown":
        what = f"{name} is wireless: unless it is an access point it cannot be bridged"
        evidence, advice = f"iw dev {name} info", "use `netmodes nat`"
        yield Finding("warning", what, evidence, advice=advice, about=name)
    if (owner := VIRTUAL.get(nic.get("driver", ""))) is not None:
        what = f"{name} is a NIC of {owner}, whose network may drop frames of other MACs"
        evidence = f"ls -l /sys/class/net/{name}/device/driver"
        advice = "allow it other MACs (MAC spoofing), or use `netmodes nat`"
        yield Finding("warning", what, evidence, advice=advice, about=name)


def addresses_on_port(name: str, facts: Facts) -> Iterator[Finding]:
    """The article's trap: an address on a port of a bridge or bond; a VRF's may have one."""
    link = facts.link(name) or {}
    master = link.get("master", "")
    found = facts.addresses(name)
    if master and found and kind(facts.link(master) or {}) != "vrf":
        what = (
            f"{name} is a port of {master}, yet has {', '.join(map(str, found))}, "
            "from where nothing that is sent gets an answer"
        )
        evidence, remedy = f"ip addr show dev {name}", _to_one_place(name, master, facts)
        yield Finding("error", what, evidence, about=name, **remedy)


def _to_one_place(port: str, master: str, facts: Facts) -> dict[str, str]:
    """What makes it one place again where the host has its address, without taking that away."""
    addresses = facts.addresses(port)
    ours = [one for one in facts.on_bridge(master) if one.topology.uplink]
    if set(addresses) <= set(facts.addresses(master)):
        each = [f"ip addr del {address} dev {port}" for address in addresses]
        return {"fix": " && ".join(each)}
    if ours:
        names = " ".join(network.name for network in ours)
        return {"advice": f"`netmodes down {names}`, then put it up without --verbatim"}
    return {"fix": f"ip link set {port} nomaster"}


def unchanged(name: str, facts: Facts) -> Iterator[Requirement]:
    """MAC, addresses and default routes are still those the plan was rendered for."""
    again = f"{name} is not as it was when this was rendered: export again"
    for slave in ("bridge_slave", "bond_slave"):
        yield Requirement(("ip", "-o", "link", "show", "dev", name, "type", slave), None, again)
    mac = (facts.link(name) or {}).get("address", "")
    yield Requirement(("ip", "-o", "link", "show", "dev", name), f"link/ether {mac} ", again)
    for address in facts.global_addresses(name):
        text = f"{address['family']} {written(address)} "
        yield Requirement(("ip", "-o", "addr", "show", "dev", name), text, again)
    for route in facts.default_routes(name):
        via = f"{route_words(route, ('gateway', 'dev'))} "
        yield Requirement(("ip", "-4", "route", "show", "default"), via, again)
