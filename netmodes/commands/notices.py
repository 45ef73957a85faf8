"""What to know before a mode runs: findings about the machine, whatever its uplink."""

from collections.abc import Iterator
from ipaddress import IPv4Interface
from shlex import quote

from netmodes.commands.publish import shadowed, shut
from netmodes.commands.sysctl import device_key
from netmodes.machine.entries import Link
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network

FORWARDS_6 = "net.ipv6.conf.all.forwarding"


def before_up(facts: Facts) -> Iterator[Finding]:
    """What to know before any mode runs, from facts that every mode reads."""
    for link in facts.known("links"):
        if finding := addresses_on_port(link.name, facts):
            yield finding
    for network in facts.known("networks"):
        yield from leaks(network, facts)
        yield from shut(network, facts)
        yield from shadowed(network, facts)
        if network.state == "interrupted":
            name = network.name
            what = f"{name} was interrupted, and is neither up nor down"
            yield Finding("warning", what, "netmodes list", fix=f"netmodes down {name}", about=name)


def leaks(network: Network, facts: Facts) -> Iterator[Finding]:
    """What opens a network that is up, though its mode closed it: forwarding, and IPv6."""
    net, device = network.topology, network.topology.ingress
    if net.uplink or network.state not in ("up", "unconfirmed"):
        return
    if net.ends_at_host and f"net/ipv4/conf/{device}/forwarding" in (facts.with_ip_forward or ()):
        key = device_key(device, "ipv4.forwarding")
        what = f"the host passes on what comes in on {device} ({key} is 1)"
        yield Finding("error", what, f"sysctl {key}", fix=f"sysctl -w {key}=0", about=device)
    if facts.ipv6_addresses(device):
        level, what = "warning", f"{device} carries IPv6, by which a namespace can route the host"
        if (facts.sysctls or {}).get(FORWARDS_6) == "1":
            level, what = "error", f"the host passes on IPv6 that comes in on {device}"
        evidence, key = f"ip -6 addr show dev {device}", device_key(device, "ipv6.disable_ipv6")
        yield Finding(level, what, evidence, fix=f"sysctl -w {key}=1", about=device)


def addresses_on_port(name: str, facts: Facts) -> Finding | None:
    """The error of a port that has IPv4 addresses, or None (docs/kernel.md#address-on-a-port).

    Args:
        name: the device; a port of a bridge or bond has the error, a port of a VRF does not.
        facts: the machine.
    """
    master = (facts.link(name) or Link("")).master
    found = facts.addresses(name)
    if not master or not found or (facts.link(master) or Link("")).kind == "vrf":
        return None
    what = (
        f"{name} is a port of {master}, yet has {', '.join(map(str, found))}, "
        "so that nothing sent from there gets an answer"
    )
    evidence = f"ip addr show dev {quote(name)}"
    return Finding("error", what, evidence, about=name, **_without_addresses(name, master, facts))


def _without_addresses(port: str, master: str, facts: Facts) -> dict[str, str]:
    """The fix or advice that takes the addresses from the port, and leaves them to the host."""
    addresses = facts.addresses(port)
    there = facts.addresses(master)
    if all(one in there or one.ip.is_link_local for one in addresses):
        return {"fix": " && ".join(f"ip addr del {one} dev {quote(port)}" for one in addresses)}
    if ours := [network.name for network in facts.on_bridge(master) if network.topology.uplink]:
        return {"advice": f"`netmodes down {' '.join(ours)}`, then put it up without --verbatim"}
    return {"fix": f"ip link set {quote(port)} nomaster"}


def of_subnet(mode: str, address: str, facts: Facts) -> Iterator[Finding]:
    """Whether something that is not ours has the subnet of an address, which a mode takes first."""
    subnet = IPv4Interface(address).network
    ours = Facts(routes=[], networks=facts.networks).overlap(subnet)
    if (other := facts.overlap(subnet)) is not None and ours is None:
        routes = f"ip route show table all root {subnet}"
        yield Finding(
            "warning",
            f"{subnet}, which {mode} takes first, overlaps {other}",
            routes if "route" in other else "cat /etc/resolv.conf; echo $SSH_CONNECTION",
            advice=f"nothing: {mode} takes the next that is free, or what --address says",
        )


def no_way_out(facts: Facts) -> Iterator[Finding]:
    """The host has no address to send from, or no way outside, perhaps one of IPv6 alone."""
    ways = [one for one in facts.default_routes() if one.type == "unicast"]
    links: list[Link] = facts.known("links")
    own = [one for link in links for one in link.addresses if not (one.is_6 or one.ip.is_loopback)]
    if ways and not own:
        what = "the host has no IPv4 address, so nobody outside can answer what nat sends"
        advice = "use `netmodes host-only`, or give the host an address"
        yield Finding("error", what, "ip -4 addr", advice=advice)
    if facts.exit == "" and not ways:
        has_6 = any(one.is_default and one.type == "unicast" for one in facts.routes6 or ())
        what = "the host has no way outside by IPv4, so nat leads no further than the host does"
        advice = "use `netmodes host-only`, or give the host a default route"
        yield Finding("error" if has_6 else "warning", what, "ip -4 route", advice=advice)


def dummy_of_the_module(facts: Facts) -> Iterator[Finding]:
    """A dummy0 that came with the module: ``ip link add dummy0`` fails (docs/kernel.md#dummy0)."""
    link = facts.link("dummy0")
    if link is not None and link.kind == "dummy" and not facts.addresses("dummy0"):
        yield Finding(
            "warning",
            "the host has a dummy0, as the module makes one, so isolated takes another name",
            "ip -d link show dev dummy0",
            fix="ip link del dummy0",
            about="dummy0",
        )
