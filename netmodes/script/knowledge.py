"""What the engine must know of a plan, as bash: its looks, what they list, and its undos."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from netmodes.plan.look import LINKS, PATIENCE, PROCESSES, SLOW, Look, socket_in
from netmodes.plan.needs import undo_programs
from netmodes.plan.plan import Plan
from netmodes.plan.programs import package_of
from netmodes.plan.text import document, lines_of
from netmodes.plan.undo import AFTER, BEFORE, GRACE, ITEM, LEFT, Argv, Undo

#: The programs that the engine itself runs, beside bash.
ENGINE_PROGRAMS = ("chmod", "dd", "flock", "grep", "ip", "mkdir", "mv", "readlink", "rm", "sed")

#: The number of each listing: of its argv and of what every complete one has.
Listings = dict[tuple[Argv, str], str]

#: The variables that hold what an undo's words stand for, and what parts these from the rest.
VARIABLES = {BEFORE: '"$before"', ITEM: '"$PLACE"'}
PARTS = re.compile(f"({'|'.join(map(re.escape, VARIABLES))})")

#: Where the engine looks for it is in a variable.
SOCKET = socket_in(ITEM)

#: So many devices are many: of those a listing is thinned by programs, before bash reads it.
MANY = 100


def knowledge(plan: Plan) -> str:
    """The part of a plan that the engine needs, as bash: each undo's command and looks."""
    listings = _listings(plan)
    wholes = {number: whole for (_, whole), number in listings.items()}

    def found(look: Look) -> str:
        return _find("find_in", look, listings)

    def any_of(looks: Iterable[Look]) -> str:
        return " ||\n            ".join(_find("has", look, listings) for look in looks)

    def function(name: str, body: Callable[[Undo], str], first: str = "", none: str = "") -> str:
        return _function(name, _cases(plan, body), first, none)

    return "\n".join(
        (
            *_names(plan),
            f"needs() {{\n    need {packages(undo_programs(plan))}\n}}\n",
            "# A listing, by its number, run by the command $2 (one is of the namespace at PLACE).",
            _function("listing", {n: f'"$2" {join(argv)}' for (argv, _), n in listings.items()}),
            "# What every complete listing has.",
            _array("WHOLE", wholes),
            f"LINKS={listings[LINKS]} PROCESSES={listings[PROCESSES]}",
            f"SOCKETS={listings[SOCKET.listing]}\n",
            "# What the looks at the host's devices look for.",
            _array("ASKED", {str(number): text for number, text in enumerate(_asked(plan))}),
            "",
            _devices(plan),
            *(_batches(plan) if plan.more else ()),
            "# Sets WORD to what tells the network namespace at PLACE from all others.",
            f"socket() {{ {found(SOCKET)}; }}\n",
            "# Sets WORD to what identifies the result of command K.",
            function("look", lambda undo: found(undo.look)),
            "# Undoes command K; $before is the word of its look before it ran.",
            function("undo", lambda undo: _undo(undo, listings), "local before=${2-} INPUT="),
            "# Sets WORD to what depends on the result of command K, except networks of ours.",
            function("users", lambda undo: any_of(undo.users), none="return 1"),
            "# Sets WORD to a sign that somebody else made the result of command K after a cut.",
            function("others", lambda undo: any_of(undo.others), none="return 1"),
        )
    )


def _names(plan: Plan) -> Iterator[str]:
    """The names and numbers of a plan, and of every plan."""
    yield f"NAME={shlex.quote(plan.name)}"
    yield f"NAMES={shlex.quote(' '.join(plan.namespaces))}"
    yield f"GRACE={GRACE} SLOW={SLOW:g} PATIENCE={PATIENCE:g} MANY={MANY}"
    yield f"FIRST={len(plan.inherited)} BRIDGE={shlex.quote(_bridge(plan))}"
    yield f"ATTACHED={shlex.quote(':'.join(filter(None, plan.process)))}"
    yield f"UPLINK={shlex.quote(plan.topology.uplink)}\n"


def _undos(plan: Plan) -> dict[str, Undo]:
    """The undos of a plan's steps, by the steps' numbers."""
    return {str(n): step.undo for n, step in enumerate(plan.all_steps) if step.undo}


def _looks(plan: Plan) -> list[Look]:
    """The looks of a plan: for its undos, and for what must hold before."""
    undone = (look for undo in _undos(plan).values() for look in undo.looks)
    return [*undone, *(one.look for one in plan.requirements)]


def _listings(plan: Plan) -> Listings:
    """The listings that a plan's looks read, each with its number."""
    read = (look.listing for look in _looks(plan))
    listings = dict.fromkeys([*read, LINKS, PROCESSES, SOCKET.listing])
    return {listing: str(number) for number, listing in enumerate(listings)}


def _asked(plan: Plan) -> dict[str, None]:
    """The patterns for the host's devices; those by ifindex are known once there is one."""
    looks = [look for look in _looks(plan) if look.listing == LINKS]
    looks += [undo.by_name() for undo in _undos(plan).values() if undo.device]
    every = (pattern for look in looks for pattern in (*look.patterns, look.given) if pattern)
    return dict.fromkeys(every)


def _find(word: str, look: Look, listings: Listings, *words: str) -> str:
    """A look by one of the engine's words, which takes these words first."""
    pairs = (("ITEM", str(look.item or "")), ("AMONG", " ".join(look.among)))
    settings = (("GIVEN", look.given), ("BUT", look.but), ("LACKS", look.lacks), *pairs)
    before = [f"{name}={join((text,))}" for name, text in settings if text]
    return " ".join((*before, word, *words, listings[look.listing], join(look.patterns))).rstrip()


