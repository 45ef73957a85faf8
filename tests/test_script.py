"""The exported script: the plan's lines as bash that bash and shellcheck agree with."""

from __future__ import annotations

import inspect
import subprocess
from pathlib import Path

import pytest

from netmodes import Bridged, Facts, HostOnly, Isolated, Mode
from netmodes.script import picture, render

pytestmark = pytest.mark.pure

LONG = "n" * 255

#: Every mode as it is, with the longest names and addresses there are, and with everything given.
MODES: list[Mode] = [
    Isolated(),
    Isolated(namespace=LONG, device="d" * 15, address="198.100.200.100/24"),
    HostOnly(),
    HostOnly(namespace="up"),
    HostOnly(namespace=LONG, host_device="h" * 15, device="d" * 15),
    HostOnly(host_address="198.100.200.100/24", address="198.100.200.200/24"),
    Bridged(uplink="enp0s1"),
    Bridged(uplink="enp0s1", gateway="192.168.64.1", namespace=LONG),
    Bridged(uplink="enp0s1", bridge="b" * 15, host_device="h" * 15, device="d" * 15),
    Bridged(
        uplink="enp0s1", bridge_address="192.168.64.200/24", address="192.168.64.201/24", bridge="7"
    ),
]

each_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.mode)
each_class = pytest.mark.parametrize(
    "mode", [Isolated(), HostOnly(), Bridged(uplink="enp0s1")], ids=lambda mode: mode.mode
)
each_kind = pytest.mark.parametrize("verbatim", [False, True], ids=["guarded", "verbatim"])


@pytest.fixture
def script(mode: Mode, verbatim: bool, article: Facts, tmp_path: Path) -> Path:
    """The script of a mode, as a file."""
    path = tmp_path / f"{mode.mode}.sh"
    path.write_text(mode.script(article, verbatim=verbatim))
    return path


def run(*argv: str | Path) -> tuple[int, str]:
    """Run a program; its exit status and everything it printed."""
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout


def body(text: str, function: str) -> list[str]:
    """The lines of a function of the script."""
    return text.partition(f"\n{function}() {{\n")[2].partition("\n}\n")[0].splitlines()


@each_kind
@each_mode
def test_bash(mode: Mode, verbatim: bool, script: Path) -> None:
    """Bash reads every script to its end."""
    assert run("bash", "-n", script) == (0, "")


@each_kind
@each_mode
def test_shellcheck(mode: Mode, verbatim: bool, script: Path) -> None:
    """Shellcheck has nothing to say of any."""
    assert run("shellcheck", script) == (0, "")


@each_kind
@each_mode
def test_lines(mode: Mode, verbatim: bool, article: Facts) -> None:
    """The script's commands are the plan's lines, to the letter and in order."""
    plan = mode.plan(article, verbatim=verbatim)

    commands = [line.strip() for line in body(render(plan), "up") if not line.startswith("    #")]

    numbers = (f"step {place}" if step.undo else "run" for place, step in enumerate(plan.steps))
    assert commands == [f"{said} {line}" for said, line in zip(numbers, plan.lines, strict=True)]


@each_kind
@each_mode
def test_whys(mode: Mode, verbatim: bool, article: Facts) -> None:
    """Above each command stands its why, and that it is a guard where it is one."""
    plan = mode.plan(article, verbatim=verbatim)

    comments = [line.strip() for line in body(render(plan), "up") if line.startswith("    #")]

    assert comments == [f"# {'guard: ' * step.guard}{step.why}" for step in plan.steps]


@each_class
def test_picture(mode: Mode, article: Facts) -> None:
    """The picture in a mode's docstring is what is drawn for the article's values."""
    drawn = picture(mode.plan(article))

    assert inspect.cleandoc(mode.__doc__ or "").partition("\n\n")[2] == drawn


@each_mode
def test_picture_keeps_its_frame(mode: Mode, article: Facts) -> None:
    """A picture with the longest names and addresses has the frame of the article's."""
    uplink = {"uplink": "enp0s1"} if isinstance(mode, Bridged) else {}

    drawn = picture(mode.plan(article)).splitlines()[1:]
    usual = picture(type(mode)(**uplink).plan(article)).splitlines()[1:]

    assert [len(line) for line in drawn] == [len(line) for line in usual]


@each_mode
def test_picture_in_the_script(mode: Mode, article: Facts) -> None:
    """The script begins with the picture, as comments."""
    plan = mode.plan(article)

    comments = [line[2:] for line in render(plan).splitlines() if line.startswith("# ")]

    assert comments[1 : 1 + picture(plan).count("\n") + 1] == picture(plan).splitlines()


@each_class
def test_tabs_and_ends(mode: Mode, article: Facts) -> None:
    """No line of a script ends in a blank or holds a tab, and the last one ends."""
    text = mode.script(article)

    assert [line for line in text.splitlines() if line != line.rstrip() or "\t" in line] == []
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@each_class
@pytest.mark.parametrize(
    "arguments", [["sideways"], ["up", "--kill"], ["--kill"], ["down", "--all"], ["up", "down"]]
)
def test_wrong_usage(mode: Mode, arguments: list[str], article: Facts, tmp_path: Path) -> None:
    """A script called with anything else says how to call it, exits 2 and does nothing."""
    path = tmp_path / "it.sh"
    path.write_text(mode.script(article))

    status, said = run("bash", path, *arguments)

    assert (status, said) == (2, f"Usage: {path} [up | down [--kill]]\n")


def test_verbatim_has_no_guards(article: Facts) -> None:
    """With --verbatim the script has no guard command."""
    assert "# guard: " in HostOnly().script(article)
    assert "# guard: " not in HostOnly().script(article, verbatim=True)


def test_checks_first(article: Facts) -> None:
    """Bridged's script asks first whether uplink and machine are as they were rendered for."""
    checks = body(Bridged(uplink="enp0s1").script(article), "checks")

    said = "\n".join(checks)
    expected = ["namespace A exists", "br0 exists", "veth0 exists", "4a:9e:7e:55:59:ee", "inet 192"]
    assert [words for words in expected if words not in said] == []
    assert said.count("export again") == 3
