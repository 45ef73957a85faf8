"""A plan as bash: the script that users export, and the ``down.sh`` in the journal.

Both hold the same engine, of templates in bash, and functions with the plan's looks and undos.
So does the watcher of ``--confirm``, ``watch.sh`` in the journal, with templates/confirm.sh.
Only the exported script is rendered by jinja2.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator

from netmodes.plan.look import PATIENCE, PROCESSES, SLOW, Look
from netmodes.plan.needs import programs, undo_programs
from netmodes.plan.plan import Plan
from netmodes.plan.programs import package_of
from netmodes.plan.undo import BEFORE, GRACE, LEFT, Argv, Undo
from netmodes.script import render as rendering

#: The programs that the engine itself runs, beside bash.
ENGINE_PROGRAMS = ("flock", "ip", "mkdir", "mv", "readlink", "rm")

#: The templates that are the engine.
ENGINE = ("engine.sh", "leftover.sh", "lock.sh", "permission.sh", "place.sh", "renamed.sh")

#: The longest time for a confirmation, in seconds: a day.
LONGEST = 86400

IN_JOURNAL = """\
#!/usr/bin/env bash
# {what}
# shellcheck disable=SC2016,SC2034,SC2317 # some code runs elsewhere, some networks need less
{start}
{knowledge}
{engine}
{end}"""

DOWN = """\
Undoes the network of namespace {name}, as `netmodes down {name}` does, but without netmodes.
# Usage: down.sh [--kill]"""

WATCH = """\
Undoes the network of namespace {name} unless somebody confirms it in time.
# Usage: watch.sh CENTISECONDS PID ID"""


def render(plan: Plan, confirm: float | None = None) -> str:
    """A plan as a bash script with the verbs ``up`` (the default) and ``down``.

    It writes the same journal, so ``netmodes list`` and ``netmodes down`` see what it made.

    Args:
        plan: the commands.
        confirm: seconds within which to confirm where its ``up`` is given none; None for no limit.
    """
    commands = [step.argv for step in plan.steps]
    return rendering.render(
        "script.sh.j2",
        {"quote": shlex.quote, "join_quoted": _join, "comment": _comment},
        plan=plan,
        picture=plan.picture,
        start=rendering.template("start.sh"),
        knowledge=knowledge(plan),
        requirements=_requirements(plan),
        engine=engine(),
        confirming=rendering.template("confirm.sh"),
        confirm="" if confirm is None else f"{confirm:.2f}".removesuffix(".00"),
        longest=LONGEST,
        shares=plan.shares_text,
        json=plan.intent(),
        needed=_packages(programs(plan)),
        settings=[word for argv in commands if argv[:2] == ("sysctl", "-w") for word in argv[2:]],
        folders=[argv[2] for argv in commands if argv[:2] == ("mkdir", "-p")],
    )


def _requirements(plan: Plan) -> Iterator[str]:
    """What must hold before the first command, a line each."""
    listings = _listings(plan)
    for one in plan.requirements:
        if one.found is None:
            yield f"quietly {_join(one.look.argv)}"
        else:
            word = "present" if one.found else "absent"
            yield f"{word} {shlex.quote(one.otherwise)} {_looked_for(one.look, listings)}"


def down_script(plan: Plan) -> str:
    """The undo of a plan as bash, in case Python or netmodes is gone."""
    return _in_journal(plan, DOWN, 'become_root "$@"\nneeds\ntake_lock\ndown "${1-}"\n')


def watch_script(plan: Plan) -> str:
    """The watcher of ``--confirm`` as bash, so that nothing of Python is needed at its deadline."""
    return _in_journal(plan, WATCH, f'{rendering.template("confirm.sh")}\nwatch "$@"\n')


def _in_journal(plan: Plan, what: str, end: str) -> str:
    return IN_JOURNAL.format(
        what=what.format(name=plan.name),
        start=rendering.template("start.sh"),
        knowledge=knowledge(plan),
        engine=engine(),
        end=end,
    )


def engine() -> str:
    """The part that every script has: it runs commands and undoes them."""
    return "\n".join(map(rendering.template, ENGINE))


def knowledge(plan: Plan) -> str:
    """The part of a plan that the engine needs, as bash: each undo's command and looks."""
    listings = _listings(plan)

    def found(look: Look) -> str:
        return f"find_in {_looked_for(look, listings)}"

    def any_of(looks: Iterable[Look]) -> str:
        return "\n        ".join(
            f'{found(look)} && return\n        [ "$?" != 2 ] || return 2' for look in looks
        )

    return "\n".join(
        (
            f"NAME={shlex.quote(plan.name)}",
            f"GRACE={GRACE} SLOW={SLOW:g} PATIENCE={PATIENCE:g}",
            f"FIRST={len(plan.inherited)} DEVICE={shlex.quote(plan.topology.device)}",
            f"BRIDGE={shlex.quote(_bridge(plan)[0])} UPLINK={shlex.quote(plan.topology.uplink)}",
            "",
            f"needs() {{\n    need {_packages(undo_programs(plan))}\n}}\n",
            "# A listing, by its number, run by the command $2.",
            _function("listing", {n: f'"$2" {_join(argv)}' for argv, n in listings.items()}),
            "# Sets WORD to what identifies the result of command K.",
            _function("look", _cases(plan, lambda undo: found(undo.look))),
            "# Undoes command K; $before is the word of its look before it ran.",
            _function(
                "undo", _cases(plan, lambda undo: _undo(undo, found)), "local before=${2-} INPUT="
            ),
            "# Sets WORD to the other name that somebody has given to what command K made ($2).",
            _function(
                "renamed", _cases(plan, lambda undo: _renamed(undo, listings)), last="return 1"
            ),
            "# Whether a device has the name of what command K made.",
            _function("taken", _cases(plan, lambda undo: _taken(undo, listings))),
            "# Gives what command K made its name again, which is now $2.",
            _function("name_it", _cases(plan, _name_it)),
            "# Sets WORD to the name of the uplink by now, given the ifindex it had.",
            _uplink_now(plan, listings),
            "# Undoes command K, whose result is now called $2.",
            _function("undo_renamed", _cases(plan, _undo_renamed)),
            "# Sets WORD to what depends on the result of command K, except networks of ours.",
            _function("users", _cases(plan, lambda undo: any_of(undo.users)), last="return 1"),
            "# Sets WORD to a sign that somebody else made the result of command K after a cut.",
            _function("others", _cases(plan, lambda undo: any_of(undo.others)), last="return 1"),
        )
    )


