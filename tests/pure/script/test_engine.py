"""The engine of taking back: what down.sh does about a thing, whatever has become of it.

The thing is a file: one program tells what is in it, another one takes it back.
"""

from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest
from bash import BASH, moved
from processes import run

from netmodes import Plan, Step, Topology, Undo, journal
from netmodes.journal import Journal
from netmodes.plan.log import Note
from netmodes.plan.look import Look
from netmodes.plan.undo import BEFORE
from netmodes.script.bash import down_script
from netmodes.script.render import template

#: What the looks and the undo run; each has the folder as $HERE.
PROGRAMS = {
    "stat": """
        [ ! -s "$HERE/wrong" ] || . "$HERE/wrong"
        [ ! -e "$HERE/thing" ] || { printf 'thing: '; cat "$HERE/thing"; }
        echo whole
        """,
    "seen": '[ ! -s "$HERE/no_users" ] || . "$HERE/no_users"; cat "$HERE/user"',
    "tc": 'cat "$HERE/other"',
    "find": '[ ! -s "$HERE/unseen" ] || . "$HERE/unseen"; echo "/proc/self/ns net:[7]"',
    "ip": """
        { echo "$*"; cat; } >>"$HERE/ran"
        if [ ! -e "$HERE/stuck" ]; then echo "$1" >"$HERE/thing"; fi
        """,
}
REAL = ("cat", "flock", "grep", "head", "mkdir", "mv", "rm", "sed", "sh", "sleep", "sort", "tail")

UNDO = Undo(
    Look(("stat", "things"), ("^thing: ([^ ]*)",), "whole$"),
    ("ip", BEFORE, "-"),
    "lasts {left:5}\nmay go {left:7}\n",
    users=(Look(("seen", "list"), ("(user[0-9]+)",)),),
    others=(Look(("tc", "show"), ("(other[0-9]+)",)),),
    unless=(("may go {left:7}", Look(("tc", "show"), ("(line[0-9]+)",))),),
    carried=(Look(("tc", "show"), ("^(more [^ ]+)",), but="old"),),
)


def plan(name: str) -> Plan:
    """The plan of a network that is one thing, which others may share."""
    parameters = {"namespace": name, "address": "10.0.0.1/24"}
    step = Step(("ip", "1", "-"), "why", undo=UNDO, share="thing")
    return Plan("isolated", (name,), parameters, Topology("dummy0", "10.0.0.1/24"), (step,))


@dataclass(frozen=True)
class Case:
    """What the journal of A knows of the thing, and what has become of it."""

    before: str
    after: str | None
    now: str | None
    user: str = ""
    other: str = ""
    begun: bool = False
    wrong: str = ""
    no_users: str = ""
    unseen: str = ""
    stuck: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Came:
    """The result: the commands, what was left alone, and whether A is wholly down."""

    ran: str = ""
    left: str = ""
    wholly: bool = True


UNDONE = Came("0 -\nlasts 60\nmay go 60\n")

MADE_BY_ANOTHER = Came(left="somebody else has made it")

CASES = {
    "as it was left": (Case("0", "1", "1"), UNDONE),
    "half way": (Case("0", None, "1"), UNDONE),
    "not begun": (Case("0", None, "0"), Came()),
    "taken back": (Case("0", "1", "0"), Came()),
    "taken back half way": (Case("0", "1", "0", begun=True), UNDONE),
    "taken back and another kind made since": (Case("", "7:", "", begun=True), Came()),
    "never changed": (Case("1", "1", "1"), Came()),
    "never changed, but since": (Case("1", "1", "2"), Came()),
    "missing": (Case("0", "1", ""), UNDONE),
    "gone": (Case("0", "1", None), Came()),
    "gone half way": (Case("0", None, None), Came()),
    **{
        f"who knows {what}: {how}": (Case("0", "1", "1", **{what: how}), Came(wholly=False))
        for what in ("wrong", "unseen")
        for how in ("exit 137", "exit 1", "exit 0", "echo garbage; exit 0", "sleep 9")
    },
    "who knows how it is, cut half way": (Case("0", None, "1", wrong="exit 1"), Came(wholly=False)),
    "who knows of users": (Case("0", "1", "1", no_users="exit 1"), Came(wholly=False)),
    "no program for users": (Case("0", "1", "1", no_users="missing"), UNDONE),
    "another": (Case("0", "1", "2"), Came(left="it is not as this run left it")),
    "in use": (Case("0", "1", "1", user="a user7"), Came(left="user7 depends on it")),
    "not in use": (Case("0", "1", "1", user="a user"), UNDONE),
    "another in use": (
        Case("0", "1", "2", user="user7"), Came(left="it is not as this run left it")),
    "made by another": (Case("0", None, "1", other="an other7"), MADE_BY_ANOTHER),
    "made by another, and shared": (
        Case("0", None, "1", other="other7", shared=True), MADE_BY_ANOTHER),
    "made, whatever it is like": (Case("0", "1", "1", other="other7"), UNDONE),
    "another has to do with a line": (
        Case("0", "1", "1", other="a line1"), Came("0 -\nlasts 60\n")),
    "another has made more": (
        Case("0", "1", "1", other="more of it\nmore old\nmore and"),
        Came(f"{UNDONE.ran}more of\nmore and\n")),
    "stuck": (Case("0", "1", "1", stuck=True), Came(UNDONE.ran, wholly=False)),
    "shared": (Case("0", "1", "1", shared=True), Came()),
    "shared half way": (Case("0", None, "1", shared=True), Came()),
    "shared and in use": (Case("0", "1", "1", user="user7", shared=True), Came()),
    "shared and another": (
        Case("0", "1", "2", shared=True), Came(left="it is not as this run left it")),
}  # fmt: skip


