"""Policy routing: what is for a namespace's subnet goes there, whatever rules the host has."""

from collections.abc import Iterator

from netmodes.commands.addresses import subnet
from netmodes.machine.facts import Facts
from netmodes.plan.look import Look, literal
from netmodes.plan.step import Step
from netmodes.plan.undo import Undo

#: The place of the rule that looks up the table main (ip-rule(8)).
MAIN = 32766


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
