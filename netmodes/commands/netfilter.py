"""The words of iptables and nft: rules and tables of ours, and the accept that a firewall lacks."""

from __future__ import annotations

from collections.abc import Iterator

from netmodes.plan.step import Step
from netmodes.plan.undo import Argv, Undo
from netmodes.plan.verdict import DOCKER, Verdict

#: By this a rule of ours is known, to who lists them and from the same rule of somebody else's.
TAG = ("-m", "comment", "--comment", "netmodes")

#: Docker's own bridges, those of its users' networks with them.
DOCKERS = ("docker+", "br-+")

#: Names an nft table by its handle, which a kernel gives once; fails as nft does.
HANDLE = (
    'table=$(nft -a list table ip "$0") || exit; '
    'printf "%s" "$table" | sed -n "s/^table .* # handle /h/p"'
)


def accept(verdict: Verdict, bridge: str, *matches: Argv) -> Iterator[Step]:
    """Let packets of a bridge pass where iptables drops them (Docker's policy does).

    The accept stands in the chain that drops, for an accept elsewhere ends only its own chain;
    Docker keeps DOCKER-USER for it.

    Args:
        verdict: what the firewall does with them.
        bridge: the bridge.
        matches: which packets, a rule each, in iptables' words.
    """
    why = f"the firewall drops what is forwarded; let pass what {bridge} is for"
    prevents = f"what the namespace sends outside is dropped on its way through {bridge}"
    for number, match in enumerate(matches if verdict.chain else ()):
        share = f"accept {bridge}" + (f" {number}" if number else "")
        step = insert(verdict.chain, match, ("ACCEPT",), why, share=share)
        yield step.as_guard(prevents)


def leave_to_docker(verdict: Verdict, bridge: str) -> Iterator[Step]:
    """What would go on to containers does not come to our accept in Docker's chain."""
    why = f"whether {bridge} reaches its containers is for Docker to say"
    prevents = "the namespace reaches every port of every container"
    for to in DOCKERS if verdict.chain == DOCKER else ():
        matches, share = ("-i", bridge, "-o", to), f"return {bridge} {to}"
        yield insert(DOCKER, matches, ("RETURN",), why, share=share).as_guard(prevents)


def insert(
    chain: str, matches: Argv, target: Argv, why: str, *, table: str = "", share: str = ""
) -> Step:
    """``iptables -I``: a rule before all others of its chain; it is known again by its words."""
    where = ("-t", table) if table else ()
    rule = (chain, *matches, *TAG, "-j", *target)
    undo = Undo(("iptables", "-v", *where, "-C", *rule), ("iptables", *where, "-D", *rule))
    return Step(("iptables", *where, "-I", *rule), why, undo=undo, share=share)


def add_table(name: str, commands: str, why: str, share: str = "", **values: object) -> Step:
    """A table of our own for ``nft -f -``, made at once or not at all; refused where one is.

    Args:
        name: what comes after ``netmodes-`` in its name; it says what for, so none has two uses.
        commands: what is in it, a command of nft's a line, to be formatted with ``values``.
        why: one line for the reader.
        share: as a step's.
        values: what else the commands name, beside the table.
    """
    table = f"ip netmodes-{name}"
    return Step(
        ("nft", "-f", "-"),
        why,
        stdin=f"create table {table}\n" + commands.format(table=table, **values),
        undo=Undo(
            ("sh", "-c", HANDLE, f"netmodes-{name}"), ("nft", "delete", "table", *table.split())
        ),
        share=share,
    )