def _listings(plan: Plan) -> dict[Argv, str]:
    """The listings that a plan's looks read, each with its number."""
    looks = [look for step in plan.all_steps if step.undo for look in step.undo.looks]
    argvs = dict.fromkeys(look.argv for look in (*looks, *(one.look for one in plan.requirements)))
    return {**{argv: str(number) for number, argv in enumerate(argvs)}, PROCESSES: "processes"}


def _looked_for(look: Look, listings: dict[Argv, str]) -> str:
    """A look as the engine's ``find_in`` takes it."""
    return _join((listings[look.argv], look.whole, look.given, look.but, *look.patterns))


def _cases(plan: Plan, body: Callable[[Undo], str]) -> dict[str, str]:
    """What there is for each step with an undo, by its number."""
    undos = {str(index): step.undo for index, step in enumerate(plan.all_steps) if step.undo}
    return {number: text for number, undo in undos.items() if (text := body(undo))}


def _packages(used: list[str]) -> str:
    """The programs, and the engine's own, each with its package, for the engine's ``need``."""
    return " ".join(f"{name}:{package_of(name)}" for name in sorted({*ENGINE_PROGRAMS, *used}))


def _function(name: str, cases: dict[str, str], first: str = "", last: str = "") -> str:
    """A bash function of cases."""
    around = [f"    {line}\n" if line else "" for line in (first, last)]
    texts = "".join(_case(number, text) for number, text in cases.items())
    return f"{name}() {{\n{around[0]}    case $1 in\n{texts}    esac\n{around[1]}}}\n"


def _case(number: str, text: str) -> str:
    part = f"\n        {text}\n        ;;" if "\n" in text else f" {text} ;;"
    return f"    {number}){part}\n"


def _undo(undo: Undo, found: Callable[[Look], str]) -> str:
    """An undo's command, shown as it runs, with the text that it reads."""
    command = f"show {_join(undo.argv)}"
    if undo.stdin is None:
        return command
    looks = dict(undo.unless)
    lines = [_line(line, looks.get(line), found) for line in undo.stdin.splitlines()]
    return "\n        ".join([*lines, f"READS=yes {command} <<<\"${{INPUT%$'\\n'}}\""])


def _renamed(undo: Undo, listings: dict[Argv, str]) -> str:
    if not undo.renamed:
        return ""
    words = _looked_for(undo.by_another_name(BEFORE), listings).replace('"$before"', '"$2"')
    return f'find_in {words} || return\n        [ "$WORD" != {undo.argv[-1]} ]\n        return'


def _taken(undo: Undo, listings: dict[Argv, str]) -> str:
    return f"find_in {_looked_for(undo.by_name(), listings)}" if undo.renamed else ""


def _name_it(undo: Undo) -> str:
    return f'show ip link set "$2" name {undo.argv[-1]}' if undo.renamed else ""


def _bridge(plan: Plan) -> tuple[str, Undo | None]:
    """The step that makes the uplink's bridge, by its number, and its undo."""
    bridge = plan.topology.bridge if plan.topology.uplink else ""
    for number, step in enumerate(plan.all_steps):
        if step.undo and step.undo.renamed and step.undo.argv[-1] == bridge:
            return str(number), step.undo
    return "", None


def _uplink_now(plan: Plan, listings: dict[Argv, str]) -> str:
    _, undo = _bridge(plan)
    if undo is None:
        return "uplink_now() { return 1; }\n"
    words = _looked_for(undo.by_index(BEFORE), listings).replace('"$before"', '"$1"')
    return f"uplink_now() {{\n    find_in {words}\n}}\n"


def _undo_renamed(undo: Undo) -> str:
    return f'show {_join(undo.argv[:-1])} "$2"' if undo.renamed else ""


def _line(line: str, look: Look | None, found: Callable[[Look], str]) -> str:
    """A line of an undo's input; the engine's ``left`` counts lifetimes down."""
    escaped = re.sub(r"[\\$`\"]", r"\\\g<0>", line)
    counted = LEFT.sub(r"$(left \1)", escaped)
    if look is None:
        return f"INPUT+=\"{counted}\"$'\\n'"
    return f'unless "{counted}" {found(look).removeprefix("find_in ")} || return'


def _join(argv: Iterable[str]) -> str:
    """An argv quoted for bash, with the variable ``before`` for ``BEFORE``."""
    return " ".join('"$before"'.join(map(_quoted, word.split(BEFORE))) or "''" for word in argv)


def _quoted(word: str) -> str:
    return shlex.quote(word) if word else ""


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())
