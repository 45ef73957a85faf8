"""Who imports what: imports point one way, and what is slow to import is imported where used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import FACTS

import netmodes

pytestmark = pytest.mark.once

PACKAGE = Path(netmodes.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

ARTICLE = ("--facts", str(FACTS / "article.json"))
TEXT = (FACTS / "article.json").read_text()

#: Imports point down this line alone; what stands in one place imports nothing of its neighbour.
LINE = """
    cli | pytest_plugin > show > modes > handle | rehearse > network > diagnose > firewall > lab
    > engine | commands > machine > place > journal | script > plan
    > errors | holder | mounts | version
    """
FLOORS = {
    room: floor
    for floor, rooms in enumerate(reversed(LINE.split(">")))
    for room in rooms.replace("|", " ").split()
}

#: What can be read alone: it imports nothing of the rest.
CORE = (
    "errors holder mounts version plan journal place script machine commands engine modes".split()
)

REPORT = """
import atexit, sys
slow = {"click", "http.client", "jinja2", "plumbum"}
atexit.register(lambda: print(*sorted(slow & sys.modules.keys()), file=sys.stderr))
from netmodes.cli import main
main()
"""


def imports(nodes: list[ast.stmt]) -> Iterator[str]:
    """The modules that these statements import, at whatever depth, by their full names."""
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_once(source: Path) -> set[str]:
    """What is imported with a module: not inside its functions, nor for type checkers alone."""
    body = ast.parse(source.read_text(encoding="utf-8")).body
    return set(imports([node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]))


def ever(source: Path) -> set[str]:
    """What is imported anywhere in a module, but for type checkers alone."""
    body = ast.parse(source.read_text(encoding="utf-8")).body
    return set(imports([node for node in body if "TYPE_CHECKING" not in ast.unparse(node)]))


def importers(package: str) -> set[str]:
    """The modules that ever import a package; the command line is one."""
    return {
        "cli" if path.parent.name == "cli" else path.stem
        for path in SOURCES
        if any(name.partition(".")[0] == package for name in ever(path))
    }


@pytest.mark.parametrize(
    ("package", "owner"), [("plumbum", "runner"), ("jinja2", "render"), ("click", "cli")]
)
def test_owner(package: str, owner: str) -> None:
    """Only the runner imports plumbum, only the renderer jinja2, only the command line click."""
    assert importers(package) == {owner}


def test_programs() -> None:
    """The runner runs programs, and the user's own run inside a network; past that only facts are
    read, a lab made and a watcher armed.
    """
    assert importers("subprocess") == {
        "query",
        "runner",
        "lab",
        "making",
        "walls",
        "servers",
        "confirm",
        "rehearse",
        "verdicts",
        *("execute", "handle", "pytest_plugin"),
    }


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_nothing_slow_at_once(source: Path) -> None:
    """No module brings plumbum or jinja2 with it."""
    brought = {name.partition(".")[0] for name in at_once(source)}

    assert not brought & {"plumbum", "jinja2"}


def room_of(source: Path) -> str:
    """The package or module that a source stands in."""
    return source.relative_to(PACKAGE).parts[0].removesuffix(".py")


def neighbours(source: Path) -> set[str]:
    """The other rooms that a source ever imports, for type checkers as well."""
    names = imports(ast.parse(source.read_text(encoding="utf-8")).body)
    ours = {name.split(".")[1] for name in names if name.startswith("netmodes.")}
    return (ours & FLOORS.keys()) - {room_of(source)}


ROOMS = [source for source in SOURCES if room_of(source) in FLOORS]


def test_every_room_has_a_floor() -> None:
    """The line names every package and module."""
    assert {room_of(source) for source in SOURCES} - FLOORS.keys() == {"__init__", "__main__"}


@pytest.mark.parametrize("source", ROOMS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_one_way(source: Path) -> None:
    """Imports point down."""
    floor = FLOORS[room_of(source)]

    assert {room for room in neighbours(source) if FLOORS[room] >= floor} == set()


@pytest.mark.parametrize(
    "source",
    [source for source in ROOMS if room_of(source) in CORE],
    ids=lambda path: f"{path.parent.name}.{path.stem}",
)
def test_core(source: Path) -> None:
    """The core imports nothing of the rest; only the base of modes knows the verbs."""
    verbs = {"network", "handle", "rehearse"} if source.name == "base.py" else set()

    assert neighbours(source) - {*CORE} == verbs


@pytest.mark.parametrize(
    "source", sorted((PACKAGE / "modes").glob("*.py")), ids=lambda path: path.stem
)
def test_modes_describe(source: Path) -> None:
    """A mode's module imports nothing that acts; the base binds the verbs."""
    acting = {"engine", "network", "handle", "rehearse"} if source.name != "base.py" else set()

    assert not neighbours(source) & acting