def bash(here: Path) -> tuple[bool, str]:
    """Take A back with its down.sh: whether it is wholly down, and what was said."""
    text = moved((here / "netmodes/A/down.sh").read_text(), here).replace(
        "PATIENCE=10", "PATIENCE=0.5"
    )
    text = text.replace("}:/usr/local/sbin:/usr/sbin:/sbin", "}")
    down = text.partition('become_root "$@"\n')[0] + 'down ""'
    done = run(BASH, "-c", down, env={"PATH": str(here / "bin"), "HERE": str(here)})
    return done.returncode == 0, done.stderr


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with these programs and no others, and with the journals."""
    monkeypatch.setattr(journal, "ROOT", tmp_path / "netmodes")
    monkeypatch.setattr("netmodes.machine.path.SBIN", ())
    (tmp_path / "bin").mkdir()
    (tmp_path / "uptime").symlink_to("/proc/uptime")
    for program, script in PROGRAMS.items():
        (tmp_path / "bin" / program).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / program).chmod(0o755)
    for program in REAL:
        (tmp_path / "bin" / program).symlink_to(which(program) or program)
    return tmp_path


def arrange(case: Case, here: Path) -> None:
    """Write the journal of A, and of B where that shares the thing, and make the thing so."""
    for name in ("A", "B") if case.shared else ("A",):
        Journal(name).begin(plan(name), down_script(plan(name)))
    Journal("A").write("start", 0, case.before)
    if case.after is not None:
        Journal("A").write("done", 0, case.after)
    if case.begun:
        Journal("A").write("back", 0)
    if case.now is not None:
        (here / "thing").write_text(f"{case.now} and more\n" if case.now else "\n")
    (here / "user").write_text(f"{case.user}\n")
    (here / "other").write_text(f"{case.other}\n")
    for accident in ("wrong", "no_users", "unseen"):
        (here / accident).write_text(getattr(case, accident))
    if case.no_users == "missing":
        (here / "bin" / "seen").unlink()
    if case.stuck:
        (here / "stuck").touch()


def read(path: Path) -> str:
    """What is in a file; nothing where there is none."""
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize(("case", "came"), CASES.values(), ids=CASES)
def test_down(case: Case, came: Came, here: Path) -> None:
    """A thing is undone if it is as its command left it, and nobody else needs it."""
    arrange(case, here)

    wholly, said = bash(here)

    told = f"[#] # left alone: ip 0 - ({came.left})" if came.left else ""
    assert read(here / "ran") == came.ran
    assert [line for line in said.splitlines() if "left alone" in line] == [told] * bool(told)
    assert (wholly, Journal("A").read() is None) == (came.wholly, came.wholly)


@pytest.mark.parametrize("after", ["1", None])
def test_passed_on(after: str | None, here: Path) -> None:
    """What a network that stays shares is in its journal as in that of the one that ran it."""
    arrange(Case("0", after, "1", shared=True), here)
    began = (here / "netmodes/A/log").read_text().split()[1]

    bash(here)

    heir = Journal("B").read()
    assert heir is not None
    assert heir.notes == (Note(0, "0", after),)
    assert f"began {began}\n" in (here / "netmodes/B/log").read_text()


def test_again(here: Path) -> None:
    """What could not be undone is interrupted, and the next that tries undoes it."""
    arrange(Case("0", "1", "1", stuck=True), here)

    first, _ = bash(here)
    halfway = Journal("A").read()
    (here / "stuck").unlink()
    second, _ = bash(here)

    assert (first, second) == (False, True)
    assert halfway is not None
    assert halfway.state == "interrupted"
    assert (here / "thing").read_text() == "0\n"
    assert Journal("A").read() is None


@pytest.mark.parametrize("verb", ["start", "done", "back", "began", "socket"])
def test_no_expression(verb: str, here: Path) -> None:
    """What stands in the log in the place of a number is nothing that down.sh evaluates."""
    arrange(Case("0", "1", "1"), here)
    with (here / "netmodes/A/log").open("a") as log:
        log.write(f"{verb} NAME[$(cat>$HERE/canary)] 1\n{verb} NAME[$(cat>$HERE/canary)]\n")

    wholly, _ = bash(here)

    assert wholly
    assert not (here / "canary").exists()


#: Reads a long listing in a subshell, and tells how many times `dd` took part.
IN_SUBSHELL = """
NAME=A
{engine}
dd() {{ echo dd >&3; command dd "$@"; }}
exec 3>dds
(start seq 40000; finish 20; echo "${{#PRINTED}} $STATUS")
grep -c . dds
"""


def test_in_subshell(tmp_path: Path) -> None:
    """A subshell, as the watcher of --confirm undoes in, reads a long listing by blocks."""
    done = run(BASH, "-c", IN_SUBSHELL.format(engine=template("engine.sh")), cwd=tmp_path)
    length, status, blocks = map(int, done.stdout.split())

    assert (length, status) == (228894, 0)
    assert blocks < 100


#: Who asks for JSON is ended by a signal; what was asked answers while something else is listed.
LATE = """
NAME=A
{engine}
start true; finish 5
json sh -c 'sleep 0.3; echo late' &
sleep 0.1
kill "$!"
start sh -c 'sleep 0.6; echo own'
finish 5
printf %s "$PRINTED"
"""


def test_late_answer(tmp_path: Path) -> None:
    """What comes too late for a subshell that a signal has ended is in no listing."""
    done = run(BASH, "-c", LATE.format(engine=template("engine.sh")), cwd=tmp_path)

    assert done.stdout == "own\n"
