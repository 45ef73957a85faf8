"""Policy routing: what is for a namespace's subnet goes there, whatever rules the host has."""

from collections.abc import Iterator, Sequence

from netmodes.commands import several
from netmodes.commands.addresses import subnet
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look, literal
from netmodes.plan.network import Topology
from netmodes.plan.step import Step
from netmodes.plan.undo import ITEM, Argv, Undo

#: The place of the rule that looks up the table main (ip-rule(8)).
MAIN = 32766


def all_main_first(nets: Sequence[Topology], names: Argv, facts: Facts) -> Iterator[Step]:
    """The same for the subnet of each namespace, in one batch."""
    each = zip(names, nets, strict=True)
    steps = (step for name, net in each for step in main_first(net.address, name, facts))
    subnets = tuple(subnet(net.address) for net in nets)
    listed = "^([0-9]+):.from all to ([0-9./]+) lookup main( proto [^ ]+)? *$"
    look = Look(("ip", "-4", "rule", "show"), (listed,), item=2, among=subnets)
    back = f"rule del to {ITEM} lookup main\n"
    undo = Undo(look, several.BATCH, back, items=subnets)
    why = "what is for them goes there by the table main, ahead of the host's own rules"
    return several.merged(steps, why, undo)


def main_first(address: str, namespace: str, facts: Facts) -> Iterator[Step]:
    """``ip rule add to`` an address's subnet, where rules of the host come before the table main.

    Without a number a rule goes ahead of all but the first, for the host's addresses. Where
    others come before that one (Cilium's do), it takes the number of that one, and comes after it.
    """
    rules = facts.rules or []
    if not any(0 < rule.pref < MAIN for rule in rules):
        return
    local = [rule for rule in rules if "from all lookup local " in f"{rule.text} "][:1]
    after = ("pref", str(local[0].pref)) if local and local != rules[:1] else ()
    to = ("to", subnet(address), "lookup", "main")
    listed = f"^([0-9]+):.from all {literal(' '.join(to))}( proto [^ ]+)? *$"
    yield Step(
        ("ip", "rule", "add", *after, *to),
        f"what is for {namespace} goes there by the table main, ahead of the host's own rules",
        undo=Undo(Look(("ip", "-4", "rule", "show"), (listed,)), ("ip", "rule", "del", *to)),
        share=f"rule {subnet(address)}",
    ).as_guard(f"the host's rules may send what is for {namespace} elsewhere")
