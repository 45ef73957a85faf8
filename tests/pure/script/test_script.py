"""The exported script: the plan's lines as bash that bash and shellcheck agree with."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from bash import heard
from console import machine
from packets import without_copy
from times import NO_SECONDS

from netmodes import Bridged, Facts, HostOnly, Isolated, Mode, Nat, Plan, Undo, journal
from netmodes.commands.requirements import uplink_unchanged
from netmodes.journal import Journal
from netmodes.plan.look import Look
from netmodes.script.bash import down_script, engine, render, watch_script
from netmodes.script.knowledge import knowledge

LONG = "n" * 250

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
    Nat(),
    Nat(namespace="n" * 240, bridge="b" * 15, host_device="h" * 15, device="d" * 15),
    Nat(publish="8080:80,5353:53/udp"),
]

each_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.mode)
each_class = pytest.mark.parametrize(
    "mode", [Isolated(), HostOnly(), Bridged(uplink="enp0s1"), Nat()], ids=lambda mode: mode.mode
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


@pytest.mark.sweep
@each_kind
@each_class
def test_shellcheck(mode: Mode, verbatim: bool, script: Path) -> None:
    """Shellcheck has nothing to say of any."""
    assert run("shellcheck", script) == (0, "")


@each_kind
@each_mode
def test_lines(mode: Mode, verbatim: bool, article: Facts) -> None:
    """The script's commands are the plan's lines, to the letter and in order."""
    plan = mode.plan(article, verbatim=verbatim)

    between = ("    #", "    before ", "    after ")
    commands = [line for line in body(render(plan), "up") if not line.startswith(between)]

    numbers = (
        ("" if step.stdin is None else "READS=yes ") + (f"step {place}" if step.undo else "run")
        for place, step in enumerate(plan.steps)
    )
    expected = [f"    {said} {line}" for said, line in zip(numbers, plan.lines, strict=True)]
    assert commands == "\n".join(expected).splitlines()


@each_kind
@each_mode
def test_whys(mode: Mode, verbatim: bool, article: Facts) -> None:
    """Above each command stands its why, and that it is a guard where it is one."""
    plan = mode.plan(article, verbatim=verbatim)

    comments = [line.strip() for line in body(render(plan), "up") if line.startswith("    #")]

    assert comments == [f"# {'guard: ' * step.guard}{step.why}" for step in plan.steps]


@each_class
def test_picture(mode: Mode, article: Facts) -> None:
    """The picture of a mode's plan with the article's values is that of its help."""
    assert mode.plan(article).picture == mode.draw("A", mode.article)


@each_mode
def test_picture_keeps_its_frame(mode: Mode, article: Facts) -> None:
    """A picture with the longest names and addresses has the frame of the article's."""
    uplink = {"uplink": "enp0s1"} if isinstance(mode, Bridged) else {}

    drawn = mode.plan(article).picture.splitlines()[1:]
    usual = type(mode)(**uplink).plan(article).picture.splitlines()[1:]

    assert [len(line) for line in drawn] == [len(line) for line in usual]


@each_mode
def test_picture_in_the_script(mode: Mode, article: Facts) -> None:
    """The script begins with the picture, as comments."""
    plan = mode.plan(article)

    comments = [line[2:] for line in render(plan).splitlines() if line.startswith("# ")]

    assert comments[1 : 1 + plan.picture.count("\n") + 1] == plan.picture.splitlines()


@each_class
def test_tabs_and_ends(mode: Mode, article: Facts) -> None:
    """No line of a script ends in a blank or holds a tab, and the last one ends."""
    text = mode.script(article)

    assert [line for line in text.splitlines() if line != line.rstrip() or "\t" in line] == []
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


WRONG = ["sideways", "up --kill", "--kill", "down --all", "up down", "up --confirm", "down confirm"]


@each_class
@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_usage(mode: Mode, arguments: str, article: Facts, tmp_path: Path) -> None:
    """A script called with anything else says how to call it, exits 2 and does nothing."""
    path = tmp_path / "it.sh"
    path.write_text(mode.script(article))

    status, said = run("bash", path, *arguments.split())

    verbs = "up [--confirm SECONDS] | confirm" if mode.confirms else "up"
    assert (status, said) == (2, f"Usage: bash {path} [{verbs} | down [--kill]]\n")


