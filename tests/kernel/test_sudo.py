"""netmodes becomes root by sudo where it acts; what only reads needs no root."""

import json
import re
import sys
from pathlib import Path

import pytest
from labs import NETMODES, RootLab
from state import state

#: How netmodes shows that it becomes root: with the width of the lab's terminal.
SUDO = f"[#] sudo env COLUMNS=1000 {NETMODES}"


def test_becomes_root(root_lab: RootLab) -> None:
    """An ordinary user's run shows its one sudo, and does what root's does."""
    up = root_lab.anyone("netmodes", "host-only", "-n", "B")
    ping = root_lab.run("ping", "-c", "1", "192.168.202.11")
    down = root_lab.anyone("netmodes", "down", "B")

    assert up.returncode == 0, up.stderr
    assert up.stderr.startswith(f"{SUDO} host-only -n B\n[#] ip netns add B\n")
    assert up.stderr.count("sudo") == 1
    assert ping.returncode == 0
    assert down.stderr.startswith(f"{SUDO} down B\n")
    assert down.returncode == 0


def test_line_can_be_pasted(root_lab: RootLab) -> None:
    """The line that is shown is the one that runs, also where sudo's PATH has no netmodes."""
    shown = root_lab.anyone("netmodes", "host-only").stderr.splitlines()[0]
    root_lab.ok("netmodes", "down", "A")
    pasted = root_lab.anyone("env", "PATH=/usr/bin:/bin", *shown.removeprefix("[#] ").split())

    assert shown == f"{SUDO} host-only"
    assert pasted.returncode == 0, pasted.stderr


def test_looks_alike(root_lab: RootLab) -> None:
    """What an ordinary user has said of width and colour holds for root's part as well."""
    done = root_lab.anyone("env", "COLUMNS=40", "netmodes", "why", "nobody", "192.168.202.1")

    assert done.returncode == 1
    assert "Error: nobody is not a network of ours" in done.stderr.replace("\n", " ")
    assert max(map(len, done.stderr.splitlines()[1:])) <= 40


def test_journal_has_no_sudo(root_lab: RootLab) -> None:
    """What is recorded is the command, however root was come by."""
    root_lab.anyone("netmodes", "host-only")

    assert "sudo" not in root_lab.ok("cat", "/run/netmodes/A/plan.json")


def test_script_becomes_root(root_lab: RootLab) -> None:
    """The script does for itself what netmodes does."""
    script = root_lab.export("host-only")
    up = root_lab.anyone(script)
    listed = root_lab.anyone("netmodes", "list")

    assert up.returncode == 0, up.stderr
    assert "sudo -- bash" in up.stderr.splitlines()[0]
    assert "host-only  up" in listed.stdout


READERS = (
    ["list"],
    ["list", "--json"],
    ["facts"],
    ["host-only", "--dry-run"],
    ["host-only", "-n", "B", "--export", "-"],
)

#: Facts about firewalls, and about who looks.
FOR_ROOT = ("nft", "iptables", "ip6tables", "ebtables", "arptables", "ipset", "tc", "abilities")

#: What is said of rules that only root may read.
UNREAD = re.compile(r"# note: whether the firewall .*\n# .*\n")


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_reading_needs_no_root(root_lab: RootLab, arguments: list[str]) -> None:
    """What only reads works for an ordinary user, as it does for root."""
    if arguments[0] in ("list", "facts"):
        root_lab.ok("netmodes", "host-only")
    done = root_lab.anyone("netmodes", *arguments)

    assert done.returncode == 0, done.stderr
    assert "sudo" not in done.stderr
    assert readable(done.stdout) == readable(root_lab.ok("netmodes", *arguments))


def readable(printed: str) -> object:
    """What was printed, without what only root sees, and is."""
    if not printed.startswith("{"):
        return UNREAD.sub("", printed)
    table = json.loads(printed)["table"]
    return {name: entry for name, entry in table.items() if not name.startswith(FOR_ROOT)}


@pytest.mark.parametrize("arguments", [["host-only"], ["down", "A"], ["exec", "A", "--", "true"]])
def test_no_sudo(root_lab: RootLab, arguments: list[str], tmp_path: Path) -> None:
    """Neither root nor sudo is one sentence, and nothing is touched."""
    before = state(root_lab.ok)
    done = root_lab.anyone("env", f"PATH={tmp_path}", NETMODES, *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: this needs root, and there is no sudo: ")
    assert done.stderr.count("\n") == 1
    assert state(root_lab.ok) == before


def test_sudo_refuses(root_lab: RootLab) -> None:
    """A sudo that says no has the last word, and nothing is touched."""
    before = state(root_lab.ok)
    root_lab.replace("sudo", "echo 'sudo: a password is required' >&2; exit 1")
    done = root_lab.anyone("netmodes", "host-only")

    assert done.returncode == 1
    assert done.stderr == f"{SUDO} host-only\nsudo: a password is required\n"
    assert state(root_lab.ok) == before


def test_python_does_not_become_root(root_lab: RootLab) -> None:
    """In Python, not being root is an error that names sudo and the lab."""
    code = "from netmodes import HostOnly; HostOnly().up()"
    done = root_lab.anyone(sys.executable, "-c", code)
    last = done.stderr.splitlines()[-1]

    assert last.startswith("netmodes.errors.Refused: this needs root: ")
    assert "sudo" in last
    assert "netmodes lab" in last
