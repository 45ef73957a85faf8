"""A rule of policy routing, by its line."""

import pytest

from netmodes.machine.rule import rule_from

LINES = {
    "0:\tfrom all lookup local": (0, set(), ""),
    "32765:\tnot from 10.0.0.0/8 iif eth0 [detached] oif a\u2028b lookup 9": (
        32765,
        {"eth0", "a\u2028b"},
        "",
    ),
    "7:\tfrom all to 10.0.0.0/8 fwmark 0x1/0xff prohibit": (7, set(), "prohibit"),
    "7:\tfrom all iif prohibit blackhole proto static": (7, {"prohibit"}, "blackhole"),
    "9:\tfrom all iif unreachable goto 10": (9, {"unreachable"}, ""),
}


@pytest.mark.parametrize("line", LINES)
def test_rule(line: str) -> None:
    """It has its place, the devices that it asks for, and what it forbids, whatever their names."""
    rule = rule_from(line)

    assert (rule.pref, rule.devices, rule.forbids) == LINES[line]


@pytest.mark.parametrize(
    ("line", "source", "mark"),
    [
        ("0:\tfrom all lookup local", None, ""),
        ("9:\tnot from 10.0.0.1 fwmark 0x1/0xff iif from lookup 7", "10.0.0.1/32", "0x1"),
        ("9:\tfrom 2001:db8::/32 iif fwmark lookup 7", "2001:db8::/32", ""),
        ("9:\tfrom all to 10.0.0.0/8 fwmark 0xca6c lookup 7", None, "0xca6c"),
    ],
)
def test_asks(line: str, source: str | None, mark: str) -> None:
    """It has the source and the mark that it asks for, whatever its devices' names."""
    rule = rule_from(line)

    assert (rule.source and str(rule.source), rule.mark) == (source, mark)


@pytest.mark.parametrize("line", ["", "from all", "$(id): from all", "-1: from all", "7: iif a/b"])
def test_no_rule(line: str) -> None:
    """What is no such line is refused."""
    with pytest.raises(ValueError, match=r"no number|invalid|no name"):
        rule_from(line)
