"""A plan as bash: the script that users export, and the ``down.sh`` in the journal.

Both hold the same engine, templates/engine.sh, and bash functions with the plan's probes and undos.
Only the exported script is rendered by jinja2.
"""

import re
import shlex
from collections.abc import Callable, Iterable

from netmodes.plan.plan import Plan
from netmodes.plan.programs import package_of
from netmodes.plan.undo import BEFORE, GRACE, LEFT, Sign, Undo
from netmodes.script import render as rendering

#: The programs that the engine itself runs.
ENGINE_PROGRAMS = ("flock", "ip", "stat")

DOWN = """\
#!/usr/bin/env bash
# Undoes the network of namespace {name}, as `netmodes down {name}` does, but without netmodes.
# Usage: down.sh [--kill]
# shellcheck disable=SC2016,SC2034,SC2317 # some code runs elsewhere, some networks need less
set -u
umask 022
export LC_ALL=C PS4='[#] '

{knowledge}
{engine}
become_root "$@"
take_lock
down "${{1-}}"
"""


def render(plan: Plan) -> str:
    """A plan as a bash script with the verbs ``up`` (the default) and ``down``.

    It writes the same journal, so ``netmodes list`` and ``netmodes down`` see what it made.
    """
    commands = [step.argv for step in plan.steps]
    undos = [step.undo for step in plan.all_steps if step.undo]
    commands += [argv for undo in undos for argv in (undo.probe, undo.argv)]
    commands += [one.argv for one in plan.requirements]
    used = sorted({*ENGINE_PROGRAMS, *(argv[0] for argv in commands)})
    return rendering.render(
        "script.sh.j2",
        {"quote": shlex.quote, "join_quoted": _join, "comment": _comment},
        plan=plan,
        picture=plan.picture,
        knowledge=knowledge(plan),
        engine=rendering.template("engine.sh"),
        shares=plan.shares_text,
        json=plan.intent(),
        programs=[(program, package_of(program)) for program in used],
    )


def down_script(plan: Plan) -> str:
    """The undo of a plan as bash, in case Python or netmodes is gone."""
    name, engine = plan.name, rendering.template("engine.sh")
    return DOWN.format(name=name, knowledge=knowledge(plan), engine=engine)


def knowledge(plan: Plan) -> str:
    """The part of a plan that the engine needs, as bash: each undo's probe, command and signs."""
    return "\n".join(
        (
            f"NAME={shlex.quote(plan.name)}",
            f"GRACE={GRACE}",
            f"FIRST={len(plan.inherited)}",
            "",
            "# Prints a word that identifies the result of command K; fails if there is none.",
            _function("probe", plan, lambda undo: _join(undo.probe)),
            "# Undoes command K; $before is the word that its probe printed before it ran.",
            _function("undo", plan, _undo, "    local before=${2-}\n"),
            "# Prints what depends on the result of command K by now, except networks of ours.",
            _function("users", plan, lambda undo: _looks(undo.users)),
            "# Prints the sign that somebody else made the result of command K, which was cut off.",
            _function("others", plan, lambda undo: _looks(undo.others)),
        )
    )


def _function(name: str, plan: Plan, body: Callable[[Undo], str], first: str = "") -> str:
    """A bash function with a case for each step whose undo has something for it."""
    undos = ((index, step.undo) for index, step in enumerate(plan.all_steps) if step.undo)
    cases = "".join(_case(index, text) for index, undo in undos if (text := body(undo)))
    return f"{name}() {{\n{first}    case $1 in\n{cases}    esac\n}}\n"


def _case(index: int, text: str) -> str:
    part = f"\n        {text}\n        ;;" if "\n" in text else f" {text} ;;"
    return f"    {index}){part}\n"


def _undo(undo: Undo) -> str:
    """An undo's command, shown as it runs, with the text that it reads."""
    command = f"show {_join(undo.argv)}"
    if undo.stdin is None:
        return command
    signs = dict(undo.unless)
    lines = undo.stdin.splitlines()
    text = "".join(f"{_line(line, signs.get(line))}\n" for line in lines)
    if not signs:
        return f"READS=yes {command} <<STDIN\n{text}STDIN"
    return f"sed '/^$/d' <<STDIN | READS=yes {command}\n{text}STDIN"


def _line(line: str, sign: Sign | None) -> str:
    """A line of a here-document; the engine's ``left`` counts lifetimes down."""
    escaped = re.sub(r"[\\$`]" if sign is None else r'[\\$`"]', r"\\\g<0>", line)
    counted = LEFT.sub(r"$(left \1)", escaped)
    return counted if sign is None else f'$(unless "{counted}" {_look(sign)})'


def _looks(signs: Iterable[Sign]) -> str:
    return "\n        ".join(f"found {_look(sign)}" for sign in signs)


def _look(sign: Sign) -> str:
    argv, pattern = sign
    return f"{shlex.quote(pattern)} {_join(argv)}"


def _join(argv: Iterable[str]) -> str:
    """An argv quoted for bash, with the variable ``before`` for ``BEFORE``."""
    return " ".join('"$before"'.join(map(_quoted, word.split(BEFORE))) or "''" for word in argv)


def _quoted(word: str) -> str:
    return shlex.quote(word) if word else ""


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())
