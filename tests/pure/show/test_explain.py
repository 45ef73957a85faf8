"""`netmodes explain`: every line with its why and its undo, and docs/ as it prints them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from console import machine, netmodes
from places import ROOT

from netmodes import MODES, Bridged, HostOnly, Plan, journal
from netmodes.journal import Journal
from netmodes.plan.log import Note, Run
from netmodes.plan.undo import Undo
from netmodes.show import explain
from netmodes.show.lines import lines
from netmodes.show.prose import fold

each_mode = pytest.mark.parametrize("name", list(MODES))

#: The questions that the article leaves to its reader.
QUESTIONS = """
Why can a namespace in host-only mode not reach the outside?
In bridged mode, how does a system outside the host exchange messages with the namespace?
When is host-only the right choice, when bridged?
When is isolation the right choice?
What does `ip link set enp0s1 master br0` do?
Can you explain each command?
"""


@pytest.fixture
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the test's own, and no program on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("netmodes.machine.path.SBIN", ())
    monkeypatch.setattr(journal, "ROOT", tmp_path)
    return tmp_path


def put_up(plan: Plan, before: str = "1") -> Run:
    """The journal's network of a plan each of whose own steps has changed something."""
    written = Journal(plan.name)
    written.begin(plan, "")
    for index, step in enumerate(plan.all_steps):
        if step.undo and index >= len(plan.inherited):
            written.write("start", index, before)
            written.write("done", index, "2")
    written.write("up")
    found = written.read()
    assert found is not None
    return found


def joined(text: str) -> str:
    """A text on one line, whatever its line breaks."""
    return " ".join(text.split())


@each_mode
def test_page(name: str) -> None:
    """The page of a mode in docs/ is what `explain` prints, and README links it."""
    page = ROOT / "docs" / f"{name}.md"

    assert page.read_text() == explain.mode(name, "markdown")
    assert f"(docs/{name}.md)" in (ROOT / "README.md").read_text()


@each_mode
@pytest.mark.parametrize("how", ["text", "markdown"])
def test_every_line(name: str, how: str, journals: Path) -> None:
    """Without looking at this machine, every line of the plan is there: why, guard and undo."""
    plan = explain.article_plan(name)

    done = netmodes("explain", name, "--format", how)

    assert (done.status, done.stderr) == (0, "")
    shown, said = unfolded(done.stdout), joined(done.stdout)
    for step in plan.steps:
        assert str(step) in shown
        assert step.why in said
        assert f"without it {step.prevents}" in said or not step.guard
        assert not step.undo or shown_undo(step.undo) in shown


def unfolded(text: str) -> str:
    """A text without margins, its broken lines made whole."""
    return re.sub(r" \\\n *", " ", re.sub(r"^( {11}| {4}| ?\d+ +)", "", text, flags=re.M))


def shown_undo(undo: Undo) -> str:
    """What takes something back, as a reader sees it."""
    return " ".join(undo.command("BEFORE")) + (f" <<'STDIN'\n{undo.stdin}" if undo.stdin else "")


@each_mode
def test_width(name: str) -> None:
    """The text of a mode fits 80 columns, and its page too, but for a heading."""
    page = explain.mode(name, "markdown").splitlines()
    text = explain.mode(name).splitlines()

    long = [line for line in [*text, *page] if len(line) > 80 and not line.startswith("#")]

    assert long == []


@each_mode
def test_reach(name: str) -> None:
    """Who reaches whom is a row for each promise of the mode."""
    rows = re.findall(r"^\| .* \| .* \| (yes|no) \|$", explain.mode(name, "markdown"), re.M)

    assert rows == ["yes" if promise.reachable else "no" for promise in MODES[name].promises]


@each_mode
def test_questions(name: str) -> None:
    """Each page answers every question of the article in its words, or says which page does."""
    page = explain.mode(name, "markdown")

    assert [one for one in QUESTIONS.split("\n") if one and f"### {one}\n" not in page] == []


@each_mode
def test_questions_on_a_network(name: str, journals: Path) -> None:
    """A network answers what concerns its own mode, and sends nobody to the page of another."""
    network = explain.network(put_up(explain.article_plan(name)))

    asked = [one for one in QUESTIONS.split("\n") if one and one in joined(network)]
    assert 1 <= len(asked) <= 3
    assert "Can you explain each command?" not in asked


@each_mode
def test_answers(name: str) -> None:
    """A mode has answers; the commands in them are lines of its plan, or of its question."""
    _, _, text = explain.mode(name, "markdown").partition("## Questions\n")
    numbered = {
        str(step): number for number, step in enumerate(explain.article_plan(name).steps, 1)
    }

    answers = joined("".join(part for part in re.split(r"^### .*$", text, flags=re.M)))

    cited = re.findall(r"`((?:ip|sysctl|nft|iptables) [^`]*)`(?: \(line (\d+)\))?", answers)
    assert answers
    assert [(command, str(numbered.get(command))) for command, _ in cited] == cited