@each_class
def test_help(mode: Mode, article: Facts, tmp_path: Path) -> None:
    """A script's --help is its head: the picture, how to call it, and what a reboot leaves."""
    path = tmp_path / "it.sh"
    path.write_text(mode.script(article))
    picture = mode.plan(article).picture.splitlines()

    status, said = run("bash", path, "--help")

    assert status == 0
    assert said.splitlines()[2 : 2 + len(picture)] == picture
    assert "down [--kill]   undo them" in said
    assert "shellcheck" not in said


@pytest.mark.parametrize("arguments", ["--confirm 60", "up --confirm 60", "confirm"])
def test_confirms_nothing(arguments: str, article: Facts, tmp_path: Path) -> None:
    """A script that cannot cut the host off has no --confirm, as on the command line."""
    path = tmp_path / "it.sh"
    path.write_text(HostOnly().script(article))

    assert run("bash", path, *arguments.split())[0] == 2


@pytest.mark.parametrize("seconds", NO_SECONDS)
@pytest.mark.parametrize(
    "form", [["--confirm={}"], ["up", "--confirm={}"], ["up", "--confirm", "{}"]]
)
def test_no_seconds(form: list[str], seconds: str, article: Facts, tmp_path: Path) -> None:
    """What is no time to wait for somebody is refused in one sentence."""
    path = tmp_path / "it.sh"
    path.write_text(Bridged(uplink="enp0s1").script(article, confirm=60))

    done = run("bash", path, *(word.format(seconds) for word in form))

    assert done == (2, f"Error: --confirm takes 1 to 86400 seconds, not {seconds}\n")


def test_watcher_of_a_script(article: Facts) -> None:
    """The watch.sh that a script writes does what that of netmodes does."""
    plan = Bridged(uplink="enp0s1").plan(article)
    ours = watch_script(plan)

    status, theirs = run("bash", "-c", render(plan).removesuffix('main "$@"\n') + "watch_script")

    assert (status, run("bash", "-n", "-c", theirs)) == (0, (0, ""))
    assert functions(ours).items() <= functions(theirs).items()
    assert statements(ours) == statements(theirs)


@each_mode
def test_verbatim_checks_no_names(mode: Mode, article: Facts) -> None:
    """The article's commands alone write no files, so they ask for none."""
    folder = f"/etc/netns/{mode.namespace}"
    assert folder in mode.script(article)
    assert folder not in mode.script(article, verbatim=True)


def test_verbatim_has_no_guards(article: Facts) -> None:
    """With --verbatim the script has no guard command."""
    assert "# guard: " in HostOnly().script(article)
    assert "# guard: " not in HostOnly().script(article, verbatim=True)


def test_checks_first(article: Facts) -> None:
    """Bridged's script asks first whether uplink and machine are as they were rendered for."""
    required = body(Bridged(uplink="enp0s1").script(article), "requirements")

    said = "\n".join(required)
    expected = [
        "namespace A exists",
        "br0 exists",
        "veth0 exists",
        "4a:9e:7e:55:59:ee",
        "192.168.64.3/24",
    ]
    assert [words for words in expected if words not in said] == []
    assert said.count(": export again") == len(list(uplink_unchanged("enp0s1", article)))


# The undo.

#: Plans whose undo has a command of every kind.
with without_copy():
    DOCKER = Bridged(uplink="enp0s1").plan(machine("docker"))
PLANS: dict[str, Plan] = {
    "isolated": Isolated().plan(machine("article")),
    "host-only": HostOnly(namespace="up").plan(machine("article")),
    "bridged": Bridged(uplink="enp0s1").plan(machine("article")),
    "rich": Bridged(uplink="enp0s1").plan(machine("rich")),
    "advertised": Bridged(uplink="enp0s1").plan(machine("advertised")),
    "docker": DOCKER,
    "managed": Bridged(uplink="enp0s1").plan(machine("managed")),
    "nat": Nat(publish="8080:80").plan(machine("article")),
    "nat-iptables-alone": Nat(publish="8080:80").plan(machine("iptables-alone")),
    "nat-joins": Nat(namespace="B", publish="8081:80").plan(machine("nat-up")),
    "joins": Bridged(namespace="B", uplink="enp0s1").plan(machine("bridged-up")),
}

