"""How each promise of a mode is tried: from where, to which address, by which command.

Pure: the network, the host's facts and what the user calls outside. No packet is made up for an
address that neither the machine's own addresses and routes nor the user named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netmodes.commands.addresses import bare
from netmodes.engine.record import Outcome
from netmodes.machine.facts import Facts, Json
from netmodes.plan.network import Network
from netmodes.plan.promise import Promise
from netmodes.plan.step import in_namespace
from netmodes.plan.undo import Argv

#: How long a question to a name server may take, however many there are, and that each is asked
#: once (resolv.conf(5)); and that errors are said in English.
ASK = ("timeout", "2", "env", "LC_ALL=C", "RES_OPTIONS=timeout:1 attempts:1")

#: What `ping` says where a name server has answered: no such name, or no address for it.
ANSWERS = ("Name or service not known", "No address associated with hostname")

#: What a mode's own machine cannot try.
FROM_THE_LAN = "only a machine of the LAN can try it: `ping {}` there"

NO_GATEWAY = "the host has no default route that names a gateway"
NAME_ONE = ": `--outside ADDR` names an address outside"


@dataclass(frozen=True)
class Probe:
    """One try of a promise.

    Args:
        promise: the promise.
        tried: the address or name it is tried with; "" if there is none.
        argv: the command; () where it cannot be tried.
        untried: why not, one sentence.
        source: the namespace that it is tried from; "" the host.
    """

    promise: Promise
    tried: str
    argv: Argv = ()
    untried: str = ""
    source: str = ""


def probes(network: Network, host: Facts, outside: str, name: str = "") -> Iterator[Probe]:
    """Every promise with how it is tried, one or more for each.

    Args:
        network: the network.
        host: the host's facts.
        outside: an address that stands for the outside; "" for the default route's gateway.
        name: a name to look up; "" only asks whether the name server answers.
    """
    for promise in network.promises:
        if promise.source == "namespace":
            yield from _from_namespace(network, promise, host, outside, name)
        elif promise.source == "host":
            yield _from_host(network, promise, host)
        elif promise.source == "neighbour":
            yield from _from_neighbours(network, promise, host)
        else:
            yield Probe(promise, "", untried=FROM_THE_LAN.format(_address(network)))


def _from_host(network: Network, promise: Promise, host: Facts) -> Probe:
    """To the gateway by the default route's own device: else another may answer in its place."""
    if promise.target == "namespace":
        return Probe(promise, _address(network), ping(_address(network), "-t", "1"))
    found = gateways(host)
    if not found:
        return Probe(promise, "", untried=NO_GATEWAY)
    gateway, device = found[0]["gateway"], found[0]["dev"]
    return Probe(promise, gateway, ping(gateway, "-I", device))


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
    """The addresses that stand for a target, and what to say if there is none."""
    if promise.target == "itself":
        return [_address(network)], ""
    if promise.target in ("the host's end of the cable", "the bridge"):
        return [_host_address(network)], ""
    if promise.target == "the host's other addresses":
        others = {str(found.ip): None for found in host.every_address()}
        return [
            found for found in others if found != _host_address(network)
        ], "the host has no other"
    if promise.target == "outside" and outside:
        return [outside], ""
    none = NO_GATEWAY + (NAME_ONE if promise.target == "outside" else "")
    return [route["gateway"] for route in gateways(host)[:1]], none


def gateways(host: Facts) -> list[Json]:
    """The default routes that name a gateway, the preferred one first."""
    routes = sorted(host.default_routes(), key=lambda route: route.get("metric", 0))
    return [route for route in routes if "gateway" in route]


def _from_neighbours(network: Network, promise: Promise, host: Facts) -> Iterator[Probe]:
    """From every other network of ours on the bridge."""
    bridge = network.topology.bridge
    others = [
        other.name
        for other in host.known("networks")
        if other.topology.bridge == bridge and other.name != network.name
    ]
    if not others:
        yield Probe(promise, "", untried=f"no other network of ours is on {bridge}")
    for other in others:
        address = _address(network)
        yield Probe(promise, address, in_namespace(other, *ping(address, "-t", "1")), source=other)


def _address(network: Network) -> str:
    return bare(network.topology.address)


def _host_address(network: Network) -> str:
    """The host's address on the network; "" where it has none."""
    return bare(network.topology.host_address)


def ping(target: str, *options: str) -> Argv:
    """One ping and a second's patience: a second one might go another way, for a redirect.

    With ``-t 1`` no router passes it on: it gets to who is next, or to nobody.
    """
    return ("ping", "-n", "-c", "1", "-W", "1", *options, target)


def is_answered(looked_up: Outcome) -> bool:
    """Whether a name server has answered, if only that there is no such name."""
    return any(words in looked_up.stderr for words in ANSWERS)


def look_up(name: str) -> Argv:
    """A look-up of a name; or, for "", of the root ("."), which every name server can answer.

    The root has no address, so that no packet goes anywhere but to the name server; what ``ping``
    says of it tells whether that one has answered.
    """
    return (*ASK, "getent", "ahostsv4", name) if name else (*ASK, "ping", "-c", "1", ".")