@pytest.mark.parametrize("facts", ["article", "advertised", "docker", "rich"])
def test_goes_with(facts: str) -> None:
    """A line without an undo goes with a device or namespace that an earlier line makes."""
    plan = Bridged(uplink="enp0s1").plan(machine(facts), anyway=True)

    for line in lines(plan):
        if line.step.undo is None:
            found = re.fullmatch(r"goes with (\S+) \(line (\d+)\)", line.when)
            assert found is not None
            maker = plan.steps[int(found[2]) - 1]
            assert maker.undo is not None
            assert found[1] in maker.argv
            assert int(found[2]) < line.number


def test_goes_with_the_cable() -> None:
    """In a process's namespace, which stays, all goes with the cable's end or has an undo."""
    plan = Bridged(uplink="enp0s1", attach="4242:4026532444").plan(machine("article"))
    inside = [line for line in lines(plan) if line.step.namespace]

    assert {line.when.partition(" (")[0] for line in inside if not line.undo} == {"goes with veth1"}
    assert [line.step.argv[-2:] for line in inside if line.undo] == [("lo", "up")]


def test_fold() -> None:
    """Folding breaks between words alone, and says no other command."""
    step = Bridged(uplink="enp0s1").plan(machine("rich"), anyway=True)
    for one in step.steps:
        folded = fold(one.command, one.stdin, 60)
        assert re.sub(r" \\\n {4}", " ", folded) == str(one)
        assert max(map(len, folded.splitlines())) <= 80
    assert fold(("echo", "a b", "c" * 9), width=12) == "echo 'a b' \\\n    ccccccccc"


def test_network(journals: Path) -> None:
    """A network is explained with its own values, and with what the journal knows was before."""
    put_up(HostOnly(namespace="red", address="10.9.8.7/24").plan(machine("article")))

    done = netmodes("explain", "red")

    assert done.status == 0
    assert "red, host-only: the namespace and the host" in done.stdout
    assert "red is up." in done.stdout
    assert "ip netns exec red ip addr add 10.9.8.7/24 dev veth1" in done.stdout
    assert "BEFORE" not in done.stdout
    assert "192.168.202" not in done.stdout


def test_before(journals: Path) -> None:
    """An undo that puts a value back names it; what was so before has none."""
    found = put_up(Bridged(uplink="enp0s1").plan(machine("article")), "0")
    notes = tuple(Note(note.index, "7", "7") if note.index == 8 else note for note in found.notes)

    text = joined(explain.network(replace(found, notes=notes)))

    assert "sysctl -w net.ipv4.ip_forward=0 (with the last" in text
    assert "ip link set enp0s1 up why enp0s1 is switched on, if it was not undo none: it" in text


@pytest.mark.parametrize("state", ["interrupted", "unconfirmed"])
def test_state(state: str, journals: Path) -> None:
    """A network that is not wholly up is said not to be."""
    found = put_up(HostOnly().plan(machine("article")))

    text = explain.network(replace(found, state=state))

    assert {"interrupted": "A was interrupted", "unconfirmed": "netmodes confirm A"}[state] in text


def test_shared(journals: Path) -> None:
    """A network that has joined a bridge shows what it shares, with whom, and who ran it first."""
    put_up(Bridged(uplink="enp0s1").plan(machine("article")))
    put_up(Bridged(uplink="enp0s1", namespace="B").plan(machine("bridged-up")))

    first, second = (netmodes("explain", name).stdout for name in "AB")

    assert "shared with B\n" in first
    assert "shared with A; run before B came\n" in second
    assert second.count("shared with") == first.count("shared with") == 5
    assert "(line 3)" in second.partition("What does")[2]
    assert "undo   sysctl -w net.ipv4.ip_forward=1\n" in second


def test_mode_wins(journals: Path) -> None:
    """Where a network has the name of a mode, the mode is explained, and this is said."""
    put_up(HostOnly(namespace="bridged").plan(machine("article")))

    done = netmodes("explain", "bridged")

    assert done.stderr == "bridged is a mode and also a network: this explains the mode.\n"
    assert done.stdout == explain.mode("bridged")


@pytest.mark.parametrize("name", ["nobody", "../A", "", "-"])
def test_nothing(name: str, journals: Path) -> None:
    """A name of nothing is refused, with the modes."""
    done = netmodes("explain", name)

    assert (done.status, done.stdout) == (1, "")
    assert "is neither a mode (isolated, host-only" in done.stderr


def test_foreign_mode(journals: Path) -> None:
    """A network of a mode that a later version brought is refused in a sentence."""
    put_up(replace(HostOnly().plan(machine("article")), mode="later"))

    done = netmodes("explain", "A")

    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == "Error: A has a mode that this netmodes does not know: later\n"
