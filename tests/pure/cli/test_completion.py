"""Completion: what the Tab key offers, asked of click and of a real bash."""

import os
import shutil
import subprocess
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete
from console import commands, machine
from labs import BIN
from places import ROOT

from netmodes import MODES, Bridged, HostOnly, Mode, journal
from netmodes.cli import cli
from netmodes.journal import Journal
from netmodes.machine import read
from netmodes.machine.entries import Address, Link

#: Each shell's own way to ask, as click has it.
SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@pytest.fixture(autouse=True)
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two networks that are up, in a journal of the test's own."""
    monkeypatch.setattr(journal, "ROOT", tmp_path / "netmodes")
    modes: list[Mode] = [HostOnly(namespace="web"), Bridged(namespace="work", uplink="enp0s1")]
    for mode in modes:
        Journal(mode.namespace).begin(mode.plan(machine("article")), "")
        Journal(mode.namespace).write("up")


def own(address: str, length: int) -> Address:
    """An address of the machine."""
    return Address(ip_address(address), length)


#: What the machine has beside the article's: a second NIC, bridges, others' cables, a tunnel.
BESIDE = (
    Link("enp0s2", type="ether", altnames=("ens5",), addresses=(own("10.7.0.3", 24),)),
    Link("docker0", type="ether", kind="bridge", addresses=(own("172.17.0.1", 16),)),
    Link("veth9", type="ether", kind="veth", master="docker0"),
    Link("cali1", type="ether", kind="veth"),
    Link("ptp1", type="ether", kind="veth", addresses=(own("10.1.0.1", 32),)),
    Link("tun0", type="none", kind="tun", addresses=(own("10.8.0.2", 24),)),
)


@pytest.fixture(autouse=True)
def nics(monkeypatch: pytest.MonkeyPatch) -> None:
    """The article's machine, with these devices beside."""
    facts = machine("article")
    facts = replace(facts, links=[*facts.known("links"), *BESIDE])
    monkeypatch.setattr(read, "host_facts", lambda **_: facts)


def offered(*typed: str) -> dict[str, str | None]:
    """What may stand for the last word that is typed, each with its help."""
    complete = ShellComplete(cli, {}, "netmodes", "_NETMODES_COMPLETE")
    found = complete.get_completions(list(typed[:-1]), typed[-1])
    return {item.value: item.help for item in found}


def test_commands() -> None:
    """Modes and verbs are offered, each with what it is for; hidden ones are not."""
    every = offered("")

    assert [*every] == [name for name, command in commands().items() if not command.hidden]
    assert every["host-only"] == MODES["host-only"].summary()
    assert [*offered("ho")] == ["host-only"]


@pytest.mark.parametrize("verb", ["down", "exec", "confirm"])
def test_names(verb: str) -> None:
    """Where a network is meant those that are up are offered, each with its mode."""
    assert offered(verb, "") == {"web": "host-only", "work": "bridged"}
    assert offered(verb, "we") == {"web": "host-only"}
    assert offered(verb, "x") == {}


def test_names_once() -> None:
    """A network that is named already is not offered again."""
    assert offered("down", "web", "") == {"work": "bridged"}


@pytest.mark.parametrize("command", ["bridged", "doctor"])
def test_interfaces(command: str) -> None:
    """After --uplink what bridged takes is offered, by every name."""
    assert [*offered(command, "--uplink", "")] == ["enp0s1", "enp0s2", "ens5"]
    assert [*offered(command, "--uplink", "ens")] == ["ens5"]


@pytest.mark.parametrize("option", ["--export", "--facts"])
def test_files(option: str) -> None:
    """Where a file is meant the shell completes files."""
    complete = ShellComplete(cli, {}, "netmodes", "_NETMODES_COMPLETE")

    assert [item.type for item in complete.get_completions(["isolated", option], "")] == ["file"]


def test_options() -> None:
    """Options are offered once a dash is typed."""
    assert "--host-address" in offered("host-only", "--h")
    assert "--kill" in offered("down", "-")


def names_and_nics() -> list[click.Parameter]:
    """Every parameter of every command that names a network or a NIC."""
    return [
        parameter
        for command in commands().values()
        if not command.hidden
        for parameter in command.params
        if parameter.name in ("names", "uplink")
        or (isinstance(parameter, click.Argument) and parameter.name == "name")
    ]


def test_every_command() -> None:
    """No command is left that takes a network or a NIC and offers none."""
    context = click.Context(cli)

    assert len(names_and_nics()) >= 5
    for parameter in names_and_nics():
        assert parameter.shell_complete(context, ""), f"{parameter.name} offers nothing"


@pytest.mark.parametrize("shell", SHELLS)
def test_script(shell: str) -> None:
    """The line of the docs gives each shell a script that asks netmodes."""
    script = SHELLS[shell](cli, {}, "netmodes", "_NETMODES_COMPLETE").source()
    page = ROOT.joinpath("docs/install.md").read_text()

    assert f"_NETMODES_COMPLETE={shell}_source netmodes" in page
    assert f"_NETMODES_COMPLETE={shell}_complete" in script


#: Presses Tab at the end of $1, as bash does for a function (bash(1), Programmable Completion).
TAB = (
    f"""
. "{ROOT}/share/bash-completion/completions/netmodes"
"""
    + """
read -ra COMP_WORDS <<<"$1"
[[ $1 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_netmodes_completion netmodes "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
printf '%s\\n' "${COMPREPLY[@]}"
complete -p netmodes
"""
)


def shell(*argv: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell that finds the tested netmodes."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(
        argv, capture_output=True, text=True, env=environment, timeout=60, check=True
    )


@pytest.mark.parametrize(
    ("typed", "replies"), [("netmodes is", ["isolated"]), ("netmodes doctor --up", ["--uplink"])]
)
def test_bash(typed: str, replies: list[str]) -> None:
    """A real bash that has read the installed file offers what click says."""
    bash = shutil.which("bash")
    assert bash is not None
    done = shell(bash, "--norc", "-c", TAB, "tab", typed)

    *found, bound = done.stdout.splitlines()
    assert (found, done.stderr) == (replies, "")
    assert bound.split()[-3:] == ["-F", "_netmodes_completion", "netmodes"]


#: Asks for the installed file by the shell's own search.
SEARCH = {
    "fish": "set -p fish_complete_path {}/fish/vendor_completions.d; complete -C 'netmodes is'",
    "zsh": "fpath=({}/zsh/site-functions); autoload -Uz +X _netmodes && functions _netmodes",
}


@pytest.mark.parametrize(("name", "found"), [("fish", "isolated\t"), ("zsh", "=zsh_source")])
def test_found(name: str, found: str) -> None:
    """fish and zsh find the installed file by themselves."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"there is no {name}")
    none = {"fish": "--no-config", "zsh": "-f"}[name]

    assert found in shell(program, none, "-c", SEARCH[name].format(ROOT / "share")).stdout
