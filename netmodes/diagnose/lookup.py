"""Names: how the host and a namespace look one up, and why a namespace gets no answer."""

import shlex
from dataclasses import replace
from functools import partial

from netmodes.commands import dns
from netmodes.diagnose.inspection import Inspection
from netmodes.diagnose.probes import is_answered, look_up
from netmodes.diagnose.target import is_address, validate_host
from netmodes.diagnose.why.follow import ask_server, follow_packet
from netmodes.engine.runner import Runner
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.machine.resolv import Names, is_loopback
from netmodes.plan.answer import Answer
from netmodes.plan.finding import Finding
from netmodes.plan.look import Argv
from netmodes.plan.network import Network
from netmodes.plan.programs import missing
from netmodes.plan.step import in_namespace


def resolve_on_host(host_name: str, runner: Runner) -> tuple[str, str]:
    """The address as the host looks it up, and the name; "" if an address was given.

    Raises:
        Refused: it is no address, and the host finds none for it.
    """
    validate_host(host_name)
    if is_address(host_name):
        return host_name, ""
    found = _looked_up(look_up(host_name), runner)
    if not found:
        raise Refused(f"the host itself finds no address for {host_name}: give an IPv4 address")
    return found[0], host_name


def resolve_in_namespace(
    inspection: Inspection, host_name: str, runner: Runner
) -> tuple[str | None, Answer]:
    """The address as the namespace looks it up, or why it finds none."""
    if is_address(host_name):
        return host_name, Answer(())
    name, command = inspection.name, look_up(host_name)
    found = _looked_up(in_namespace(name, *command), runner)
    if found:
        return found[0], Answer((f"{host_name} is {found[0]}, says {name}'s resolver",))
    finding = no_answer(inspection, runner)
    if finding is None:
        what = f"there is no {host_name}, says the resolver {inspection.namespace.resolver}"
        evidence, advice = shlex.join(command), "see to its spelling"
        finding = inspection.finding("error", what, evidence, advice=advice, about=name)
    return None, Answer((), finding)


def _looked_up(argv: Argv, runner: Runner) -> list[str]:
    """What a look-up prints, the address first; nothing if there is none.

    Raises:
        Refused: ``getent`` is not installed (env(1) says so by its exit status).
    """
    done = runner.run(argv)
    if done.status in (126, 127):
        raise Refused(str(missing("getent")))
    return done.stdout.split()


def asks_nobody(namespace: Facts) -> bool:
    """Whether a namespace looks for names in files alone (nsswitch.conf(5))."""
    sources = ((namespace.names or Names()).hosts or "files dns").split()
    return set(sources) <= {"files", "myhostname"}


def no_answer(inspection: Inspection, runner: Runner) -> Finding | None:
    """Why the namespace's name server gives no answers; None if it does."""
    name, server = inspection.name, inspection.namespace.resolver
    found = partial(inspection.finding, about=name)
    if asks_nobody(inspection.namespace):
        what = f"{name} asks nobody for names, as its nsswitch.conf has it"
        return found("error", what, "cat /etc/nsswitch.conf", advice="try it by an address")
    if lost := next(dns.nowhere(name, inspection.namespace.names or Names(), "error"), None):
        return lost
    evidence = "cat /etc/resolv.conf"
    if not is_address(server):
        what = f"{name} asks {server} for names, by IPv6, which is not followed here"
        return found("warning", what, evidence, advice="try it by an address")
    other = _other_resolver(inspection.network)
    if is_loopback(server):
        what = f"the resolver {server} cannot be reached: to {name} this is its own loopback"
        return found("error", what, evidence, advice=other)
    lost = follow_packet(inspection, server, "", runner, fresh=False, stands=True).finding
    if lost is None or lost.level != "error":
        asked, lost = ask_server(inspection, server, look_up(""), runner)
        if is_answered(asked):
            return None
    if lost is not None:
        return replace(lost, what=f"the resolver {server} cannot be reached: {lost.what}")
    what = f"the resolver {server} answers no questions"
    return found("error", what, evidence, advice=f"see that {server} does, or {other}")


def _other_resolver(network: Network) -> str:
    """How a namespace gets another name server."""
    if "dns" in network.parameters:
        return f"`netmodes down {network.name}`, then put it up with --dns IP"
    return f"name another in /etc/netns/{network.name}/resolv.conf"