def run(program: str, *arguments: str, **environment: str) -> str:
    """The last line that a Python program prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["host-only", "--help"],
        ["host-only", "--dry-run", *ARTICLE],
        ["bridged", "--uplink", "enp0s1", "--dry-run", *ARTICLE],
        ["list"],
        ["no-such-command"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_loaded(arguments: list[str]) -> None:
    """Help, a dry run and the list load neither plumbum nor jinja2."""
    assert run(REPORT, *arguments) == "click"


def test_loaded_to_explain() -> None:
    """An explanation takes jinja2, but not what runs commands."""
    assert run(REPORT, "explain", "host-only") == "click jinja2"


def test_loaded_to_export() -> None:
    """A script takes jinja2, but not what runs commands."""
    assert run(REPORT, "host-only", "--export", os.devnull, "--force", *ARTICLE) == "click jinja2"


#: A machine where nothing can happen: whoever it is is root and may write, and programs only print.
NOWHERE = """
import os
from pathlib import Path
from netmodes import journal, network
from netmodes.engine import prepare, up
from netmodes.machine import writable
os.geteuid = lambda: 0
network.no_permission = lambda: None
prepare.is_writable = lambda folder: True
up._gone = lambda *given: ()
writable.SETTINGS = Path(os.environ["PATH"])
journal.ROOT = Path(os.environ["PATH"], "netmodes")
"""


def test_loaded_to_run(tmp_path: Path) -> None:
    """A run takes plumbum but not jinja2, though the journal holds the undo as bash."""
    others = "grep mkdir rm rmdir sed sh stat sysctl tee".split()
    loopback = '[{"ifindex":1,"ifname":"lo","flags":[]}]'
    lists = f"case $3 in addr) echo '{loopback}' ;; show) ;; *) echo '[]' ;; esac"
    sockets = "echo 'sk 0 0 0 7'; echo 'sk 16 0 00000000 8'"
    programs = {"ip": lists, "find": "echo /proc/self/ns/net 1", "nsenter": sockets, "cat": ""}
    programs |= dict.fromkeys(others, "echo 1")
    for program, script in programs.items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / program).chmod(0o755)

    loaded = run(NOWHERE + REPORT, "host-only", "-n", "a-name-of-its-own", PATH=str(tmp_path))

    assert loaded == "click plumbum"
    (down,) = tmp_path.glob("netmodes/*/down.sh")
    assert "ip netns del a-name-of-its-own" in down.read_text()


@pytest.mark.parametrize(
    "use",
    [
        "netmodes",
        "from netmodes.engine import down; from netmodes.script import bash",
        "from netmodes import cli",
        "from netmodes.script import bash; bash.down_script(netmodes.HostOnly().plan(FACTS))",
        "from netmodes.script import bash; bash.down_script(netmodes.Nat().plan(FACTS))",
    ],
)
def test_library(use: str) -> None:
    """The library loads neither jinja2 nor plumbum until a script is rendered or a command run."""
    given = f"import sys, netmodes; FACTS = netmodes.Facts.from_json({TEXT!r})\n"
    report = "\nprint({'jinja2', 'plumbum'} & sys.modules.keys())"

    assert run(given + use + report) == "set()"


def test_library_without_click() -> None:
    """The library loads none of the three until it is used."""
    report = "import sys, netmodes; print({'click', 'jinja2', 'plumbum'} & sys.modules.keys())"

    assert run(report) == "set()"


@pytest.mark.parametrize("verb", ["down", "list", "exec", "confirm", "facts", "lab"])
def test_verbs_without_modes(verb: str) -> None:
    """A verb that needs no mode loads none, nor the network's own verbs until it is used."""
    get = f"from netmodes.cli import cli; assert cli.get_command(click.Context(cli), {verb!r})\n"
    report = "print({'netmodes.modes', 'netmodes.network'} & sys.modules.keys())"

    assert run(f"import sys, click\n{get}{report}") == "set()"
