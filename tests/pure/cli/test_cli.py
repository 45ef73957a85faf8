"""The command line: exit statuses, what goes to stdout and what to stderr, and files it writes."""

import json
import os
import re
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path

import click
import pytest
from console import Done, commands, machine, netmodes
from places import FACTS
from processes import run
from tables import printed, table_of
from times import NO_SECONDS

from netmodes import (
    MODES,
    Bridged,
    Facts,
    HostOnly,
    Mode,
    Plan,
    Refused,
    __version__,
    journal,
    network,
)
from netmodes.cli import cli
from netmodes.cli.output import fit
from netmodes.journal import Journal
from netmodes.machine.entries import Link

ARTICLE = ("--facts", str(FACTS / "article.json"))

#: What a user may call.
VERBS = [name for name, command in commands().items() if not command.hidden]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No program on PATH and a journal of the test's own: nothing can be run, sudo neither."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("netmodes.machine.path.SBIN", ())
    monkeypatch.setattr(journal, "ROOT", tmp_path / "netmodes")
    return tmp_path


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not root, whoever runs the tests."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, whoever runs the tests."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(network, "no_permission", lambda: None)


def in_a_process(
    *arguments: str, stdout: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Call the command line as a process of its own, its stdout a file."""
    with Path(stdout).open("w") as out:
        return subprocess.run(
            [sys.executable, "-m", "netmodes", *arguments],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["--no-such-option"],
        ["host-only", "--no-such-option"],
        ["host-only", "superfluous"],
        ["host-only", "--address"],
        ["host-only", *ARTICLE],
        ["host-only", "--json", *ARTICLE],
        ["host-only", "--export", ""],
        ["host-only", "--facts", ""],
        ["bridged"],
        ["bridged", "--dry-run"],
        ["bridged", "--dry-run", *ARTICLE],
        *(
            ["bridged", "--uplink", "enp0s1", "--confirm", seconds, "--dry-run", *ARTICLE]
            for seconds in NO_SECONDS
        ),
        ["host-only", "--confirm", "60", "--dry-run", *ARTICLE],
        ["confirm"],
        ["confirm", "A", "B"],
        ["down"],
        ["down", "--all", "A"],
        ["exec"],
        ["exec", "A"],
        ["list", "A"],
        ["facts", "A"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], root: None) -> None:
    """What the command line cannot make sense of exits 2, and says so on stderr alone."""
    done = netmodes(*arguments)

    assert (done.status, done.stdout) == (2, "")
    assert "Error: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["bridged", *ARTICLE, "--dry-run"],
            "--uplink is missing: the default route goes through enp0s1 (`--uplink enp0s1`)",
        ),
        (
            ["bridged", "--uplink", "", *ARTICLE, "--dry-run"],
            "--uplink is missing: the default route goes through enp0s1 (`--uplink enp0s1`)",
        ),
        (["bridged"], "--uplink is missing: name the host's NIC that leads outside"),
        *(
            ([*command, ""], f"Invalid value for '{command[-1]}': it is empty: give a value")
            for command in (
                ["host-only", "--attach"],
                ["isolated", "--address"],
                ["nat", "--publish"],
            )
        ),
        (["host-only", "--force"], "--force goes with --export"),
        (["bridged", "--uplink", "enp0s1", "--force", "--dry-run"], "--force goes with --export"),
        (["isolated", "--anyway"], "No such option"),
        (["host-only", "--export", "-", "--json"], "--export writes a script: leave out --json"),
        (["host-only", *ARTICLE], "--facts goes with --dry-run, --export or --rehearse"),
        *(
            (
                ["host-only", "--rehearse", *instead],
                "--rehearse runs the commands, in a copy: leave",
            )
            for instead in (["--dry-run"], ["--export", "-"])
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_says(arguments: list[str], says: str, root: None) -> None:
    """Wrong usage is said in a sentence, with what to do."""
    done = netmodes(*arguments)

    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"Error: {says}")


def test_anyway(tmp_path: Path, article: Facts) -> None:
    """An objection is refused, and gone against with --anyway alone: writing over is another."""
    path = tmp_path / "firewalled.json"
    path.write_text(printed(article, "iptables", ["-A INPUT -i enp0s1 -j ACCEPT"]))
    firewalled = ("bridged", "--uplink", "enp0s1", "--facts", str(path))

    assert netmodes(*firewalled, "--dry-run").status == 1
    assert netmodes(*firewalled, "--export", "-", "--force").status == 1
    assert netmodes(*firewalled, "--dry-run", "--anyway").status == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["host-only", "--dry-run"], "there is no `ip` on PATH: install iproute2"),
        (["host-only"], "there is no `ip` on PATH: install iproute2"),
        (["facts"], "there is no `ip` on PATH: install iproute2"),
        (["host-only", "-n", "a b"], "namespace name 'a b' is not plain"),
        (["host-only", "-n", "A", "--dry-run", "--facts", "none"], "none cannot be read"),
        (["bridged", "--uplink", "enp0s1"], "there is no `ip` on PATH: install iproute2"),
        (["confirm", "A"], "A is not up: it was undone, or never put up"),
        (["exec", "A", "--", "true"], "A is not a network of ours: see `netmodes list`"),
        (["lab", "--", "true"], "there is no `cp` on PATH: install coreutils"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refused(arguments: list[str], says: str, root: None) -> None:
    """What cannot be done exits 1, with one line on stderr alone."""
    done = netmodes(*arguments)

    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {says}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["a\nb", "", "..", "../A", "n" * 300, "/run/netmodes/A"])
@pytest.mark.parametrize("verb", [["down"], ["exec"], ["confirm"]], ids=" ".join)
def test_no_name(verb: list[str], name: str, root: None) -> None:
    """What is no name is no network either, and said in one short line."""
    done = netmodes(*verb, name, *(["true"] if verb == ["exec"] else []))

    assert done.status == 1
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stderr) < 200


@pytest.mark.parametrize(
    "arguments",
    [["host-only"], ["down", "A"], ["exec", "A", "true"], ["confirm", "A"]],
    ids=" ".join,
)
def test_no_sudo(arguments: list[str], user: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither root nor sudo can be had, that is refused, and no line is shown."""
    monkeypatch.setattr(sys, "argv", ["netmodes", *arguments])

    done = netmodes(*arguments)

    (refusal,) = done.stderr.splitlines()
    assert (done.status, done.stdout) == (1, "")
    assert refusal.startswith("Error: this needs root, and there is no sudo")


def test_library_without_root(user: None) -> None:
    """In Python not being root is an error that names sudo and the lab."""
    with pytest.raises(Refused, match=r"sudo.*netmodes lab"):
        HostOnly().up()
    with pytest.raises(Refused, match=r"sudo.*netmodes lab"):
        HostOnly().down()
    with pytest.raises(Refused, match=r"sudo.*netmodes lab"):
        HostOnly().confirm()


@pytest.mark.parametrize("name", [None, *VERBS], ids=str)
def test_help(name: str | None) -> None:
    """Every command has help on stdout, with what it is for and an example."""
    done = netmodes(*([name] if name else []), "--help")

    assert (done.status, done.stderr) == (0, "")
    assert f"netmodes {name or 'host-only'} " in done.stdout
    assert name is None or f"Example: netmodes {name}" in done.stdout


#: Whatever makes each command say something: nothing, too much, and what cannot be.
SAYING: list[list[str]] = [
    [],
    ["--help"],
    ["--no-such-option"],
    ["--" + "long" * 12],
    ["x" * 90],
    ["no such thing", "and more"],
]


@pytest.mark.parametrize("command", [[], *([verb] for verb in VERBS)], ids=" ".join)
def test_width(command: list[str], user: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a command says is wider than 80 columns, but a word that is."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "argv", ["netmodes"])

    said = [netmodes(*command, *arguments) for arguments in SAYING]

    lines = "".join(done.stdout + done.stderr for done in said).splitlines()
    assert len(lines) > 10
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


@pytest.mark.parametrize("name", VERBS)
def test_example(name: str) -> None:
    """The example of every command is one that the command line understands."""
    (example,) = re.findall(r"^ *Example: netmodes (.*)$", netmodes(name, "--help").stdout, re.M)

    command, *arguments = shlex.split(example.partition(" > ")[0])

    assert command == name
    with commands()[name].make_context(name, arguments) as context:
        assert context.command.name == name


def test_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences are wrapped at words; what is in backticks or indented stays on one line."""
    monkeypatch.setenv("COLUMNS", "20")

    assert fit("one two three four five six") == "one two three four\nfive six"
    assert fit("try this: `ip link show dev enp0s1` now") == (
        "try this:\n`ip link show dev enp0s1`\nnow"
    )
    assert fit("why:\n  ip link show dev enp0s1") == "why:\n  ip link show dev enp0s1"
    assert fit("one two three four five", "# ") == "# one two three four\n# five"
    assert fit("one two three four five six", more="  ") == "one two three four\n  five six"


def test_help_of_what_is_hidden() -> None:
    """What only netmodes itself calls is in no list of commands."""
    done = netmodes("--help")

    listed = re.findall(r"^  (\S+)", done.stdout.partition("Commands:\n")[2], re.M)
    assert listed == VERBS


def test_help_is_short() -> None:
    """The list of commands says of each, in whole sentences, what it is for."""
    done = netmodes("--help")

    assert "..." not in done.stdout.replace("[ARGS]...", "")


@pytest.mark.parametrize("mode", MODES)
def test_help_of_a_mode(mode: str) -> None:
    """The help of a mode shows its picture, and every option with its default."""
    done = netmodes(mode, "--help")

    shown = [line.strip() for line in done.stdout.splitlines()]
    picture = MODES[mode].draw("A", MODES[mode].article).splitlines()
    options = [f"--{field.name.replace('_', '-')}" for field in MODES[mode].options()]
    assert MODES[mode].summary() in shown
    assert [line for line in picture if line.strip() not in shown] == []
    assert [option for option in options if option not in done.stdout] == []
    noted = [field for field in MODES[mode].options() if MODES[mode].otherwise(field)]
    assert done.stdout.count("[default: ") + done.stdout.count("[required") == len(noted)


def test_version() -> None:
    """The version is the package's."""
    assert netmodes("--version").stdout == f"netmodes, version {__version__}\n"


def test_dry_run(article: Facts) -> None:
    """A dry run prints the lines on stdout, and nothing on stderr."""
    done = netmodes("host-only", "--dry-run", *ARTICLE)

    plan = HostOnly().plan(article)
    whys = [f"# {'guard: ' if step.guard else ''}{step.why}" for step in plan.steps]
    lines = [text for pair in zip(whys, plan.lines, strict=True) for text in pair]
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.splitlines() == "\n".join(lines).splitlines()


def test_dry_run_verbatim_warns(article: Facts) -> None:
    """With --verbatim a dry run says on stderr what to expect, as a run does."""
    done = netmodes("host-only", "--dry-run", "--verbatim", *ARTICLE)

    assert HostOnly.verbatim_note in done.stderr


def test_dry_run_json(article: Facts) -> None:
    """A dry run as JSON is the plan."""
    done = netmodes("host-only", "--dry-run", "--json", *ARTICLE)

    assert Plan.from_dict(json.loads(done.stdout)) == HostOnly().plan(article)


def test_facts_from_stdin(article: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--facts -` reads the facts from stdin."""
    monkeypatch.setattr(sys, "stdin", StringIO(article.to_json()))

    done = netmodes("host-only", "--dry-run", "--facts", "-")

    assert done == netmodes("host-only", "--dry-run", *ARTICLE)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"\x7fELF"])
def test_facts_that_are_none(content: bytes, tmp_path: Path) -> None:
    """A file that holds no facts is refused in one line."""
    path = tmp_path / "facts"
    path.write_bytes(content)

    done = netmodes("host-only", "--dry-run", "--facts", str(path))

    assert (done.status, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("links", ["enp0s1", 1, True, {"enp0s1": {}}, [1], [{}], [[]]])
def test_facts_of_another_shape(links: object, article: Facts, tmp_path: Path) -> None:
    """A file of JSON that is not as `netmodes facts` writes it is refused in one line."""
    path = tmp_path / "facts.json"
    path.write_text(printed(article, "links", links))

    done = netmodes("host-only", "--dry-run", "--facts", str(path))

    assert (done.status, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_facts(tmp_path: Path, article: Facts) -> None:
    """`netmodes facts` prints what `--facts` takes."""
    write_ip(tmp_path, LISTS)

    facts = Facts.from_json(netmodes("facts").stdout)

    assert (facts.links, facts.routes, facts.networks) == ([Link("lo", 1)], [], [])
    assert isinstance(facts.namespaces, list)


def test_export(tmp_path: Path, article: Facts) -> None:
    """An exported script is an executable file of its own, and nothing is said."""
    path = tmp_path / "up.sh"

    done = netmodes("host-only", "--export", str(path), *ARTICLE)

    assert (done.status, done.stdout, done.stderr) == (0, "", "")
    assert path.read_text() == HostOnly().script(article)
    assert os.access(path, os.X_OK)


def test_export_to_stdout(article: Facts) -> None:
    """`--export -` prints the script."""
    done = netmodes("host-only", "--export", "-", *ARTICLE)

    assert (done.status, done.stdout) == (0, HostOnly().script(article))


def test_export_verbatim(article: Facts) -> None:
    """`--export` with `--verbatim` leaves the guard commands out."""
    done = netmodes("host-only", "--verbatim", "--export", "-", *ARTICLE)

    assert done.stdout == HostOnly().script(article, verbatim=True)


def test_export_keeps(tmp_path: Path) -> None:
    """A file that is there is never overwritten unasked."""
    path = tmp_path / "up.sh"
    path.write_text("mine")

    done = netmodes("host-only", "--export", str(path), *ARTICLE)

    assert (done.status, path.read_text()) == (1, "mine")
    assert done.stderr == f"Error: {path} exists: choose another file, or use --force\n"


def test_export_force(tmp_path: Path, article: Facts) -> None:
    """With --force a file is overwritten whole, and executable afterwards."""
    path = tmp_path / "up.sh"
    path.write_text("mine" * 10_000)

    done = netmodes("host-only", "--export", str(path), "--force", *ARTICLE)

    assert (done.status, path.read_text()) == (0, HostOnly().script(article))
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("target", ["elsewhere.sh", "nothing.sh", "up.sh"])
@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
def test_export_link(force: list[str], target: str, tmp_path: Path) -> None:
    """A link in the script's place is never written through, and stays."""
    path, elsewhere = tmp_path / "up.sh", tmp_path / "elsewhere.sh"
    elsewhere.write_text("mine")
    path.symlink_to(target)

    done = netmodes("host-only", "--export", str(path), *force, *ARTICLE)

    assert (done.status, elsewhere.read_text()) == (1, "mine")
    assert sorted(tmp_path.iterdir()) == [elsewhere, path]


def test_export_force_is_whole(tmp_path: Path) -> None:
    """A file that has another name keeps its text under that one; its permissions stay."""
    path, other = tmp_path / "up.sh", tmp_path / "other.sh"
    path.write_text("mine")
    path.chmod(0o700)
    other.hardlink_to(path)

    done = netmodes("host-only", "--export", str(path), "--force", *ARTICLE)

    assert (done.status, other.read_text(), path.stat().st_mode & 0o777) == (0, "mine", 0o711)
    assert sorted(tmp_path.iterdir()) == [other, path]


@pytest.mark.parametrize("links", [["a"], ["b", "a"]], ids=["itself", "each other"])
def test_export_through_links(links: list[str], tmp_path: Path) -> None:
    """Links of one's own on the way are followed, but not in circles."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "own").symlink_to("folder")
    for link, target in zip("ab", links, strict=False):
        (tmp_path / link).symlink_to(target)

    followed = netmodes("host-only", "--export", str(tmp_path / "own/up.sh"), *ARTICLE)
    circular = netmodes("host-only", "--export", str(tmp_path / "a/up.sh"), *ARTICLE)

    assert (followed.status, circular.status) == (0, 1)
    assert (tmp_path / "folder/up.sh").exists()


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize("place", ["no-such-folder/up.sh", ".", "file/up.sh", "n" * 300])
def test_export_unwritable(place: str, force: list[str], tmp_path: Path) -> None:
    """A path that cannot be written is refused, with it and why."""
    path = tmp_path / place
    (tmp_path / "file").write_text("")

    done = netmodes("host-only", "--export", str(path), *force, *ARTICLE)

    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {path} ")
    assert len(done.stderr.splitlines()) == 1


def test_export_refused(tmp_path: Path) -> None:
    """A mode that the machine does not allow leaves no file."""
    path = tmp_path / "up.sh"

    done = netmodes("bridged", "--uplink", "lo", "--export", str(path), *ARTICLE)

    assert (done.status, path.exists()) == (1, False)


def test_list() -> None:
    """The list names each network with its mode, state and address; that none is up is said."""
    nothing = netmodes("list")
    begun("A", "up")

    some = netmodes("list")

    assert (nothing.status, nothing.stdout, nothing.stderr) == (0, "", "No network is up.\n")
    assert some.stdout.splitlines() == [
        "NAME            MODE       STATE        ADDRESS",
        "A               host-only  up           192.168.202.11/24",
    ]


def test_list_of_long_names() -> None:
    """A long name widens its column for all."""
    begun("A", "up")
    begun("a-long-name-for-a-namespace", "up")

    lines = netmodes("list").stdout.splitlines()

    assert len({line.index("host-only") for line in lines[1:]} | {lines[0].index("MODE")}) == 1


@pytest.mark.parametrize(("locale", "drawn"), [("C.UTF-8", "┌──"), ("C", "+--")])
def test_help_is_drawn(locale: str, drawn: str) -> None:
    """The picture in a mode's help is in ASCII where the locale has no UTF-8."""
    environment = os.environ | {"LC_ALL": locale}
    shown = run(sys.executable, "-m", "netmodes", "nat", "--help", timeout=60, env=environment)

    assert drawn in shown.stdout


def test_list_json(article: Facts) -> None:
    """The list as JSON has the parameters as well, and is a list also where nothing is up."""
    nothing = netmodes("list", "--json")
    begun("A", "up")

    some = netmodes("list", "--json")

    assert json.loads(nothing.stdout) == []
    (listed,) = json.loads(some.stdout)
    assert listed == json.loads(json.dumps(journal.networks()[0].to_dict()))
    assert (listed["name"], listed["mode"], listed["state"]) == ("A", "host-only", "up")
    assert listed["parameters"] == HostOnly().plan(article).parameters
    assert (listed["shares"], listed["parents"]) == ([], ["/etc/netns"])


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([], "interrupted"),
        (["watching 1", "up"], "unconfirmed"),
        (["watching 1", "up", "confirmed"], "up"),
        (["up", "down"], "interrupted"),
    ],
)
def test_list_states(lines: list[str], state: str) -> None:
    """The list tells a network that is up from one that is not yet, or not any more."""
    begun("A", *lines)

    assert netmodes("list").stdout.splitlines()[1].split()[2] == state


def test_list_stray(nowhere: Path) -> None:
    """The list says where an address is on an enslaved port, and what takes it off."""
    begun("A", "up", mode=Bridged(uplink="enp0s1"))
    links = json.loads(table_of(machine("article")).output("links") or "")
    port = [{**link, "master": "br0"} for link in links if link["ifname"] != "br0"]
    write_ip(nowhere, f"""case $3 in addr) echo '{json.dumps(port)}' ;; route) echo '[]' ;; esac""")

    done = netmodes("list")

    assert done.stdout.splitlines()[2:] == [
        "Note: enp0s1 is a port of br0, yet has 192.168.64.3/24, so that nothing sent from there "
        "gets an answer:",
        "  `netmodes down A`, then put it up without --verbatim",
    ]


def begun(name: str, *lines: str, mode: Mode | None = None) -> None:
    """Write the journal of a network that was begun, and what became of it."""
    written = Journal(name)
    plan = (mode or HostOnly(namespace=name)).plan(machine("article"))
    written.begin(plan, "")
    for line in lines:
        written.write(line)


#: The only device of a machine, and an ``ip`` that lists it, and no routes.
LOOPBACK = {"ifindex": 1, "ifname": "lo", "flags": []}
LISTS = f"""case "$2 $3" in
*" addr") echo '[{json.dumps(LOOPBACK)}]' ;;
"rule "*) ;;
*) echo '[]' ;;
esac"""


def write_ip(folder: Path, body: str) -> None:
    """Put an ``ip`` of the test's own into a folder."""
    ip = folder / "ip"
    ip.write_text(f"#!/bin/sh\n{body}\n")
    ip.chmod(0o755)


def test_list_of_a_long_name() -> None:
    """A name wider than its column keeps a blank between itself and the next."""
    begun("n" * 40, "up")

    row = netmodes("list").stdout.splitlines()[1]
    assert row.split() == ["n" * 40, "host-only", "up", "192.168.202.11/24"]


def test_again(root: None, nowhere: Path) -> None:
    """The same command again runs nothing, and says that the network is up already."""
    begun("A", "up")
    write_ip(nowhere, LISTS)

    done = netmodes("host-only", "--address", "192.168.202.11/24")

    assert (done.status, done.stdout, done.stderr) == (0, "", "A is up already.\n")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["isolated"], "A is up as host-only: `netmodes down A` first"),
        (
            ["host-only", "--address", "10.0.0.2/24", "--device", "far"],
            "A is up with device veth1, not far, address 192.168.202.11/24, not 10.0.0.2/24: "
            "`netmodes down A` first",
        ),
    ],
    ids=["mode", "parameters"],
)
def test_again_but_different(command: list[str], says: str, root: None, nowhere: Path) -> None:
    """A name that is up as something else is refused, with what is different."""
    begun("A", "up")
    write_ip(nowhere, LISTS)

    done = netmodes(*command)

    assert (done.status, done.stdout, done.stderr) == (1, "", f"Error: {says}\n")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "A was interrupted: `netmodes down A` undoes it"),
        (["up", "down"], "A was interrupted: `netmodes down A` undoes it"),
        (["watching 1", "up"], "A waits for its confirmation: `netmodes confirm A`"),
    ],
)
def test_again_too_early(lines: list[str], says: str, root: None, nowhere: Path) -> None:
    """A network that is not wholly up is refused, with what helps."""
    begun("A", *lines)
    write_ip(nowhere, LISTS)

    done = netmodes("host-only")

    assert (done.status, done.stdout, done.stderr) == (1, "", f"Error: {says}\n")


def test_confirm(root: None) -> None:
    """A network that is confirmed is up from then on, and that is said."""
    begun("A", "watching 1", "up")

    done = [netmodes("confirm", "A") for _ in range(2)]

    assert done == [Done(0, "", "A stays.\n")] * 2
    assert netmodes("list").stdout.splitlines()[1].split()[2] == "up"


@pytest.mark.parametrize("lines", [["watching 1"], ["watching 1", "up", "down"]])
def test_confirm_what_is_interrupted(lines: list[str], root: None) -> None:
    """What is not wholly up, or not any more, does not stay."""
    begun("A", *lines)

    done = netmodes("confirm", "A")

    says = "Error: A was interrupted: `netmodes down A` undoes it\n"
    assert (done.status, done.stdout, done.stderr) == (1, "", says)


@pytest.fixture
def namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the named namespaces, as yet empty."""
    folder = tmp_path / "netns"
    folder.mkdir()
    monkeypatch.setattr(network, "NAMESPACES", folder)
    return folder


def test_down_of_nothing(root: None, namespaces: Path) -> None:
    """To take down what is not up, or no longer up, is no error."""
    done = netmodes("down", "A")

    assert (done.status, done.stdout, done.stderr) == (0, "", "A is not up: nothing to do.\n")


def test_down_of_several(root: None, namespaces: Path) -> None:
    """A network that cannot be taken down stops none of the others."""
    (namespaces / "A").touch()

    done = netmodes("down", "A", "a b", "C")

    assert (done.status, done.stdout) == (1, "")
    said = [line.partition(":")[0] for line in done.stderr.splitlines()]
    assert said == ["Error", "Error", "C is not up"]


def test_down_of_what_is_not_ours(root: None, namespaces: Path) -> None:
    """A namespace that others have made is refused, with what deletes it, and left."""
    (namespaces / "A").touch()

    done = netmodes("down", "A")

    assert (done.status, (namespaces / "A").exists()) == (1, True)
    assert done.stderr == "Error: namespace A is not ours: `ip netns del A` deletes it\n"


def test_down_all_of_none(root: None) -> None:
    """To take down everything, where nothing is up, is no error."""
    assert netmodes("down", "--all").status == 0


FULL = "Error: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("where", "arguments", "status", "says"),
    [
        (">/dev/full", ["--help"], 1, FULL),
        (">/dev/full", ["list", "--json"], 1, FULL),
        (">/dev/full", ["host-only", "--dry-run", *ARTICLE], 1, FULL),
        ("> >(exit); wait $!", ["--help"], 1, ""),
        (">&-", ["--help"], 0, ""),
        ("2>/dev/full", ["host-only", "--dry-run", "--verbatim", *ARTICLE], 0, ""),
        ("2>/dev/full", ["no-such-command"], 1, ""),
    ],
)
def test_unwritten(where: str, arguments: list[str], status: int, says: str) -> None:
    """Output that cannot be written is said in a line and ends in 1; a remark may be lost."""
    netmodes = (sys.executable, "-m", "netmodes", *arguments)
    done = run("/bin/bash", "-c", f'exec {where}; exec "$@"', "bash", *netmodes)

    assert (done.returncode, done.stderr) == (status, says)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["host-only", "--help"], ["host-only", "--export", "-", *ARTICLE]]
)
def test_latin_terminal(arguments: list[str], tmp_path: Path) -> None:
    """A terminal that knows no box drawing gets all the rest."""
    done = in_a_process(*arguments, stdout=str(tmp_path / "out"), PYTHONIOENCODING="latin-1")

    assert (done.returncode, done.stderr) == (0, "")


def test_ascii_locale(tmp_path: Path, article: Facts) -> None:
    """A script is written in UTF-8 whatever the locale."""
    path = tmp_path / "up.sh"
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    done = in_a_process("host-only", "--export", str(path), *ARTICLE, stdout=os.devnull, **locale)

    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_text(encoding="utf-8") == HostOnly().script(article)


def test_unknown_verb() -> None:
    """Where a command is mistyped click has all names to guess from."""
    context = click.Context(cli)

    assert cli.get_command(context, "brigded") is None
    assert [*cli.commands] == cli.list_commands(context)
