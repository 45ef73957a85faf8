"""Isolated mode on a real kernel that has `dummy`: a lab in user-mode Linux, one boot for all."""

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from places import SUPPORT
from state import State
from uml import AS_CALLER, boot

import netmodes
from netmodes.lab.servers import PAGE

#: Where one worker has them all at once, it boots once.
pytestmark = pytest.mark.long

#: curl(1), EXIT CODES.
CANNOT_CONNECT = 7

SETTINGS = {
    "PYTHON": sys.executable,
    "PYTHONPATH": str(Path(netmodes.__file__).parent.parent),
    "STATE": str(SUPPORT / "state.py"),
}

#: Each `see` is an observation: its name, and the command that is observed.
SESSION = r"""
netmodes() { "$PYTHON" -m netmodes "$@"; }
state() { "$PYTHON" "$STATE"; }
get() { curl --silent --show-error --noproxy '*' --max-time 5 "$@"; }
in_A() { ip netns exec A "$@"; }
export -f get
see() {
    printf '\n== %s\n' "$1"
    "${@:2}" 2>&1
    printf '\n-- %s\n' "$?"
}

see before state
see export netmodes isolated --export /run/isolated.sh
see live_up netmodes isolated
see live_up_state state
see check netmodes check A --json --outside 8.8.8.8
see why netmodes why A 192.168.64.3
see host_link ip link show dummy0
see A_addresses in_A ip addr show dummy0
see A_loopback in_A ip addr show lo

ip netns exec A "$PYTHON" -m http.server 80 --directory /run/www >/dev/null 2>&1 &
server=$!
until in_A bash -c 'get 192.168.222.10' >/dev/null 2>&1; do sleep 0.1; done
see A_gets_A in_A bash -c 'get 192.168.222.10'
see A_gets_host in_A bash -c 'get 192.168.64.3'
see host_gets_host get 192.168.64.3
see host_gets_A get 192.168.222.10
kill "$server"
wait "$server"

see script_down /run/isolated.sh down
see after_live_and_script state
see script_up /run/isolated.sh
see script_up_state state
see live_down netmodes down A
see after_script_and_live state

mkdir /run/bin
cat >/run/bin/ip <<END
#!/bin/bash
case "\$*" in "link set dummy0 netns A") echo 'RTNETLINK answers: Out of order' >&2; exit 2 ;; esac
exec $(command -v ip) "\$@"
END
chmod +x /run/bin/ip
see live_fails env PATH="/run/bin:$PATH" "$PYTHON" -m netmodes isolated
see after_live_fails state
"""

Seen = dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def seen() -> Seen:
    """What was observed, by name: exit status and what was printed."""
    if not shutil.which("linux.uml") and "CI" not in os.environ:
        pytest.skip("needs user-mode Linux: apt install user-mode-linux kmod")
    settings = "".join(f"export {name}={shlex.quote(SETTINGS[name])}\n" for name in SETTINGS)
    lab = f'{shlex.join(AS_CALLER)} "$PYTHON" -m netmodes lab -- bash -c {shlex.quote(SESSION)}'
    status, printed = boot(settings + lab, timeout=900)
    assert status == 0, printed
    parts = re.findall(r"^== (\w+)\n(.*?)\n-- (\d+)$", printed, re.M | re.S)
    return {name: (int(status), text) for name, text, status in parts}


def state(seen: Seen, name: str) -> State:
    """One of the observed states."""
    found: State = json.loads(seen[name][1])
    return found


SUCCEEDED = "export live_up script_down script_up live_down"


@pytest.mark.parametrize("name", SUCCEEDED.split())
def test_succeeded(seen: Seen, name: str) -> None:
    """Each run of netmodes and of its script is a success."""
    status, printed = seen[name]

    assert status == 0, printed


def test_host_has_no_dummy0(seen: Seen) -> None:
    """The host has the device no more."""
    assert seen["host_link"] == (1, 'Device "dummy0" does not exist.\n')


def test_namespace_has_dummy0(seen: Seen) -> None:
    """The namespace has it, up, with the article's flags, state and address."""
    status, printed = seen["A_addresses"]

    assert status == 0
    assert re.search(r"dummy0: <BROADCAST,NOARP,UP,LOWER_UP> .* state UNKNOWN ", printed)
    assert re.search(r"^ +inet 192\.168\.222\.10/24 scope global dummy0$", printed, re.M)


def test_namespace_has_its_loopback(seen: Seen) -> None:
    """The namespace's loopback is up."""
    assert "lo: <LOOPBACK,UP,LOWER_UP> " in seen["A_loopback"][1]


def test_namespace_does_not_reach_host(seen: Seen) -> None:
    """The host's page, which the host gets, cannot be had from the namespace."""
    assert seen["host_gets_host"] == (0, PAGE)
    assert seen["A_gets_host"][0] == CANNOT_CONNECT


def test_host_does_not_reach_namespace(seen: Seen) -> None:
    """The namespace's page, which the namespace gets, cannot be had from the host."""
    assert seen["A_gets_A"] == (0, PAGE)
    assert seen["host_gets_A"][0] == CANNOT_CONNECT


def test_check(seen: Seen) -> None:
    """The check proves the isolation: the namespace reaches itself alone, and nobody reaches it."""
    status, printed = seen["check"]
    results = json.loads(printed[printed.index("\n{") :])["results"]

    assert status == 0
    assert [(one["to"], one["got"]) for one in results] == [
        ("itself", True),
        ("namespace", False),
        ("the host's other addresses", False),
        ("the gateway", False),
        ("outside", False),
        ("a name", False),
        ("namespace", None),
    ]


def test_why(seen: Seen) -> None:
    """And why: it has no route, as its mode has it."""
    status, printed = seen["why"]

    assert status == 1
    assert "error: A has no route to 192.168.64.3" in printed
    assert "fix: none: isolated reaches nobody" in printed


def test_up(seen: Seen) -> None:
    """The live run and the script leave the same state, journal and all."""
    assert state(seen, "script_up_state") == state(seen, "live_up_state")


@pytest.mark.parametrize("way", ["live_and_script", "script_and_live"])
def test_down(seen: Seen, way: str) -> None:
    """Up one way and down the other, the state is as before; the fault sweep has all four ways."""
    assert state(seen, f"after_{way}") == state(seen, "before")


def test_move_fails(seen: Seen) -> None:
    """A dummy0 that has not left the host is deleted there."""
    status, printed = seen["live_fails"]

    assert status == 1
    assert "`ip link set dummy0 netns A` failed" in printed
    assert state(seen, "after_live_fails") == state(seen, "before")
