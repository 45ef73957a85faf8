"""Policy rules: a namespace's subnet goes by the table main where others come before that."""

from dataclasses import replace

import pytest
from console import machine

from netmodes import HostOnly, Mode, Nat
from netmodes.machine.rule import rule_from

LOCAL, MAIN = "0:	from all lookup local", "32766:	from all lookup main"
OTHERS = ("99:	from all fwmark 0x7 lookup 100", "32765:	from 10.0.0.1 prohibit")


def added(mode: Mode, *rules: str) -> list[str]:
    """The rules that a mode adds on a host that has these."""
    plan = mode.plan(replace(machine("article"), rules=[*map(rule_from, rules)]))
    return [str(step) for step in plan.all_steps if step.argv[:2] == ("ip", "rule")]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(("mode", "to"), [(HostOnly, "192.168.202.0/24"), (Nat, "10.64.0.0/24")])
def test_main_first(mode: type[Mode], to: str, other: str) -> None:
    """A rule is added for the subnet, once, ahead of others' rules; none where there are none."""
    assert added(mode(), LOCAL, other, MAIN) == [f"ip rule add to {to} lookup main"]
    assert added(mode(), LOCAL, MAIN, "32767:	from all lookup default") == []


def test_main_first_undo() -> None:
    """The rule that is taken back is the one that was added, as ip lists it."""
    rules = [rule_from(line) for line in (LOCAL, OTHERS[0], MAIN)]
    plan = HostOnly().plan(replace(machine("article"), rules=rules))
    (undo,) = [step.undo for step in plan.all_steps if step.argv[:2] == ("ip", "rule")]
    listed = "0:	from all lookup local \n98:	from all to 192.168.202.0/24 lookup main{} \n"

    assert undo is not None
    assert undo.look.word(listed.format("")) == "98"
    assert undo.look.word(listed.format(" proto boot")) == "98"
    assert undo.look.word(listed.format("").replace("202.0/24", "203.0/24")) is None


def test_main_after_local() -> None:
    """The rule comes after the one for the host's addresses, also where that is not the first."""
    rules = ("9:	from all fwmark 0x200/0xf00 lookup 2004", "100:	from all lookup local", MAIN)

    assert added(Nat(), *rules) == ["ip rule add pref 100 to 10.64.0.0/24 lookup main"]
