"""``why``: where a packet from a namespace is lost, found by a few tries and by what is there."""

from __future__ import annotations

import shlex
from dataclasses import replace
from functools import partial
from ipaddress import ip_address

from netmodes.diagnose.probes import inside, is_answered, look_up, ping
from netmodes.diagnose.target import is_address, parse_host, validate_machine
from netmodes.diagnose.why.stages import KNOWN, follow
from netmodes.diagnose.why.trace import Tries, Walk
from netmodes.engine.record import Outcome
from netmodes.engine.runner import Runner
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.read import host_facts, namespace_facts
from netmodes.plan.answer import Answer
from netmodes.plan.finding import Finding
from netmodes.plan.network import Network
from netmodes.plan.undo import Argv


def follow_target(network: Network, host_name: str, port: str, runner: Runner) -> Answer:
    """Follow a packet to a host and port, as ``target.parse`` gives them; see ``network.why``."""
    facts = host_facts(), namespace_facts(network.name)
    address, looked_up = resolve(network, host_name, runner, *facts)
    if address is None:
        return looked_up
    validate_machine(address, *facts)
    answer = follow_packet(network, address, port, runner, *facts)
    return replace(answer, hops=(*looked_up.hops, *answer.hops))


def follow_packet(
    network: Network,
    target: str,
    port: str,
    runner: Runner,
    host: Facts,
    within: Facts,
    *,
    fresh: bool = True,
) -> Answer:
    """Try the way to an address, and judge what came of it.

    Args:
        network: the network that the packet comes from.
        target: an IPv4 address.
        port: a TCP port, or "".
        runner: says and runs what is tried.
        host: the host's facts.
        within: the namespace's.
        fresh: have the neighbours on the way forgotten first.
    """
    walk = Walk(network, host, within, target, port, NOTHING)
    if fresh:
        forget(walk.name, runner)
    walk = replace(walk, tries=ask(walk, runner))
    for line in flushes(walk) if fresh else ():
        runner.run(line)
    return follow(replace(walk, tries=send(walk, runner)))


def foresee(network: Network, target: str, runner: Runner, host: Facts, within: Facts) -> Answer:
    """Judge the way to an address by what the kernel and the firewall would do; nothing is sent."""
    walk = Walk(network, host, within, target, "", NOTHING)
    return follow(replace(walk, tries=ask(walk, runner)), KNOWN)


#: What came of one try that was not made, and of all: before anything was tried.
UNTRIED = Outcome("", 1, "", "", 0.0)
NOTHING = Tries(UNTRIED, None, UNTRIED, UNTRIED, UNTRIED, None, UNTRIED, UNTRIED, None)


def ask(walk: Walk, runner: Runner) -> Tries:
    """Ask both kernels for the way, there and back."""
    get = ("ip", "-j", "route", "get")
    asked = [inside(walk.name, *get, walk.target), (*get, walk.address)]
    if walk.net.ingress:
        asked.append((*get, walk.target, "from", walk.address, "iif", walk.net.ingress))
    route, back, *passed = runner.together(asked)
    return replace(walk.tries, route=route, back=back, passed=passed[0] if passed else None)


def send(walk: Walk, runner: Runner) -> Tries:
    """Pings and a connection; then who has answered for a next hop, and who listens here."""
    sent = [inside(walk.name, *ping(walk.target)), ping(walk.target)]
    if walk.port:
        sent.append(inside(walk.name, *walk.connection))
    from_inside, from_host, *connected = runner.together(sent)
    shown: list[Argv] = [inside(walk.name, "ip", "-j", "neigh"), ("ip", "-j", "neigh")]
    if walk.port and (walk.is_own or walk.is_local):
        listeners = ("ss", "-Hltn", "sport", "=", f":{walk.port}")
        shown.append(inside(walk.name, *listeners) if walk.is_own else listeners)
    neighbours, host_neighbours, *listening = runner.together(shown)
    return replace(
        walk.tries,
        ping=from_inside,
        host_ping=from_host,
        connect=connected[0] if connected else None,
        neighbours=neighbours,
        host_neighbours=host_neighbours,
        listening=listening[0] if listening else None,
    )


