"""How each promise of a mode is tried: from where, to which address, by which command.

Pure functions of the network, the host's facts and the user's outside address. Only addresses of
this machine and its routes, and the one that the user named, are tried.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netmodes.commands.addresses import bare
from netmodes.commands.publish import parse
from netmodes.engine.record import Outcome
from netmodes.firewall.questions import UNUSED
from netmodes.machine.entries import Route
from netmodes.machine.facts import Facts
from netmodes.machine.path import find
from netmodes.plan.network import Network
from netmodes.plan.promise import Promise
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv

#: Goes before a look-up: it ends after two seconds, asks each name server once (resolv.conf(5)) and
#: prints its errors in English.
ASK = ("timeout", "2", "env", "LC_ALL=C", "RES_OPTIONS=timeout:1 attempts:1")

#: What ``ping`` says if a name server answered: no such name, or no address for it.
ANSWERS = ("Name or service not known", "No address associated with hostname")

#: Why a published port is not tried.
BY_LISTENER = "only who listens there can tell whether a datagram arrives"

#: Why this machine cannot try a promise that begins at a machine of the LAN.
FROM_THE_LAN = "only a machine of the LAN can try it: `{}` there"

#: What connects; netmodes itself may be run by a Python that is not on PATH.
PYTHON = "python3" if find("python3") else sys.executable

#: Targets on other machines, which may choose not to answer: their silence proves nothing.
THEIRS = ("the gateway", "outside", "a name", "its published ports")

NO_GATEWAY = "the host has no default route that names a gateway"
NAME_ONE = ": `--outside ADDR` names an address outside"


@dataclass(frozen=True)
class Probe:
    """One try of a promise.

    Args:
        tried: the address or name; "" if there is none.
        argv: the command; () if the promise cannot be tried.
        untried: why not, one sentence.
        source: the namespace that it is tried from; "" for the host.
    """

    promise: Promise
    tried: str
    argv: Argv = ()
    untried: str = ""
    source: str = ""


def probes(network: Network, host: Facts, outside: str, name: str = "") -> Iterator[Probe]:
    """The tries of every promise, one or more for each.

    Args:
        outside: an address outside to try; "" for the default route's gateway.
        name: a name to look up; "" to ask only whether the name server answers.
    """
    for promise in network.promises:
        if promise.source == "namespace":
            yield from _from_namespace(network, promise, host, outside, name)
        elif promise.target == "its published ports":
            yield from _to_ports(network, promise, host)
        elif promise.source == "host":
            yield _from_host(network, promise, host)
        elif promise.source == "neighbour":
            yield from _from_neighbours(network, promise, host)
        else:
            yield Probe(promise, "", untried=FROM_THE_LAN.format(f"ping {_address(network)}"))


def _from_host(network: Network, promise: Promise, host: Facts) -> Probe:
    """The host's ping; the one to the gateway leaves by the default route's device."""
    if promise.target == "namespace":
        return Probe(promise, _address(network), ping(_address(network), "-t", "1"))
    found = gateways(host)
    if not found:
        return Probe(promise, "", untried=NO_GATEWAY)
    gateway = str(found[0].gateway)
    return Probe(promise, gateway, ping(gateway, "-I", found[0].dev))


def _to_ports(network: Network, promise: Promise, host: Facts) -> Iterator[Probe]:
    """A connection to each published port, at the first address of the host that is elsewhere."""
    first = host.addresses(host.exit) if host.exit else []  # the LAN may know no other
    addresses = [str(found.ip) for found in (*first, *host.every_address())]
    address = next((one for one in addresses if one != _host_address(network)), "127.0.0.1")
    for port in parse(network.published):
        tried, udp = f"{address}:{port}", "u" * (port.protocol == "udp")
        if promise.source == "outside":
            yield Probe(
                promise, tried, untried=FROM_THE_LAN.format(f"nc -vz{udp} {address} {port.host}")
            )
        elif udp:
            yield Probe(promise, tried, untried=BY_LISTENER)
        else:
            yield Probe(promise, tried, connection(address, port.host, hops=64))


def _from_namespace(
    network: Network, promise: Promise, host: Facts, outside: str, name: str
) -> Iterator[Probe]:
    inner = network.name
    if promise.target == "a name":
        yield Probe(promise, name, in_namespace(inner, *look_up(name)), source=inner)
        return
    addresses, none = _targets(network, promise, host, outside)
    if not addresses:
        yield Probe(promise, "", untried=none)
    for address in addresses:
        yield Probe(promise, address, in_namespace(inner, *ping(address)), source=inner)


def _targets(
    network: Network, promise: Promise, host: Facts, outside: str
) -> tuple[list[str], str]:
    """The addresses of a target, and what to say if there is none."""
    if promise.target == "itself":
        return [_address(network)], ""
    if promise.target in ("the host's end of the cable", "the bridge"):
        return [_host_address(network)], ""
    if promise.target == "the host's other addresses":
        every = dict.fromkeys(str(found.ip) for found in host.every_address())
        others = [address for address in every if address != _host_address(network)]
        others += [] if promise.reachable else _addresses_6(network, host)
        return _on_the_way(others, network), "the host has no other"
    if promise.target == "outside" and outside:
        return [outside], ""
    if router := _router(network):
        return [router], ""
    none = NO_GATEWAY + (NAME_ONE if promise.target == "outside" else "")
    routes = _ways_out(host)[:1] + ([] if promise.reachable else _gateways_6(host)[:1])
    return [str(route.gateway) for route in routes], none


def _router(network: Network) -> str:
    """The namespace's own gateway, unless that is the host; "" for none."""
    gateway = network.topology.gateway
    return "" if gateway == _host_address(network) else gateway