SEVERAL = Bridged(namespace=("A", "B"), uplink="enp0s1").plan(machine("article"))

each_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)


def undos(plan: Plan) -> list[tuple[int, Undo]]:
    """Each undo of a plan, with its command's number."""
    return [(number, step.undo) for number, step in enumerate(plan.all_steps) if step.undo]


@pytest.mark.sweep
@pytest.mark.parametrize("plan", [*PLANS.values(), SEVERAL], ids=[*PLANS, "several"])
def test_bash_and_shellcheck(plan: Plan, tmp_path: Path) -> None:
    """Bash and shellcheck agree with the script, and with the journal's down.sh and watch.sh."""
    texts = {"up.sh": render(plan), "down.sh": down_script(plan), "watch.sh": watch_script(plan)}
    for name, text in texts.items():
        path = tmp_path / name
        path.write_text(text)

        assert run("bash", "-n", path) == (0, "")
        assert run("shellcheck", path) == (0, "")


@each_plan
def test_engine(plan: Plan) -> None:
    """The script and down.sh hold what is known of the plan, and the same engine, to the letter."""
    shared = f"{knowledge(plan)}\n{engine(plan)}"

    assert shared in render(plan)
    assert shared in down_script(plan)


#: In the place of a look: tells the listing and what to find in it, and finds as $FINDS says.
TELLS = """
    prepare
    find_in() {
        WORD=
        listing "$1" stat
        stat "${WHOLE[$1]-}" "${GIVEN-}" "${BUT-}" "${@:2}"
        return "$FINDS"
    }
    show() { stat "$@" "$([ -z "${READS-}" ] || cat; printf .)"; }
    left() { printf '{left:%s}' "$1"; }
    """


def told(look: Look) -> list[tuple[str, ...]]:
    """What TELLS tells of a look."""
    return [
        ("stat", *look.argv),
        ("stat", look.whole, look.given, look.but, *look.patterns),
    ]


@each_plan
def test_looks(plan: Plan) -> None:
    """The script looks for the result of each command just as its undo does, and for no other."""
    numbers = range(len(plan.all_steps))

    asked = heard(plan, f"FINDS=0\n{TELLS}" + "".join(f"look {number}\n" for number in numbers))

    assert asked == [line for _, undo in undos(plan) for line in told(undo.look)]


@each_plan
@pytest.mark.parametrize("found", [0, 1])
def test_undos(plan: Plan, found: int) -> None:
    """The script undoes each command with its undo's argv and input, less what it leaves out."""
    driver = "".join(f"undo {number} 'a b'\n" for number, _ in undos(plan))

    ran = heard(plan, f"FINDS={found}\n{TELLS}{driver}")

    assert ran == [line for _, undo in undos(plan) for line in undone(undo, found)]


def undone(undo: Undo, found: int) -> list[tuple[str, ...]]:
    """What TELLS tells of an undo, whose looks find something (0) or nothing (1)."""
    looks = [line for look in asked(undo) for line in told(look)]
    text = undo.stdin or ""
    left_out = {line for line, _ in undo.unless if found == 0}
    kept = "".join(line for line in text.splitlines(True) if line.rstrip() not in left_out)
    text = kept if kept or undo.stdin is None else "\n"  # a here-string ends a line
    return [*looks, ("stat", *undo.command("a b"), f"{text}.")]


def asked(undo: Undo) -> list[Look]:
    """The looks for an undo's input; those that differ by what is lacking are one."""
    looks, found = dict(undo.unless), list[Look | None]()
    for line in (undo.stdin or "").splitlines():
        look = looks.get(line)
        alike = replace(look, lacks="") if look and look.lacks else None
        if alike is None or found[-1:] != [alike]:
            found.append(alike or look)
    return [*filter(None, found), *undo.carried]


@each_plan
@pytest.mark.parametrize("what", ["users", "others"])
def test_users_and_others(plan: Plan, what: str) -> None:
    """The script looks for users and others just where, and for what, each undo says."""
    driver = "".join(f"{what} {number}\n" for number, _ in undos(plan))

    looked = heard(plan, f"FINDS=1\n{TELLS}{driver}:\n")

    assert looked == [
        line for _, undo in undos(plan) for look in getattr(undo, what) for line in told(look)
    ]


