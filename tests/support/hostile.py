"""Somebody else's values: every leaf of a JSON text, also of JSON within its strings, replaced."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bash import BASH

from netmodes import Plan
from netmodes.cli.plans import transcript
from netmodes.script.bash import down_script, render

#: A command that no script has.
CANARY = "X7"

#: What could make a command of a value, in as few letters as a device's name has, and in more.
COMMANDS = [
    text.replace("X7", CANARY)
    for text in (
        *("$(X7)", "`X7`", ";X7;", "a\nX7\n", "a\rX7", "|X7", "'X7'", "';X7;'", '";X7;"', "&X7&"),
        *("a'\nX7\n", "};X7;", "\nSHARES\nX7\n", "\nJSON\nX7\n", "\nSTDIN_\nX7\n", "a\0X7"),
        *("10.1.0.0/16\nSTDIN\nX7\n: <<'STDIN'\n", "0 x\nSHARES\nX7\n: <<'SHARES'\n"),
        *("kernel/core_pattern=|X7", "192.168.64.9\nX7", "enp0s1\nX7", "A; X7 #", "A && X7"),
        *("{before}$(X7)", "{left:5}$(X7)", "fe80::1%x\nX7\n", "fe80::%x\nX7\n"),
    )
]

#: What is not of the type that it should be, or not of its range.
STRANGE: list[Any] = [
    None, True, [], {}, [[]], {"": None}, -1, 0, 2**31, 2**64, 10**400, 1.5, 1e308, "", " ", "\0",
    "\ud800", "\x1b[2J", "\u2028", "ä" * 300, "/", "..", "lo", "default", "::1", "0.0.0.0/0",
    "fe80::1%enp0s1", "10.0.0.1/33", "999.1.1.1", "{", "[]", "null", "a" * 16, "--help", "-batch",
    "-P FORWARD", "-P FORWARD DROP\n-A FORWARD -i\n-A FORWARD -j", "-A FORWARD --comment \"a\nb\"",
    "table ip f {\nchain c {\ntype filter hook forward priority 0; policy\n}", "table", "chain {",
    "-N A\n-A FORWARD -j A\n-A A -j A\n-P FORWARD DROP",
]  # fmt: skip


def leaves(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    """The path to each leaf; in a string that is JSON it goes on, by ``None``."""
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from leaves(value[key], *path, key)
        return
    yield path
    if (inner := within(value)) is not None:
        yield from leaves(inner, *path, None)


def within(value: Any) -> Any:  # noqa: ANN401
    """The JSON in a string; None for none."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def planted(value: Any, path: tuple[Any, ...], new: Any) -> Any:  # noqa: ANN401
    """The same JSON with another leaf."""
    if not path:
        return new
    key, *rest = path
    if key is None:
        return json.dumps(planted(within(value), tuple(rest), new))
    if isinstance(value, list):
        return [planted(one, tuple(rest), new) if n == key else one for n, one in enumerate(value)]
    return {**value, key: planted(value[key], tuple(rest), new)}


#: Runs what scripts run, with no program on PATH: of each command only its words count.
DRIVER = """
run() { :; }; step() { :; }; before() { :; }; after() { :; }; stop() { :; }; show() { :; }
find_in() { WORD=1; }; present() { :; }; absent() { :; }; need() { :; }
unless() { :; }; settings() { :; }; writable() { :; }; refuse_masked() { :; }; left() { :; }
die() { :; }; waits() { :; }; carry() { :; }
up; permissions; requirements; shares; plan; needs
for k in {0..40}; do
    for f in look undo renamed taken name_it undo_renamed users others; do $f $k 1; done
done
listing 0 :; uplink_now 1
"""


def texts(plan: Plan) -> Iterator[str]:
    """All that bash may read of a plan, as scripts that only show whether a canary runs."""
    yield transcript(plan)
    for script in (render(plan), down_script(plan)):
        yield script.partition('\nmain "$@"\n')[0].partition('\nbecome_root "$@"\n')[0] + DRIVER


def heard(scripts: list[str], folder: Path) -> list[int]:
    """The scripts, by their numbers, in which the canary runs, or which bash cannot read."""
    for number, script in enumerate(scripts):
        (folder / f"{number}.sh").write_text(script)
    watch = f"""
        exec 8>&1
        {CANARY}() {{ echo "$n" >&8; }}
        for n in {{0..{len(scripts) - 1}}}; do
            ( . "$0/$n.sh" ) >/dev/null 2>"$0/err" </dev/null
            while read -r line; do
                case $line in *"syntax error"* | *"unexpected EOF"*) echo "$n" ;; esac
            done <"$0/err"
        done"""
    bash = (BASH, "--norc", "-c", watch, str(folder))
    done = subprocess.run(bash, env={"PATH": "/nowhere"}, capture_output=True, check=True)
    return [int(line) for line in done.stdout.split()]
