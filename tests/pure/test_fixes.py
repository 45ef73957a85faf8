"""Each fix that is printed is typed by a test: who prints one is named here, with the test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import netmodes

PACKAGE = Path(netmodes.__file__).parent
TESTS = Path(__file__).parents[1] / "kernel"

#: Who prints a fix, by module and function; and which words of which file tell the test that
#: types it: a case, or the test's name.
TYPED = {
    "commands.dns nowhere": "test_names_resolve: the host has no /etc/resolv.conf to mount",
    "commands.dns close_notices": "test_names_resolve: def test_cache_stopped",
    "commands.dns _foreign_files": "test_names_resolve: def test_theirs",
    "commands.dns leftovers": 'test_doctor: "leftover of a name"',
    "commands.forwarding off": 'test_why: "ip_forward off"',
    "commands.notices before_up": 'test_doctor: "interrupted"',
    "commands.notices leaks": 'test_doctor: "forwarded"',
    "commands.notices _without_addresses": "test_doctor: def test_article_trap",
    "commands.notices dummy_of_the_module": "test_check: def test_module_dummy_deleted",
    "commands.publish shut": 'test_doctor: "port shut"',
    "commands.uplink uplink_warnings": 'test_doctor: "NetworkManager"',
    "diagnose.doctor _unseen": "test_doctor: def test_without_root",
    "diagnose.doctor _traces": 'test_doctor: "trace"',
    "diagnose.inspection of_network": "test_taking_back: def test_unreadable_journal",
    "diagnose.inspection host_device": 'test_why: "uplink down"',
    "diagnose.inspection _to_bridge": 'test_why: "uplink no port"',
    "diagnose.inspection host_address": 'test_why: "no address on the host"',
    "diagnose.inspection namespace_device": 'test_why: "link down"',
    "diagnose.inspection namespace_address": 'test_why: "no address"',
    "diagnose.inspection default_route": 'test_why: "no route"',
    "diagnose.rules gone": "test_check: def test_deleted_rules",
    "diagnose.why.bridge_side _state": 'test_why: "disabled port"',
    "diagnose.why.bridge_side _unknown": 'test_why: "locked port"',
    "diagnose.why.bridge_side _between": 'test_why: "isolated ports"',
    "diagnose.why.firewall turned": 'test_why: "redirected"',
    "diagnose.why.firewall dies": 'test_why: "TTL of its own"',
    "diagnose.why.firewall _by": 'test_why: "source of nobody"',
    "diagnose.why.firewall _there": 'test_why: "own firewall"',
    "diagnose.why.firewall _remedy": 'test_why: "policy of iptables"',
    "diagnose.why.host_side reverse_path": 'test_why: "route in the way"',
    "diagnose.why.host_side _its_own": 'test_why: "address of the host\'s as well"',
    "diagnose.why.host_side _forbidden": 'test_why: "rule of the host"',
    "diagnose.why.host_side _no_route": 'test_why: "default route deleted"',
    "diagnose.why.host_side exit_is_port": 'test_why: "route by the port"',
    "diagnose.why.host_side return_route": 'test_why: "no way back"',
    "diagnose.why.host_side answer_filtered": 'test_why: "answer filtered at another NIC"',
    "diagnose.why.host_side source_address": 'test_why: "no way back from outside"',
    "diagnose.why.namespace_side route": 'test_why: "blackhole in it"',
    "diagnose.why.namespace_side _foreign": 'test_why: "source of another subnet"',
    "diagnose.why.namespace_side _no_route": 'test_why: "no route to the cable"',
    "diagnose.why.namespace_side _other_mac": "test_why: def test_wrong_mac",
    "diagnose.why.namespace_side _unanswered_arp": 'test_why: "virtual address without ARP"',
    "diagnose.why.target_side suppressed": 'test_why: "pings unanswered by the host"',
    "firewall.judgement _dropped": "test_firewall: def test_fixed",
    "firewall.judgement _cut_off": 'test_doctor: "cut off"',
    "firewall.naming naming": 'test_doctor: "routing"',
    "machine.abilities no_user_namespaces": 'test_doctor: "no user namespaces"',
}


def printers() -> Iterator[str]:
    """The functions that print a fix: they pass one on, or have one in what they return."""
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        functions = [one for one in ast.walk(ast.parse(path.read_text())) if named(one)]
        yield from (f"{module} {one.name}" for one in functions if any(map(fixes, ast.walk(one))))


def named(node: ast.AST) -> bool:
    """Whether this is a function."""
    return isinstance(node, ast.FunctionDef)


def fixes(node: ast.AST) -> bool:
    """Whether this passes on a fix, or is a dictionary with one."""
    keys = [one.value for one in getattr(node, "keys", []) if isinstance(one, ast.Constant)]
    passed = node.arg if isinstance(node, ast.keyword) else ""
    return "fix" in (*keys, passed)


def test_each_is_named() -> None:
    """Who prints a fix is named with the test that types it, and nobody else is."""
    assert {*printers()} == {*TYPED}


@pytest.mark.parametrize("who", TYPED)
def test_each_is_typed(who: str) -> None:
    """The test that types a fix exists."""
    file, _, words = TYPED[who].partition(": ")
    assert words in (TESTS / f"{file}.py").read_text()