@each_plan
def test_things(plan: Plan) -> None:
    """What the script leaves alone it calls by its undo's command."""
    named = "".join(f'stat "$(thing {number} 1)"\n' for number, _ in undos(plan))

    assert heard(plan, named) == [("stat", " ".join(undo.command("1"))) for _, undo in undos(plan)]


@pytest.mark.parametrize(
    ("began", "lifetime", "left"),
    [
        ("900.50", 86400, 86300),
        ("900.50", 161, 61),
        ("900.50", 160, 60),
        ("900.50", 159, 60),
        ("900.50", 0, 60),
        ("900.50\nbegan 400.50\nbegan 950.50", 1000, 400),
        ("1000.50", 1000, 1000),
    ],
)
def test_left(began: str, lifetime: int, left: int) -> None:
    """A lifetime counts on from the first command, down to a minute."""
    log = f"printf 'began {began}\n' >\"$JOURNAL/log\"\n"

    counted = heard(PLANS["rich"], f'{log}stat "$(left {lifetime})"\n')

    assert counted == [("stat", str(left))]


#: Begins, and tells the name and the content of each file, of which bash keeps no final newline.
FILES = """
HERE=$(readlink /proc/self/ns/net)
JOURNAL=$JOURNAL-begun
begin
for file in "$JOURNAL"/*; do
    text=$(cat <"$file"; printf .)
    stat "${file##*/}" "${text%.}"
done
"""


@each_plan
def test_begin(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script begins with the files that a run of netmodes begins with."""
    monkeypatch.setattr(journal, "ROOT", tmp_path)
    written = Journal("A")
    written.begin(plan, down_script(plan))
    files = {path.name: path.read_text() for path in written.folder.iterdir()}

    begun = heard(plan, FILES)

    told = {words[1]: words[2] for words in begun if words[0] == "stat"}
    assert sorted(told) == sorted(files)
    assert (told["shares"], told["plan.json"]) == (files["shares"], f"{files['plan.json']}\n")
    assert all(re.fullmatch(LOG, log) for log in (told["log"], files["log"]))
    assert told["log"].startswith("began 1000.50\n")


#: When a run began, its id, and the host's network namespace.
LOG = r"began [0-9]+\.[0-9]+\nrun [0-9a-f-]{36} net:\[[0-9]+\]\n"

FUNCTION = r"^(\w+) ?\(\) *\n?\{.*?^\}\n|^(\w+)\(\) \{ .* \}\n"


def functions(text: str) -> dict[str, str]:
    """The functions that bash has read from a script, as bash writes them."""
    end = text.rindex("\n}\n") + len("\n}\n")
    status, written = run("bash", "-c", f"{text[:end]}\ndeclare -f")
    assert status == 0
    found = re.finditer(FUNCTION, written, re.M | re.S)
    return {function[1]: function[0] for function in found}


def statements(text: str) -> set[str]:
    """The lines of a script outside its functions, but for comments and values given."""
    rest = re.sub(FUNCTION, "", text, flags=re.M | re.S)
    lines = re.sub(r"^#.*| # .*", "", rest, flags=re.M).splitlines()
    return {line for line in lines if line and not re.match(r"declare -|[A-Z_]+=", line)}


@each_plan
def test_down_of_a_script(plan: Plan) -> None:
    """The down.sh that a script writes does what that of netmodes does."""
    ours = down_script(plan)

    status, theirs = run("bash", "-c", render(plan).removesuffix('main "$@"\n') + "down_script")

    assert (status, run("bash", "-n", "-c", theirs)) == (0, (0, ""))
    assert {"look", "undo", "down", "take_back"} <= functions(ours).keys()
    assert functions(ours).items() <= functions(theirs).items()
    assert statements(ours) == statements(theirs)


def test_folders_of_several(article: Facts) -> None:
    """The script of several says whose files a reboot leaves: everybody's."""
    said = render(Nat(namespace=["A", "B"]).plan(article))

    assert "# files in /etc/netns/A and /etc/netns/B, which `down` removes.\n" in said