def _devices(plan: Plan) -> str:
    """The devices that may have been renamed, with patterns for each by name and by ifindex."""
    devices = {number: undo for number, undo in _undos(plan).items() if undo.device}
    by_index = {n: undo.by_another_name(AFTER).patterns[0] for n, undo in devices.items()}
    lines = (
        "# The devices by the command that makes each, how to find them by name and by ifindex.",
        _array("DEVICES", {n: undo.device for n, undo in devices.items()}),
        _array("BY_NAME", {n: undo.by_name().patterns[0] for n, undo in devices.items()}),
        _array("BY_INDEX", by_index),
        "",
    )
    return "\n".join(lines)


def _batches(plan: Plan) -> Iterator[str]:
    """What each batch makes, by its number, for the namespaces in order; and whose has a group."""
    undos = _undos(plan)
    yield "# What each batch makes, for the namespaces in order; the group of devices among that."
    yield _array("ITEMS", {n: " ".join(undo.items) for n, undo in undos.items()})
    yield _array("GROUPED", {n: undo.group for n, undo in undos.items()})
    yield ""


def _array(name: str, texts: dict[str, str]) -> str:
    """A bash array of the texts that are not empty."""
    return f"{name}=({' '.join(f'[{n}]={shlex.quote(text)}' for n, text in texts.items() if text)})"


def _cases(plan: Plan, body: Callable[[Undo], str]) -> dict[str, str]:
    """What there is for each step with an undo, by its number."""
    return {number: text for number, undo in _undos(plan).items() if (text := body(undo))}


def packages(used: list[str]) -> str:
    """The programs, and the engine's own, each with its package, for the engine's ``need``."""
    return join(f"{name}:{package_of(name)}" for name in sorted({*ENGINE_PROGRAMS, *used}))


def _function(name: str, cases: dict[str, str], first: str = "", none: str = "") -> str:
    """A bash function of cases."""
    start = f"    {first}\n" if first else ""
    texts = "".join(_case(number, text) for number, text in [*cases.items(), ("*", none)] if text)
    return f"{name}() {{\n{start}    case $1 in\n{texts}    esac\n}}\n"


def _case(number: str, text: str) -> str:
    part = f"\n        {text}\n        ;;" if "\n" in text else f" {text} ;;"
    return f"    {number}){part}\n"


def _undo(undo: Undo, listings: Listings) -> str:
    """An undo's command, shown as it runs, with the text that it reads."""
    if undo.items:
        return _undo_batch(undo)
    command = f"show {join(undo.argv)}"
    if undo.stdin is None:
        return command
    lines = [*_lines(lines_of(undo.stdin), dict(undo.unless), listings)]
    lines += [f"{_find('carry', look, listings)} || return" for look in undo.carried]
    return "\n        ".join([*lines, f"READS=yes {command} <<<\"${{INPUT%$'\\n'}}\""])


def _lines(lines: list[str], looks: dict[str, Look], listings: Listings) -> Iterator[str]:
    """The lines of an undo's input; those whose looks differ by what is lacking come together."""

    def alike(line: str) -> Look | None:
        look = looks.get(line)
        return replace(look, lacks="") if look and look.lacks and not LEFT.search(line) else None

    for look, group in groupby(lines, alike):
        if look is None:
            yield from (_line(line, looks.get(line), listings) for line in group)
        else:
            each = "".join(f"{looks[line].lacks}|{line}\n" for line in group)
            yield f"IFS= read -r -d '' LINES {document(each, 'LINES')}"
            yield f"{_find('unless_lacking', look, listings)} || return"


def _undo_batch(undo: Undo) -> str:
    """A batch's undo, of the items that follow its number; all of a group at once."""
    if undo.stdin is None:
        words = ('"${@:2}"' if word == ITEM else join((word,)) for word in undo.argv)
        return f"show {' '.join(words)}"
    whole = f'if [ -n "$EVERY" ]; then show ip link del group {undo.group} && return; fi'
    by_line = f'by_line {shlex.quote(undo.stdin.rstrip())} "${{@:2}}"'
    command = f"READS=yes show {join(undo.argv)} <<<\"${{INPUT%$'\\n'}}\""
    return "\n        ".join([*([whole] if undo.group else []), by_line, command])


def _bridge(plan: Plan) -> str:
    """The number of the step that makes the uplink's bridge, or ""."""
    bridge = plan.topology.bridge if plan.topology.uplink else ""
    steps = enumerate(plan.all_steps)
    found = (n for n, step in steps if step.undo and step.undo.device == bridge)
    return str(next(found, "")) if bridge else ""


def _line(line: str, look: Look | None, listings: Listings) -> str:
    """A line of an undo's input; the engine's ``left`` counts lifetimes down."""
    escaped = re.sub(r"[\\$`\"]", r"\\\g<0>", line)
    counted = '"' + LEFT.sub(r"$(left \1)", escaped) + '"'
    if look is None:
        return f"INPUT+={counted}$'\\n'"
    return f"{_find('unless', look, listings, counted)} || return"


def requirements(plan: Plan) -> Iterator[str]:
    """What must hold before the first command, a line each."""
    listings = _listings(plan)
    for one in plan.requirements:
        word = "present" if one.found else "absent"
        yield _find(word, one.look, listings, shlex.quote(one.otherwise))


def join(argv: Iterable[str]) -> str:
    """An argv quoted for bash, with variables for ``BEFORE`` and ``ITEM``."""
    return " ".join("".join(map(_quoted, PARTS.split(word))) or "''" for word in argv)


def _quoted(word: str) -> str:
    return VARIABLES.get(word) or (shlex.quote(word) if word else "")
