"""Somebody else's text: whatever stands in facts or a journal, it is refused or it is text."""

import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
from console import machine
from hostile import CANARY, COMMANDS, STRANGE, heard, leaves, planted, texts
from places import FACTS

from netmodes import Bridged, Facts, HostOnly, Isolated, Mode, Nat, Plan, host_facts, journal
from netmodes.cli.diagnose import examine
from netmodes.errors import NetmodesError
from netmodes.journal import Journal, networks
from netmodes.lab.copy import copied
from netmodes.place import hosts
from netmodes.plan.finding import Finding
from netmodes.script.bash import down_script
from netmodes.show import explain
from netmodes.show.text import draw
from netmodes.show.view import view

T = TypeVar("T")

MODES: list[Mode] = [
    Isolated(namespace="I"),
    HostOnly(namespace="H"),
    Bridged(namespace="B", uplink="enp0s1"),
    Nat(namespace="N", publish="8080:80"),
]

#: A line of words for `ip -batch`, none of which it would take for anything else.
PLAIN_LINE = re.compile(r"[a-z]+( [A-Za-z0-9_.:/@+,-]+)*")

#: The machines whose facts are planted, and how many leaves of each in one slice.
FILES = {path.stem for path in FACTS.glob("*.json")} - {"list", "plan-format-1"}
MACHINES = [*sorted(FILES), "here"]
EACH, SEEDS = 50, range(7)


def test_driver_hears(tmp_path: Path) -> None:
    """The canary is heard where it runs, in a command, in words and in a comment that has ended."""
    scripts = [f"# a\n{CANARY}", f'up() {{ run "$({CANARY})"; }}; up', "true", "if", f"# {CANARY}"]

    assert [*dict.fromkeys(heard(scripts, tmp_path))] == [0, 1, 3]


@pytest.mark.sweep
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", MACHINES)
def test_facts(name: str, seed: int, tmp_path: Path) -> None:
    """No leaf of a facts file becomes a command of any mode's script, or a traceback."""
    plans: list[Plan] = []
    for text in hostile(name, seed):
        plans += [plan for plan in plans_for(text) if plan not in plans]
    scripts = [text for plan in plans for text in texts(plan)]

    found = [scripts[number] for number in heard(scripts, tmp_path)] if scripts else []

    assert found == []
    assert [line for plan in plans for line in batched(plan) if line.startswith(CANARY)] == []


def batched(plan: Plan) -> list[str]:
    """The lines that the commands of a plan, and of its undo, read."""
    undos = [step.undo for step in plan.all_steps if step.undo]
    texts = [*(step.stdin for step in plan.all_steps), *(undo.stdin for undo in undos)]
    return [line for text in texts if text for line in text.split("\n")]


@pytest.mark.sweep
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["rich", "bridged-up", "nics", "docker", "managed"])
def test_findings(name: str, seed: int, tmp_path: Path) -> None:
    """Nor does one become a command of a fix that somebody pastes, or break a picture."""
    found = [finding for text in hostile(name, seed) for finding in findings_for(text)]
    pasted = list({command for one in found for command in (one.fix, one.evidence)})

    assert [pasted[number] for number in heard(pasted, tmp_path)] == []


@pytest.mark.sweep
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["whole", "here"])
def test_copy(name: str, seed: int) -> None:
    """Nor does one become more than a word of a copy's commands, or a setting of anything else."""
    for text in hostile(name, seed):
        facts = civil(lambda text=text: Facts.from_json(text))
        copy = civil(lambda facts=facts: copied(facts.table)) if facts and facts.table else None
        if copy is not None:
            made = [one.add for one in copy.devices]
            lines = [*made, *copy.links, *copy.addresses, *copy.routes, *copy.rules, *copy.lan]

            assert [line for line in lines if not PLAIN_LINE.fullmatch(line)] == []
            assert [path for path in copy.settings if not path.startswith("/proc/sys/net/")] == []


def findings_for(text: str) -> list[Finding]:
    """What is said of a machine of these facts, wherever its networks' namespaces look alike."""
    facts = civil(lambda: Facts.from_json(text))
    if facts is None or None in (facts.links, facts.routes, facts.routes6, facts.networks):
        return []
    names = [network.name for network in facts.known("networks")]
    seen = civil(lambda: view(facts, dict.fromkeys(names, facts)))
    found = civil(lambda: [*examine(facts, "enp0s1"), *examine(facts, None)]) or []
    if seen is not None:
        draw(seen)
        found += seen.findings
    return found


def test_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal with any other leaf is listed, drawn and explained, or refused in one line."""
    monkeypatch.setattr(journal, "ROOT", tmp_path)
    plan = Bridged(uplink="enp0s1").plan(machine("article"))
    Journal("A").begin(plan, "", before=machine("article").to_json())
    data, path = json.loads(plan.intent()), tmp_path / "A" / "plan.json"
    drawn = random.Random(0)  # noqa: S311
    for kind, paths in kinds(data).items():
        for value in drawn.sample([*COMMANDS, *STRANGE], 5):
            path.write_text(json.dumps(planted(data, drawn.choice(paths), value)))

            assert [network.name for network in networks()], kind
            if run := civil(Journal("A").read):
                civil(lambda run=run: explain.network(run, "text"))
                down_script(run.plan)


@pytest.mark.parametrize(
    "line",
    [
        *[
            "",
            "began nan",
            "began inf",
            "began -",
            "start",
            "start x -",
            "start 99999 -",
            "done 3 4",
        ],
        *["run", "run a", f"start {'9' * 5000} -", f"watching {'9' * 5000}", "back 0", "\0", "ä"],
    ],
)
def test_log(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one with any other line in its log."""
    monkeypatch.setattr(journal, "ROOT", tmp_path)
    Journal("A").begin(HostOnly().plan(machine("article")), "")
    log = tmp_path / "A" / "log"
    for text in (line, f"{log.read_text()}{line}\nup\n", f"{line}\n{log.read_text()}"):
        log.write_text(text)

        assert [network.name for network in networks()] == ["A"]
        assert hosts().keys() == {"A"}
        civil(Journal("A").read)


def hostile(name: str, seed: int) -> list[str]:
    """The facts of a machine, each with one other leaf."""
    facts = json.loads(gathered() if name == "here" else (FACTS / f"{name}.json").read_text())
    drawn = random.Random(f"{name} {seed}")  # noqa: S311
    places = kinds(facts)
    chosen = drawn.choices([*places], k=EACH)
    values = drawn.choices([*COMMANDS, *COMMANDS, *STRANGE], k=EACH)
    paths = [drawn.choice(places[kind]) for kind in chosen]
    return [json.dumps(planted(facts, *pair)) for pair in zip(paths, values, strict=True)]


@cache
def gathered() -> str:
    """The facts of the machine that this runs on."""
    return host_facts(whole=True, machine=True).to_json()


def kinds(facts: object) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
    """The leaves by what they are: those in the same place of another entry are of one kind."""
    found: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for path in leaves(facts):
        kind = tuple("*" if isinstance(key, int) else key for key in path)
        found.setdefault(kind, []).append(path)
    return found


def plans_for(text: str) -> list[Plan]:
    """What the modes would do for a machine of these facts."""
    facts = civil(lambda: Facts.from_json(text))
    made = [civil(lambda mode=mode: mode.plan(facts, anyway=True)) for mode in MODES if facts]
    return [plan for plan in made if plan]


def civil(call: Callable[[], T]) -> T | None:
    """What is called gives a value, or it refuses in one line."""
    try:
        return call()
    except NetmodesError as error:
        if "\n" not in str(error):
            return None
        raise