def _on_the_way(addresses: list[str], network: Network) -> list[str]:
    """Of the host's addresses those that the namespace's routes lead to; a router may know none."""
    subnets = [IPv4Network(subnet) for subnet in network.topology.subnets]
    if not _router(network):
        return addresses
    return [one for one in addresses if any(IPv4Address(one) in subnet for subnet in subnets)]


def gateways(host: Facts) -> list[Route]:
    """The default routes that name a gateway, the preferred one first."""
    return _with_gateway(host.default_routes())


def _ways_out(host: Facts) -> list[Route]:
    """The same, but by the device that leads outside, where that is another's, as a VPN's."""
    routes = gateways(host)
    if host.exit is None or host.exit in [route.dev for route in routes[:1]]:
        return routes
    return _with_gateway([one for one in host.known("routes") if one.dev == host.exit])


def _gateways_6(host: Facts) -> list[Route]:
    """The same of IPv6, without those that a link-local address names, which is any link's."""
    routes = _with_gateway([route for route in host.routes6 or () if route.is_default])
    return [route for route in routes if route.gateway and not route.gateway.is_link_local]


def _with_gateway(routes: list[Route]) -> list[Route]:
    routes = sorted(routes, key=lambda route: route.metric or 0)
    return [route for route in routes if route.gateway is not None]


def _addresses_6(network: Network, host: Facts) -> list[str]:
    """The host's global IPv6 addresses, without those of its end of the network."""
    names = [link.name for link in host.known("links")]
    others = [name for name in names if name != network.topology.ingress]
    found = [one for name in others for one in host.ipv6_addresses(name)]
    return [str(one.ip) for one in found if one.scope == "global"]


def _from_neighbours(network: Network, promise: Promise, host: Facts) -> Iterator[Probe]:
    """From every other network of ours on the bridge."""
    bridge, address = network.topology.bridge, _address(network)
    found = (one for one in host.on_bridge(bridge) if one.state != "at work")
    others = [one.name for one in found if one.name != network.name]
    if not others:
        yield Probe(promise, "", untried=f"no other network of ours is on {bridge}")
    for other in others:
        yield Probe(promise, address, in_namespace(other, *ping(address, "-t", "1")), source=other)


def _address(network: Network) -> str:
    return bare(network.topology.address)


def _host_address(network: Network) -> str:
    """The host's address on the network; "" where it has none."""
    return bare(network.topology.host_address)


def ping(target: str, *options: str) -> Argv:
    """One ping, which waits a second; a redirect might send a second ping another way.

    With ``-t 1`` no router forwards it, so that only the next hop can answer.
    """
    return ("ping", "-n", "-c", "1", "-W", "1", *options, target)


def connection(
    target: str, port: object = UNUSED, own: int = 0, hops: int = 1, seconds: float = 1
) -> Argv:
    """A connection, from a port of its own or 0; if nothing else is said to a port that hardly
    anybody has, and no router forwards it. A machine that answers no pings may refuse it."""
    sent = f"s.bind(('', {own})); s.connect(({target!r}, {port}))"
    told = f"s = socket.socket(); s.settimeout({seconds}); s.setsockopt(0, 2, {hops}); {sent}"
    return (PYTHON, "-c", f"import socket; {told}")


def is_answered(looked_up: Outcome) -> bool:
    """Whether a name server answered, if only that there is no such name."""
    return any(words in looked_up.stderr for words in ANSWERS)


def look_up(name: str) -> Argv:
    """A look-up of a name; "" looks up the root ("."), which every name server can answer.

    The root has no address, so that a packet goes to the name server alone; ``ping`` prints whether
    that answered.
    """
    return (*ASK, "getent", "ahostsv4", name) if name else (*ASK, "ping", "-c", "1", ".")
