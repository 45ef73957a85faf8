"""Published ports: the host passes packets to its port on to the namespace.

This holds for packets from the LAN, from the host itself, also to 127.0.0.1, and from other
namespaces on the bridge.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from netmodes.commands import looks, nat, netfilter, sysctl
from netmodes.commands.addresses import bare
from netmodes.errors import Refused
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.look import Look
from netmodes.plan.network import Network, Topology
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.undo import Argv

SHAPE = re.compile(r"([0-9]{1,5}):([0-9]{1,5})(?:/(tcp|udp))?")

#: The table's chains. -100 is the priority ``dstnat``, whose name nft accepts in prerouting alone.
TABLE = """\
create chain {table} prerouting {{ type nat hook prerouting priority dstnat; }}
create chain {table} output {{ type nat hook output priority -100; }}
{to_host}create chain {table} postrouting {{ type nat hook postrouting priority srcnat; }}
add rule {table} postrouting ct status dnat ip daddr {address} ip saddr 127.0.0.0/8 masquerade
add rule {table} postrouting ct status dnat ip daddr {address} ip saddr {subnet} masquerade
"""

#: The rule for one port; ``fib daddr type local`` matches the addresses of the host.
TO_HOST = """\
add rule {table} {chain} fib daddr type local {protocol} dport {host} dnat to {address}:{port}
"""

#: The rules of nft and of iptables that already pass a port on.
BY_NFT = r"({0} dport (\{{ ([0-9, -]+, )?)?{1}[ ,].*(dnat|redirect))"
BY_IPTABLES = "(-p {0} .*--dports? ([0-9,:]+,)?{1}[ ,].*-j (DNAT|REDIRECT))"

#: A command, and the end of these flows, where conntrack(8) is installed.
END = '"$0" "$@" && {{ conntrack -D {} >/dev/null 2>&1 || :; }}'

#: NFT_NAME_MAXLEN (linux/netfilter/nf_tables.h) without `netmodes-publish-` and the final NUL.
LONGEST_TABLE = 238

WHY = "what comes to {} of the host is passed on to {}"
ENTERS = "what is passed on to {1} from {0} of the host may enter {2}"
LOCAL = "packets to the host's 127.0.0.1 may be passed on as well"


@dataclass(frozen=True, order=True)
class Port:
    """A port of the host, the namespace's port behind it, and "tcp" or "udp"."""

    host: int
    port: int
    protocol: str

    def __str__(self) -> str:
        return f"{self.host}/{self.protocol}"

    @property
    def written(self) -> str:
        """The text that ``parse`` reads, in its short form."""
        return f"{self.host}:{self.port}" + ("" if self.protocol == "tcp" else f"/{self.protocol}")


def validate(published: str, names: Argv) -> None:
    """Refuse invalid ports, and a namespace whose name is too long for an nft table."""
    namespace = names[0]
    if parse(published) and names[1:]:
        raise Refused(
            "a port of the host is passed on to one namespace, not to several: leave --publish "
            "out, or put that one up by itself"
        )
    if parse(published) and len(namespace) > LONGEST_TABLE:
        raise Refused(
            f"namespace name {namespace[:20]!r}… is too long to publish ports of: "
            f"at most {LONGEST_TABLE} characters"
        )


def parse(published: str) -> tuple[Port, ...]:
    """The ports of a text like ``8080:80,5353:53/udp``; "" has none.

    Raises:
        Refused: the text is no such list, or a port of the host is in it twice.
    """
    ports = tuple(map(_port, published.split(","))) if published else ()
    for port in ports:
        if [str(other) for other in ports].count(str(port)) > 1:
            raise Refused(f"port {port} is published twice: choose another port of the host")
    return ports


def normal(published: str) -> str:
    """The same ports in order, each in its short form: equal lists of ports have equal text."""
    return ",".join(port.written for port in sorted(parse(published)))


def _port(text: str) -> Port:
    found = SHAPE.fullmatch(text)
    if not found or not all(0 < int(number) < 65536 for number in found.group(1, 2)):
        raise Refused(f"{text!r} is no port of the host and one of the namespace, like 8080:80/udp")
    return Port(int(found[1]), int(found[2]), found[3] or "tcp")


def refuse_published(published: str, facts: Facts) -> None:
    """Refuse ports of which another network of ours publishes one."""
    for network in facts.known("networks"):
        taken = set(map(str, parse(network.published)))
        for port in parse(published):
            if str(port) in taken:
                raise Refused(
                    f"port {port} is published by {network.name}: choose another of the host's"
                )


def shut(network: Network, facts: Facts) -> Iterator[Finding]:
    """Published ports that are not in the bridge's set any more."""
    net, rules = network.topology, "\n".join(facts.nft or ())
    ports = parse(network.published) if "set published {" in rules else ()
    for port in ports:
        ip = bare(net.address)
        if looks.element(_element(port, ip)).word(rules) is None:
            what = f"{net.bridge} does not let in what comes to {port} of the host"
            evidence = f"nft list set ip netmodes-{nat.name(net.bridge)} published"
            fix = str(_enters_by_nft(port, ip, net.bridge))
            yield Finding("error", what, evidence, fix=fix, about=net.bridge)


def shadowed(network: Network, facts: Facts) -> Iterator[Finding]:
    """Programs of the host that listen at a port that is passed on meanwhile."""
    for port in parse(network.published):
        if program := (facts.listening or {}).get(str(port)):
            what = (
                f"{program} hears nothing by IPv4 at {port} of the host, which is {network.name}'s"
            )
            evidence = f"ss -lnp --{port.protocol} sport = :{port.host}"
            advice = "have it listen at another port, or publish another"
            yield Finding("warning", what, evidence, advice=advice, about=network.name)


