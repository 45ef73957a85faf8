"""A plan as bash: the script that users export, and the ``down.sh`` in the journal.

Both hold the same engine, of templates in bash, and functions with the plan's looks and undos.
So does the watcher of ``--confirm``, ``watch.sh`` in the journal, with templates/confirm.sh.
Only the exported script is rendered by jinja2.
"""

import shlex
from collections.abc import Callable
from datetime import date
from functools import partial

from netmodes.plan.needs import programs
from netmodes.plan.plan import Plan
from netmodes.plan.text import called, comment, document, visible
from netmodes.script import render as rendering
from netmodes.script.knowledge import join, knowledge, packages, requirements

#: The templates that are the engine.
ENGINE = ("engine.sh", "leftover.sh", "lock.sh", "permission.sh", "place.sh", "renamed.sh")

#: What it has beside, where there are several namespaces.
SEVERAL = ("several.sh",)

#: A time for a confirmation, in seconds, as it is typed; the longest is a day.
SECONDS, LONGEST = r"[0-9]{1,5}(\.[0-9]{1,2})?", 86400

IN_JOURNAL = """\
#!/usr/bin/env bash
{what}
# shellcheck disable=SC2016,SC2034,SC2317 # some code runs elsewhere, some networks need less
{start}
{knowledge}
{engine}
{end}"""

DOWN = """\
Undoes the network {name}, as `netmodes down {name}` does, but without netmodes.
Usage: down.sh [--kill]{only}"""

#: What a down.sh of several takes as well.
ONLY = " [--only NAMESPACE...]"

WATCH = """\
Undoes the network {name} unless somebody confirms it in time.
Usage: watch.sh CENTISECONDS PID ID"""


#: How text enters the exported script, where nothing of it is to be read by bash.
QUOTING: dict[str, Callable[..., str]] = {
    "called": called,
    "comment": comment,
    "document": document,
    "escaped": partial(visible, keep=""),
    "join_quoted": join,
    "quote": shlex.quote,
}


def render(plan: Plan, confirm: float | None = None) -> str:
    """A plan as a bash script with the verbs ``up`` (the default) and ``down``.

    It writes the same journal, so ``netmodes list`` and ``netmodes down`` see what it made.

    Args:
        plan: the commands.
        confirm: seconds within which to confirm where its ``up`` is given none; None for no limit.
    """
    commands, joins = [step.argv for step in plan.steps], plan.topology.joins
    accepts = [step.why for step in plan.steps if step.share.startswith("accept ")]
    guarded = any(step.guard for step in plan.steps)
    return rendering.render(
        "script.sh.j2",
        QUOTING,
        plan=plan,
        picture=plan.picture,
        called=f"namespace{'s' * bool(plan.more)} {called(plan.namespaces)}",
        start=rendering.template("start.sh"),
        knowledge=knowledge(plan),
        requirements=requirements(plan),
        engine=engine(plan),
        confirming=rendering.template("confirm.sh"),
        moves=plan.hands_over,
        ways=rendering.template("ways.sh"),
        promises=bool(plan.topology.bridge) and guarded and not joins,
        promise=rendering.template("promise.sh"),
        tried=[*dict.fromkeys(accepts)],
        date=date.today(),
        confirm="" if confirm is None else f"{confirm:.2f}".removesuffix(".00"),
        seconds=SECONDS,
        longest=LONGEST,
        unconfirmed=f"{joins} waits for its confirmation: `netmodes confirm {joins}`",
        shares=plan.shares_text,
        json=plan.intent(),
        needed=packages(programs(plan)),
        settings=[word for argv in commands if argv[:2] == ("sysctl", "-w") for word in argv[2:]],
        folders=[word for argv in commands if argv[:2] == ("mkdir", "-p") for word in argv[2:]],
    )


def down_script(plan: Plan) -> str:
    """The undo of a plan as bash, in case Python or netmodes is gone."""
    return _in_journal(plan, DOWN, 'become_root "$@"\nneeds\ntake_lock\ndown "$@"\n')


def watch_script(plan: Plan) -> str:
    """The watcher of ``--confirm`` as bash, so that nothing of Python is needed at its deadline."""
    return _in_journal(plan, WATCH, f'{rendering.template("confirm.sh")}\nwatch "$@"\n')


def _in_journal(plan: Plan, what: str, end: str) -> str:
    return IN_JOURNAL.format(
        what=comment(what.format(name=plan.name, only=ONLY if plan.more else "")),
        start=rendering.template("start.sh"),
        knowledge=knowledge(plan),
        engine=engine(plan),
        end=end,
    )


def engine(plan: Plan) -> str:
    """The part that every script has: it runs commands and undoes them."""
    return "\n".join(map(rendering.template, (*ENGINE, *(SEVERAL if plan.more else ()))))