def forget(name: str, runner: Runner) -> None:
    """Have a namespace ask for its neighbours anew, and forget where it was redirected to."""
    runner.run(inside(name, "ip", "neigh", "flush", "all"))
    runner.run(inside(name, "ip", "route", "flush", "cache"))


def flushes(walk: Walk) -> list[Argv]:
    """What has the host ask anew for the namespace, and for who takes the packet from the host."""
    ways = [(walk.address, walk.net.ingress), (walk.exit_hop, walk.exit)]
    return [
        ("ip", "neigh", "flush", "to", address, "dev", device)
        for address, device in ways
        if device and walk.host.link(device)
    ]


def resolve(
    network: Network, host_name: str, runner: Runner, host: Facts, within: Facts
) -> tuple[str | None, Answer]:
    """The address of a name as the namespace looks it up, or why it has none."""
    if is_address(host_name):
        return host_name, Answer(())
    name = network.name
    found = runner.run(inside(name, *look_up(host_name))).stdout.split()
    if found:
        return found[0], Answer((f"{host_name} is {found[0]}, says {name}'s resolver",))
    trouble = no_resolver(network, runner, host, within) or Finding(
        "error",
        f"there is no {host_name}, says the resolver {resolver(within)}",
        f"ip netns exec {name} {shlex.join(look_up(host_name))}",
        advice="see to its spelling",
        about=name,
        namespace=name,
    )
    return None, Answer((), trouble)


def resolver(within: Facts) -> str:
    """The name server that a namespace asks first; without any glibc asks its own loopback."""
    return next(iter(within.resolvers or ()), "127.0.0.1")


def asks_nobody(within: Facts) -> bool:
    """Whether a namespace looks for names in files alone (nsswitch.conf(5))."""
    sources = ((within.names or {}).get("hosts") or "files dns").split()
    return set(sources) <= {"files", "myhostname"}


def no_resolver(network: Network, runner: Runner, host: Facts, within: Facts) -> Finding | None:
    """Why a namespace's name server answers nothing, if so: no way to it, or it serves none."""
    name, server = network.name, resolver(within)
    found = partial(Finding, about=name, namespace=name)
    evidence = f"ip netns exec {name} cat /etc/resolv.conf"
    if asks_nobody(within):
        what = f"{name} asks nobody for names, as its nsswitch.conf has it"
        evidence = f"ip netns exec {name} cat /etc/nsswitch.conf"
        return found("error", what, evidence, advice="try it by an address")
    if not is_address(server):
        what = f"{name} asks {server} for names, by IPv6, which is not followed here"
        return found("warning", what, evidence, advice="try it by an address")
    if ip_address(server).is_loopback:
        what = f"the resolver {server} cannot be reached: to {name} this is its own loopback"
        return found("error", what, evidence, advice=other_resolver(network))
    lost = follow_packet(network, server, "", runner, host, within, fresh=False).finding
    if lost is not None and lost.level == "error":
        return replace(lost, what=f"the resolver {server} cannot be reached: {lost.what}")
    if is_answered(runner.run(inside(name, *look_up("")))):
        return None
    what = f"the resolver {server} answers no questions"
    advice = f"see that {server} does, or {other_resolver(network)}"
    return found("error", what, evidence, advice=advice)


def other_resolver(network: Network) -> str:
    """How a namespace gets another name server."""
    if "dns" in network.parameters:
        return f"`netmodes down {network.name}`, then put it up with --dns IP"
    return f"name another in /etc/netns/{network.name}/resolv.conf"


def find_host(host_name: str, runner: Runner) -> tuple[str, str]:
    """The address that stands for the outside, and the name if one was given.

    Raises:
        Refused: it is no address, and the host finds none for it.
    """
    parse_host(host_name)
    if is_address(host_name):
        return host_name, ""
    found = runner.run(look_up(host_name)).stdout.split()
    if not found:
        raise Refused(f"the host itself finds no address for {host_name}: give an IPv4 address")
    return found[0], host_name