def by_another_way(published: str, facts: Facts) -> Iterator[Finding]:
    """Addresses whose answers a rule of the host sends another way than a namespace's."""
    for address in facts.every_address():
        rules = [rule for rule in facts.rules or () if rule.source and address.ip in rule.source]
        if published and rules and facts.device_of(address) != facts.exit:
            what = (
                f"answers of a published port do not go by the rule for {address.ip}, so that what "
                f"comes to that address from beyond {address.network} gets none"
            )
            advice = "ignore this, or reach the port by another address of the host"
            yield Finding("warning", what, "ip -4 rule show", advice=advice)


def requirements(published: str, net: Topology, facts: Facts) -> Iterator[Requirement]:
    """No program on the host listens on these ports, no rule passes them on, and they may enter."""
    if published and net.joins and nat.has_nft(net.bridge, facts):
        otherwise = f"{net.bridge} has no set of published ports: take down all that is on it first"
        yield Requirement(looks.ruleset("set (published) "), True, otherwise, asks=True)
    for port in parse(published):
        listening = ("ss", "-ln", f"--{port.protocol}", f"sport = :{port.host}")
        otherwise = f"port {port} of the host is in use: publish another"
        look = Look(listening, ("^(LISTEN|UNCONN)",), "^State ")
        yield Requirement(look, False, otherwise, asks=True)
        by_nft, by_iptables = (by.format(port.protocol, port.host) for by in (BY_NFT, BY_IPTABLES))
        otherwise = f"port {port} of the host is passed on already: publish another"
        for look in (looks.ruleset(by_nft), looks.saved_rules("nat", by_iptables)):
            yield Requirement(look, False, otherwise, asks=True)


def steps(namespace: str, net: Topology, published: str, facts: Facts) -> Iterator[Step]:
    """Pass packets to ports of the host on to the namespace."""
    ports, ip, (subnet,) = parse(published), bare(net.address), net.subnets
    if not ports:
        return
    by_nft = nat.has_nft(net.bridge, facts)
    enters = _enters_by_nft if by_nft else _enters_by_iptables
    yield from (_ending(port, ip, enters(port, ip, net.bridge)) for port in ports)
    why = WHY.format(", ".join(map(str, ports)), namespace)
    if by_nft:
        to_host = "".join(_to_host(port, ip) for port in ports)
        text, name = TABLE.replace("{to_host}", to_host), f"publish-{namespace}"
        yield netfilter.add_table(name, text, why, address=ip, subnet=subnet)
    else:
        yield from _by_iptables(ports, subnet, ip)
    local = sysctl.write(sysctl.device_key(net.bridge, "ipv4.route_localnet"), 1, LOCAL)
    if not facts.shared(local.share):
        yield local


def _ending(port: Port, ip: str, step: Step) -> Step:
    """A step whose undo ends the port's flows as well."""
    flows = f"-p {port.protocol} --orig-port-dst {port.host} --reply-src {ip}"
    undo = step.undo and replace(step.undo, argv=("sh", "-c", END.format(flows), *step.undo.argv))
    return replace(step, undo=undo)


def _enters_by_nft(port: Port, ip: str, bridge: str) -> Step:
    """The bridge lets in what is passed on from one port."""
    why = ENTERS.format(port, ip, bridge)
    return netfilter.add_element(nat.name(bridge), "published", _element(port, ip), why)


def _element(port: Port, ip: str) -> str:
    return f"{port.host} . {port.protocol} . {ip} . {port.port}"


def _enters_by_iptables(port: Port, ip: str, bridge: str) -> Step:
    """The same by iptables."""
    goes = ("-d", f"{ip}/32", "-o", bridge, "-p", port.protocol, "-m", port.protocol)
    came = nat.translated("--ctorigdstport", str(port.host))
    rule, why = (*goes, "--dport", str(port.port), *came), ENTERS.format(port, ip, bridge)
    return netfilter.insert("POSTROUTING", rule, ("ACCEPT",), why, table="mangle")


def _to_host(port: Port, address: str) -> str:
    """The rules for one port, with ``{table}`` still to be formatted."""
    chains = ("prerouting", "output")
    values = {**vars(port), "address": address, "table": "{table}"}
    return "".join(TO_HOST.format(chain=chain, **values) for chain in chains)


def _by_iptables(ports: tuple[Port, ...], subnet: str, ip: str) -> Iterator[Step]:
    """The same rules by iptables."""
    for port in ports:
        coming = ("-p", port.protocol, "-m", "addrtype", "--dst-type", "LOCAL")
        rule = (*coming, "-m", port.protocol, "--dport", str(port.host))
        to = ("DNAT", "--to-destination", f"{ip}:{port.port}")
        why = f"what comes to {port} of the host goes to {ip}"
        for chain in ("PREROUTING", "OUTPUT"):
            yield netfilter.insert(chain, rule, to, why, table="nat")
    for source in ("127.0.0.0/8", subnet):
        answer = ("-s", source, "-d", f"{ip}/32", "-m", "conntrack", "--ctstate", "DNAT")
        why = f"answers to {source} come back by the way they went"
        yield netfilter.insert("POSTROUTING", answer, ("MASQUERADE",), why, table="nat")
