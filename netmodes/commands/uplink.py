"""Findings about an uplink: why it cannot be bridged, and what may go wrong if it can."""

from collections.abc import Iterator
from shlex import quote

from netmodes.commands import handover_routes, lan
from netmodes.errors import Refused
from netmodes.machine.entries import Link
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding

#: What a manager of the uplink may do while it is a port, what shows it, and what keeps it from
#: that (docs/kernel.md#managers). What networkd lets alone loses its addresses at once, so that is
#: for when they are on the bridge.
MANAGERS = {
    "NetworkManager": (
        "may take {0} out of the bridge, or give it an address again; `managed yes` undoes the fix",
        "nmcli device status",
        "nmcli device set {0} managed no",
    ),
    "systemd-networkd": (
        "gives {0} its address again if it is reconfigured, and cuts the host off; keep it from "
        "that once the network is up, not before, and remove the file after `netmodes down`",
        "networkctl status {0}",
        "mkdir -p /run/systemd/network && printf '[Match]\\nName={0}\\n[Link]\\nUnmanaged=yes\\n' "
        ">/run/systemd/network/00-{0}.network && networkctl reload",
    ),
}

#: The same for a DHCP client, which is a process.
DHCP_CLIENT = (
    "gives {0} its address again when it renews the lease; stop it meanwhile, and have it go on by "
    "-CONT after `netmodes down`",
    "ps -fp {1}",
    "kill -STOP {1}",
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

#: Kinds of tunnel, which may be bound to a device.
TUNNELS = (
    *("vxlan", "gre", "gretap", "erspan", "ipip", "sit", "vti", "xfrm"),
    *("ip6gre", "ip6gretap", "ip6erspan", "ip6tnl", "vti6"),
)

#: What to do where a NIC cannot be a port at all.
NAT = "use `netmodes nat`, or choose another uplink"

#: Modes of a bond that write its own MACs into what passes (kernel: networking/bonding.rst).
REWRITING = ("balance-tlb", "balance-alb")


def named(name: str, bridge: str, facts: Facts) -> str:
    """An uplink's own name, by any of its names; without one, that of the one bridge of ours.

    Args:
        name: its name or altname, or "".
        bridge: the bridge; "" for any.
        facts: the machine.
    """
    if name:
        return (facts.link(name) or Link(name)).name
    found = {one.topology.uplink for one in facts.on_bridge(bridge)} - {""}
    return found.pop() if len(found) == 1 else ""


def names(facts: Facts) -> Iterator[str]:
    """The names of the NICs that can be bridged, or are by a network of ours, with altnames."""
    for link in facts.known("links"):
        can_be = lan.subnets(link.name, facts) and not any(uplink_errors(link.name, facts))
        if can_be or facts.bridged(link.name):
            yield from (link.name, *link.altnames)


def validate_uplink(name: str, facts: Facts) -> None:
    """Refuse an uplink that cannot become a port of a bridge (docs/kernel.md#busy-uplinks)."""
    error = next(uplink_errors(name, facts), None)
    if error is not None:
        raise Refused(str(error))


def uplink_errors(name: str, facts: Facts) -> Iterator[Finding]:
    """Why an uplink cannot become a port of a bridge: its device, and each of its routes."""
    what, advice = _no_port(name, facts)
    if what:
        evidence = f"ip -d link show dev {name}" if facts.link(name) else "ip link"
        yield Finding("error", what, evidence, advice=advice, about=name)
    for route in facts.every_route():
        if name in (route.dev, *route.hops) and (words := handover_routes.unmovable(route)):
            yield Finding(
                "error",
                f"the route to {route.dst} has {words[0]}, which cannot move to a bridge",
                f"ip route show table all {route.dst}",
                advice="use `netmodes nat`, or make it a plain route",
                about=name,
            )


def _no_port(name: str, facts: Facts) -> tuple[str, str]:
    """Why a device cannot become a port of a bridge, and what to do; "" where it can."""
    link, advice = facts.link(name), suggestion(facts, name)
    if link is None:
        return f"there is no device {name}", advice
    if ours := next(
        (one for one in facts.known("networks") if one.topology.host_device == name), None
    ):
        return f"{name} is the cable of {ours.name} and leads nowhere else", advice
    if "LOOPBACK" in link.flags:
        return f"{name} is the loopback and leads nowhere", advice
    if link.master:
        return f"{name} is enslaved to {link.master} already", advice
    if children := facts.children(name):
        what = f"{name} carries {', '.join(children)} and cannot be bridged"
        return what, NAT
    if link.type != "ether":
        return f"{name} is no Ethernet device and cannot be bridged", advice
    if link.kind == "bridge":
        return f"{name} is a bridge and cannot be a port of another", advice
    if facts.nic(name).get("wireless") == "station":
        what = f"{name} is wireless and cannot be bridged, for its access point takes one MAC only"
        return what, NAT
    return "", ""


def suggestion(facts: Facts, refused: str = "") -> str:
    """Which NIC to name: that of the default route, unless that is refused, or no NIC."""
    outside = [behind(route.dev, facts) for route in facts.default_routes() if route.dev]
    links = [facts.link(name) or Link(name, type="ether") for name in outside if name != refused]
    nics = [quote(one.name) for one in links if one.type == "ether" and one.kind != "bridge"]
    if nics:
        return f"the default route goes through {nics[0]} (`--uplink {nics[0]}`)"
    return NAT if outside else "name the NIC that leads outside (`ip link` shows all)"


def behind(device: str, facts: Facts) -> str:
    """The NIC by which a device leads outside: behind a bridge of ours is its uplink."""
    uplinks = (one.topology.uplink for one in facts.on_bridge(device) if one.topology.uplink)
    return next(uplinks, device)


def uplink_warnings(name: str, facts: Facts) -> Iterator[Finding]:
    """What may go wrong with an uplink that can be bridged: managers, what is bound, hardware."""
    for manager in (facts.managers or {}).get(name, ()):
        program, _, process = manager.partition(" ")
        texts = MANAGERS.get(program, DHCP_CLIENT)
        does, evidence, fix = (text.format(name, process) for text in texts)
        yield Finding("warning", f"{program} {does}", evidence, fix=fix, about=name)
    yield from _bound(name, facts)
    yield from _hardware(name, facts.nic(name))
    link, evidence = facts.link(name) or Link(""), f"ip -d link show dev {name}"
    if link.vlan is not None:
        what = f"{name} is a VLAN: what is bridged with it is in VLAN {link.vlan} alone"
        advice = "ignore this if that is the LAN to join"
        yield Finding("warning", what, evidence, advice=advice, about=name)
    if link.bond_mode in REWRITING:
        what = f"{name} is a bond in mode {link.bond_mode}, which writes its own MACs into frames"
        advice = "give the bond mode active-backup or 802.3ad"
        yield Finding("warning", what, evidence, advice=advice, about=name)


def _bound(name: str, facts: Facts) -> Iterator[Finding]:
    """The tunnels and sockets that are bound to the NIC, for which a port hears nothing."""
    advice = "have them bound to the bridge meanwhile, or to no device"
    links: list[Link] = facts.known("links")
    on_it = [link for link in links if link.below == name and link.kind in TUNNELS]
    if tunnels := [f"{link.name} ({link.kind})" for link in on_it]:
        what = f"tunnels bound to {name} lead nowhere while it is a port: {', '.join(tunnels)}"
        yield Finding("warning", what, "ip -d link", advice=advice, about=name)
    if sockets := (facts.bound or {}).get(name):
        what = f"programs bound to {name} hear nothing while it is a port: {', '.join(sockets)}"
        yield Finding(
            "warning", what, f"ss -0tuwanp dev = {quote(name)}", advice=advice, about=name
        )


def ssh_session(name: str, facts: Facts) -> Iterator[Finding]:
    """The SSH session that goes through an uplink, and would go with it."""
    if name == facts.ssh:
        what, evidence = f"your SSH session goes through {name}", "echo $SSH_CONNECTION"
        yield Finding("warning", what, evidence, advice="use --confirm 60", about=name)


def _hardware(name: str, nic: dict[str, str]) -> Iterator[Finding]:
    """Why frames with another MAC than the NIC's may be dropped."""
    if nic.get("wireless") == "unknown":
        what = f"{name} is wireless: unless it is an access point it cannot be bridged"
        evidence, advice = f"iw dev {name} info", "use `netmodes nat`"
        yield Finding("warning", what, evidence, advice=advice, about=name)
    if (owner := VIRTUAL.get(nic.get("driver", ""))) is not None:
        what = f"{name} is a NIC of {owner}, whose network may drop frames of other MACs"
        evidence = f"ls -l /sys/class/net/{name}/device/driver"
        advice = "allow it other MACs (MAC spoofing), or use `netmodes nat`"
        yield Finding("warning", what, evidence, advice=advice, about=name)
