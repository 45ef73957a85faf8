"""The words of iptables and nft, and the rules of ours in somebody else's chains."""

import re
from collections.abc import Iterable, Iterator

from netmodes.commands import looks
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.undo import Argv, Undo
from netmodes.plan.verdict import DOCKER, Verdict

#: The comment that tells a rule of ours from the same rule of somebody else's.
TAG = ("-m", "comment", "--comment", "netmodes")

#: A rule of ours that accepts what comes in on a bridge, as `iptables -S` lists it.
ACCEPTED = r'-A (\S+) -i {}(?: -o (\S+))? -m comment --comment "?netmodes"? -j ACCEPT'

#: Docker's bridges: its own and those of its users' networks.
DOCKERS = ("docker+", "br-+")


#: What to do where the kernel has no nf_tables.
WITHOUT_NFT = (
    "load it (`modprobe -a nf_tables nft_chain_nat nft_masq nft_ct nft_fib_ipv4`), install what "
    "holds it (Ubuntu: linux-modules-extra), or use iptables-legacy (`update-alternatives`)"
)

#: Prints a word if nft says that the kernel does not take a table ($0); it changes nothing.
TRIAL = 'printf "%s" "$0" | nft -c -f - >/dev/null 2>&1 || [ $? != 1 ] || echo refused; echo tried'


def requirements(steps: Iterable[Step]) -> Iterator[Requirement]:
    """The kernel takes each table that these steps add."""
    otherwise = f"this kernel has no nf_tables, or not all that NAT takes of it: {WITHOUT_NFT}"
    for step in steps:
        if step.argv == ("nft", "-f", "-") and step.stdin:
            table = step.stdin.replace("create ", "add ")  # one that is there is no fault of it
            trial = Look(("sh", "-c", TRIAL, table), ("^(refused)$",), "tried$")
            yield Requirement(trial, False, otherwise, asks=True)


def accept(verdict: Verdict, bridge: str, *matches: Argv) -> Iterator[Step]:
    """Accept packets of a bridge, if iptables drops them, as Docker's policy does.

    The accept is in the chain that drops, for an accept elsewhere ends only its own chain.
    """
    if not verdict.chain:
        return
    by = verdict.by or "the firewall"
    why = f"{by} drops what is forwarded: accept what {bridge} forwards"
    prevents = f"what the namespace sends outside is dropped on its way through {bridge}"
    for number, match in enumerate(matches):
        share = f"accept {bridge}" + (f" {number}" if number else "")
        step = insert(verdict.chain, match, ("ACCEPT",), why, share=share)
        yield step.as_guard(prevents)


def accepted(bridge: str, facts: Facts) -> Verdict:
    """The accepts of ours that iptables has for a bridge, as ``accept`` takes them."""
    ours = re.compile(ACCEPTED.format(re.escape(bridge)))
    found = [one for one in map(ours.fullmatch, facts.iptables or ()) if one]
    outs = [one[2] for one in reversed(found) if one[2]]  # each goes before the others
    others = tuple(out for out in outs if out != bridge)
    return Verdict(found[0][1], others or tuple(outs)) if found else Verdict()


def leave_to_docker(verdict: Verdict, bridge: str) -> Iterator[Step]:
    """Keep packets for containers from our accept, if that is in Docker's chain for any device."""
    if verdict.chain != DOCKER or verdict.outs:
        return
    why = f"Docker decides whether {bridge} reaches its containers"
    prevents = "the namespace reaches every port of every container"
    for to in DOCKERS:
        matches, share = ("-i", bridge, "-o", to), f"return {bridge} {to}"
        yield insert(DOCKER, matches, ("RETURN",), why, share=share).as_guard(prevents)


def insert(
    chain: str, matches: Argv, target: Argv, why: str, *, table: str = "", share: str = ""
) -> Step:
    """``iptables -I``: a rule before all others of its chain, its words as it is listed."""
    where = ("-t", table) if table else ()
    rule = (chain, *matches, *TAG)
    look = looks.rule(table or "filter", rule, target)
    undo = Undo(look, ("iptables", *where, "-D", *rule, "-j", *target))
    return Step(("iptables", *where, "-I", *rule, "-j", *target), why, undo=undo, share=share)


def add_element(table: str, to: str, element: str, why: str) -> Step:
    """``nft add element``: an element of a set in a table of our own."""
    change = ("element", "ip", f"netmodes-{table}", to, f"{{ {element} }}")
    undo = Undo(looks.element(element), ("nft", "delete", *change))
    return Step(("nft", "add", *change), why, undo=undo)


def add_table(name: str, commands: str, why: str, share: str = "", **values: object) -> Step:
    """``nft -f -``: a table of our own, whole or not at all; it fails if the table exists.

    The commands are formatted with the values, and with ``table``.
    """
    table = f"ip netmodes-{name}"
    return Step(
        ("nft", "-f", "-"),
        why,
        stdin=f"create table {table}\n" + commands.format(table=table, **values),
        undo=Undo(looks.table(f"netmodes-{name}"), ("nft", "delete", "table", *table.split())),
        share=share,
    )
