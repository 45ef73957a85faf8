"""Requirements of more than one mode."""

from collections.abc import Iterator
from ipaddress import IPv4Interface, ip_interface

from netmodes.commands import looks
from netmodes.machine.entries import PART, Address, Link
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look, literal
from netmodes.plan.requirement import Requirement

#: Asks who has these addresses, all at once, and lists what the kernel knows: each question ends
#: with its answer, or after a second, for a phone that sleeps lets others wait.
ASKED = """\
for ip; do
    { ip neigh flush to $ip dev $0; ip neigh replace $ip dev $0 use; ping -I $0 -c 1 -W 1 $ip; } &
done >/dev/null 2>&1
wait
for ip; do ip -4 neigh show to $ip dev $0 || exit; done
"""

#: Lists the routes in each of these subnets, and around it within the one that follows.
OVERLAPS = """\
while [ $# != 0 ]; do
    echo "route show table all root $1"
    echo "route show table all root $2 match $1"
    shift 2
done | ip -4 -batch -
"""

#: What to do where a script was rendered for another machine, or for this one as it was.
AGAIN = "export again"


def no_namespace(name: str) -> Requirement:
    """No namespace has this name."""
    otherwise = f"namespace {name} exists already: delete it or choose another name"
    return Requirement(looks.files(f"^/run/netns/{literal(name)} (.)"), False, otherwise)


def no_device(name: str) -> Requirement:
    """No device of the host has this name, nor this altname."""
    otherwise = f"device {name} exists already: delete it or choose another name"
    look = looks.links(looks.named(name), rf'"altnames":\[[^]]*("{literal(name)}")')
    return Requirement(look, False, otherwise)


def is_there(name: str) -> Requirement:
    """The host has a device of this name."""
    otherwise = f"there is no device {name} on this machine: {AGAIN}, with its `netmodes facts`"
    return Requirement(looks.links(looks.named(name)), True, otherwise)


def is_port(device: str, bridge: str) -> Iterator[Requirement]:
    """The device is a port of the bridge."""
    yield is_there(device)
    yield _has(device, f'"master":"{literal(bridge)}"', f"{device} is no port of {bridge}")


def is_bridge(name: str, address: str) -> Iterator[Requirement]:
    """The device is a bridge, and has this address in CIDR."""
    yield is_there(name)
    yield _has(name, '"info_kind":"bridge"', f"{name} is no bridge")
    interface = ip_interface(address)
    yield _has_address(name, Address(interface.ip, interface.network.prefixlen))


def no_overlap(address: str) -> Iterator[Requirement]:
    """No route of the host overlaps the subnet of an address in CIDR.

    A default route does not count, nor a part of one.
    """
    subnet = ip_interface(address).network
    around = ip_interface(f"{subnet.network_address}/{PART + 1}").network
    show = ("ip", "-4", "route", "show", "table", "all", "root")
    otherwise = f"{subnet} overlaps a route of the host: choose an address of another subnet"
    for routes in ((*show, str(subnet)), (*show, str(around), "match", str(subnet))):
        yield Requirement(Look(routes, ("(.)",)), False, otherwise)


def no_overlaps(addresses: list[str]) -> Requirement:
    """The same for the subnet of each of these addresses, asked by one process."""
    subnets = [ip_interface(address).network for address in addresses]
    wide = [subnet.supernet(max(0, subnet.prefixlen - PART - 1)) for subnet in subnets]
    pairs = [str(one) for pair in zip(subnets, wide, strict=True) for one in pair]
    otherwise = f"a subnet from {subnets[0]} to {subnets[-1]} overlaps a route of the host"
    look = Look(("sh", "-c", OVERLAPS, "sh", *pairs), ("(.)",))
    return Requirement(look, False, f"{otherwise}: choose other addresses")


def uplink_unchanged(name: str, facts: Facts) -> Iterator[Requirement]:
    """The uplink's MAC, addresses and default routes are those that the plan was rendered for."""
    yield is_there(name)
    for kind in ("bridge", "bond"):
        slave = looks.links(f'{looks.named(name)}.*"info_slave_kind":"{kind}"')
        yield Requirement(slave, False, f"{name} is a port of a {kind}: {AGAIN}")
    mac = (facts.link(name) or Link("")).mac
    ether = f'"link_type":"ether","address":"{literal(mac)}"'
    yield _has(name, ether, f"{name} has another MAC than {mac}")
    for address in facts.global_addresses(name):
        yield _has_address(name, address)
    for route in facts.default_routes(name):
        via = route.words("gateway", "dev")
        show = Look(("ip", "-4", "route", "show", "default"), (f"({literal(via)}) ",))
        yield Requirement(show, True, f"there is no route `{via}`: {AGAIN}")


def _has(name: str, pattern: str, otherwise: str) -> Requirement:
    """The device's entry has what a pattern matches."""
    look = looks.links(f"{looks.named(name)}.*{pattern}")
    return Requirement(look, True, f"{otherwise}: {AGAIN}")


def _has_address(name: str, address: Address) -> Requirement:
    """The device has an address."""
    found = f'"local":"{literal(str(address.ip))}"[^}}]*"prefixlen":{address.prefixlen},'
    return _has(name, found, f"{name} has no address {address}")


def nobody_has(addresses: list[str], device: str, facts: Facts) -> Iterator[Requirement]:
    """No machine on the LAN answers for these addresses, given without a prefix length.

    The kernel asks by ARP, which machines answer even if they drop pings: because of a ping, or of
    an entry in use where the firewall lets no ping out. The old neighbour entry goes first, for it
    may be out of date. A device that is down asks nobody.
    """
    if not (facts.link(device) or Link("")).is_up:
        return
    argv = ("sh", "-c", ASKED, device, *addresses)
    if len(addresses) > 2:  # of several namespaces
        found = Look(argv, ("^(([0-9.]+)) .*REACHABLE",), f"{literal(addresses[-1])} ", item=1)
        otherwise = f"an address from {addresses[0]} to {addresses[-1]} is taken on the LAN"
        yield Requirement(found, False, f"{otherwise}: choose others", asks=True)
        return
    every = ".*".join(f"{literal(address)} " for address in addresses)
    for address in addresses:
        look = Look(argv, (f"^({literal(address)}) .*REACHABLE",), every)
        otherwise = f"{address} is taken on the LAN: choose another"
        yield Requirement(look, False, otherwise, asks=True)


def not_elsewhere(address: str, device: str, facts: Facts) -> Iterator[Requirement]:
    """The host's own way to this address, in CIDR, leads to its subnet: the kernel says so.

    By a device that is down there is no way at all.
    """
    if not (facts.link(device) or Link("")).is_up:
        return
    interface = IPv4Interface(address)
    links: list[Link] = facts.known("links")
    near = [one.name for one in links if interface.network in (own.network for own in one.ipv4)]
    ip, out = str(interface.ip), "|".join(map(literal, dict.fromkeys([device, *near])))
    get = Look(("ip", "route", "get", ip), (f"^({literal(ip)}) dev ({out}) ",))
    otherwise = f"the host has another way to {ip}: choose another address, or try `netmodes nat`"
    yield Requirement(get, True, otherwise, asks=True)
