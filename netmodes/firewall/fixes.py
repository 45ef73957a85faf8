"""Commands that let pass what a firewall drops; each is tried in the copy before it is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from netmodes.firewall import naming
from netmodes.firewall.accept import ANSWERS, Asked, accepting, address, device, port
from netmodes.firewall.questions import saved
from netmodes.machine.facts import Facts
from netmodes.plan.undo import Argv
from netmodes.plan.verdict import Drop, Flow, Packet, Verdicts

#: What is for a published port.
PUBLISHED: Asked = (("-m", "conntrack", "--ctstate", "DNAT"), ("ct", "status", "dnat"))

COUNTER = re.compile(r"counter packets \d+ bytes \d+ ")

#: A rule that leads every packet to a chain.
BARE = re.compile(
    r"(-A \S+ )?(-m comment --comment (\S+|\"[^\"]*\") )?(counter packets \d+ bytes \d+ )?"
    r"(-[jg]|jump|goto) \S+( comment .*)?"
)

#: Hooks of packets that are for the host, or from it.
ENDS = ("input", "output")

#: A device's zone, and the zone of a chain, in firewalld's table.
ZONE = re.compile(r'(?:iifname "([^"]+)" )?(?:goto|jump) filter_IN_((?!policy_)\S+)')
IN_ZONE = re.compile(r"filter_IN_((?!policy_)\S+)")


def program_of(drop: Drop, facts: Facts) -> str:
    """The program whose rule it is."""
    if drop.legacy:
        return "iptables-legacy"
    return "iptables" if drop.is_of_iptables and facts.iptables is not None else "nft"


def is_for_all(drop: Drop, facts: Facts) -> bool:
    """Whether it drops what no rule speaks of, and no rule with a match leads to its chain."""
    listed = saved(facts) if drop.is_of_iptables else facts.nft or []
    leads = re.compile(rf"(-[jg]|\b(jump|goto)) {re.escape(drop.chain)}( |$)")
    jumps = [line for line in map(str.strip, listed) if leads.search(line)]
    return drop.is_for_the_rest and (drop.is_of_firewalld or all(map(BARE.fullmatch, jumps)))


def fix(
    drop: Drop, packets: Iterable[Packet], flow: Flow, outs: Sequence[str], facts: Facts
) -> list[Argv]:
    """What lets packets and their answers pass; nothing where a rule means what it drops."""
    accept = partial(accepting, program_of(drop, facts), drop, drop.chain)
    comes, leaves = device("i", flow.bridge), device("o", flow.bridge)
    if not is_for_all(drop, facts):
        return []
    if drop.table.startswith("arp "):  # it tells devices apart alone
        return [accept(comes if drop.hook == "input" else leaves)]
    if not drop.table.startswith(("ip ", "inet ")):
        return []
    if drop.hook in ENDS:
        every = dict.fromkeys(replace(one, target="") for one in packets)
        return [accept(*_at_the_end(drop, one, flow)) for one in every]
    if drop.hook != "forward":
        return []
    lines = list[Argv]()
    if {one.target for one in packets} <= {*flow.to}:  # name servers
        for one in packets:
            lines.append(accept(comes, address("daddr", one.target), _kind(one)))
            lines.append(accept(leaves, address("saddr", one.target), ANSWERS))
        return lines
    for out in outs or (flow.bridge,):
        lines.append(accept(comes, device("o", out)))
        back = [ANSWERS, *[PUBLISHED] * bool(flow.ports)] if out != flow.bridge else []
        lines += [accept(device("i", out), leaves, one) for one in back]
    return lines


def _at_the_end(drop: Drop, packet: Packet, flow: Flow) -> list[Asked]:
    """A packet, or the answer to it, between the namespace and the host."""
    comes = drop.hook == "input"
    way, end = ("i", "saddr") if comes else ("o", "daddr")
    what = ANSWERS if comes is (packet.sender == "host") else _kind(packet)
    return [device(way, flow.bridge), address(end, flow.address), what]


def _kind(packet: Packet) -> Asked:
    """The protocol, and the port if it has one."""
    kind = packet.protocol
    if packet.port:
        return port(kind, "dport", packet.port)
    return ("-p", kind), ("meta", "l4proto", kind)


def repeated(packets: Iterable[Packet], asked: Verdicts, flow: Flow, facts: Facts) -> list[Argv]:
    """What repeats for the bridge the rules for these packets that name the uplink, each behind
    its own; the last of a chain first, so that each finds its place."""
    places = {one.place for packet in packets for one in asked.today[packet].rules}
    name = naming.pattern(flow.uplink, flow.bridge)
    rules = [one for place, one in asked.rules.items() if place in places]
    named = [one for one in rules if name.search(one.rule)]
    named.sort(key=lambda one: one.index, reverse=True)
    behind = [_behind(one, naming.renamed(one.rule, name, flow.bridge), facts) for one in named]
    return [*dict.fromkeys(_elements(rules, name, flow.bridge, facts)), *behind]


def _elements(
    rules: Iterable[Drop], name: re.Pattern[str], bridge: str, facts: Facts
) -> Iterator[Argv]:
    """The commands that add the bridge to the sets of rules that have the uplink."""
    every = naming.chains(facts.nft or ())
    for rule in rules:
        for one in naming.LEADS.findall(rule.rule):
            lines = every.get((rule.table, one), [])
            if any("type iface_index" in line for line in lines):  # the bridge is not there yet
                continue
            for word in filter(name.search, naming.elements(lines)):
                added = f"{{ {name.sub(bridge, word)} }}"
                yield ("nft", "add", "element", *rule.table.split(), one[1:], added)


def _behind(rule: Drop, words: str, facts: Facts) -> Argv:
    """The command that adds a rule behind another."""
    if words.startswith("-A "):
        program = program_of(rule, facts) if rule.is_of_iptables else "ip6tables"
        _, chain, *rest = shlex.split(words)
        return (program, *rule.of_table, "-I", chain, str(rule.index + 2), *rest)
    where = (*rule.table.split(), rule.chain, "index", str(rule.index))
    return ("nft", "add", "rule", *where, COUNTER.sub("counter ", words))


def zoned(drop: Drop, packets: Sequence[Packet], flow: Flow, facts: Facts) -> list[Argv]:
    """What does it in firewalld's words, which knows no rules but its own; none for others'.

    A bridge goes to the zone that its packets leave by, or come in by today, which then forwards
    between its devices; what is for the host alone is accepted in the zone that drops it.
    """
    if not drop.is_of_firewalld:
        return []
    chains, device = naming.chains(facts.nft or ()), flow.uplink or flow.out
    bound = dict(_zones(chains))
    zone, own = bound.get(device, bound.get("", "")), IN_ZONE.fullmatch(drop.chain)
    drops = own[1] if own else bound.get("", "")
    forwards = drop.hook == "forward"
    if not forwards and packets[0].sender == "namespace" and (flow.stays or drops == zone):
        kinds = dict.fromkeys(map(_in_rich_words, packets))
        rule = f'--add-rich-rule=rule family="ipv4" source address="{flow.address}"'
        return [_of_zone(drops, f"{rule} {kind} accept") for kind in kinds]
    joins = [flow.bridge] + [device] * (forwards and device not in (*bound, flow.uplink, ""))
    lines = [_of_zone(zone, f"--add-interface={one}") for one in joins]
    allowed = chains.get((drop.table, f"filter_FWD_{zone}_allow"), [])
    closed = forwards and device in bound and f'oifname "{device}" accept' not in allowed
    return lines + [_of_zone(zone, "--add-forward")] * closed


def _zones(chains: naming.Chains) -> Iterator[tuple[str, str]]:
    """Each device with its zone; "" with that of all others."""
    for name in ("filter_INPUT_ZONES", "filter_INPUT_POLICIES"):  # of version 1, and 2
        found = map(ZONE.fullmatch, chains.get(("inet firewalld", name), ()))
        yield from ((one[1] or "", one[2]) for one in found if one)


def _of_zone(zone: str, change: str) -> Argv:
    return ("firewall-cmd", *[f"--zone={zone}"] * bool(zone), change)


def _in_rich_words(packet: Packet) -> str:
    if packet.port:
        return f'port port="{packet.port}" protocol="{packet.protocol}"'
    return f'protocol value="{packet.protocol}"'
