"""Two snapshots of a machine, compared: what is gone, and what is new.

A part that was not read, or not whole, is unknown: never the same as another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass, field

from netmodes.machine.normal import PARTS, Line, Parse
from netmodes.machine.table import NOT_INSTALLED, Table
from netmodes.plan.text import NOT_AS_WRITTEN

#: The parts whose lines of one subject may be of several devices.
ROUTES = ("routes", "routes6")

#: The entries that list devices and routes, and what each of these begins with in JSON.
MANY = {"links", "routes", "routes6", "routes text", "routes6 text"}
FIRSTS = ("ifindex", "dst", "type")

#: The device of such an entry, by its name.
DEVICE = re.compile(r'"(?:ifname|dev)": ?"([^"]*)"')

#: The lines of a part by what they are about, in the kernel's order.
Part = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Snapshot:
    """A machine's state, as lines.

    Args:
        parts: for each part (``normal.PARTS``) the lines of each entry that was read: of ``links``
            by device, of ``routes`` by table and destination, …
        unknown: why there are none of the others, by entry.
    """

    parts: dict[str, dict[str, Part]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One difference of two snapshots.

    Args:
        part: where it is: ``links``, ``routes``, …
        what: "gone", "new", "moved" (it stands elsewhere among its like) or "unknown".
        line: the line; where all lines of a device, a chain, … come or go together only its name;
            why the part is unknown.
    """

    part: str
    what: str
    line: str

    def __str__(self) -> str:
        """The difference for people, on one line."""
        return f"{self.part}: {self.line}" + ("" if self.what == "unknown" else f" is {self.what}")


def snapshot(table: Table, parts: Collection[str] = tuple(PARTS)) -> Snapshot:
    """The normalised lines of these parts of a table."""
    found = Snapshot()
    for part in parts:
        lines = found.parts.setdefault(part, {})
        for entry, parse in PARTS[part].items():
            try:
                lines[entry] = _by_subject(_read(table, entry, parse))
            except NOT_AS_WRITTEN as error:
                found.unknown[entry] = str(error) or f"{entry} is not as written"
    return found


def entries_of(parts: Iterable[str], table: Table) -> list[str]:
    """The best entry for each of these parts that a table has."""
    every = ((entry for entry in PARTS[part] if table.output(entry) is not None) for part in parts)
    return [*filter(None, dict.fromkeys(next(entries, "") for entries in every))]


def changes(
    before: Table, after: Table, parts: Collection[str], but: Set[str] = frozenset()
) -> list[Difference]:
    """The differences of two tables; of many devices and routes most are the same, and not read.

    Args:
        before, after: the tables.
        parts: what is compared.
        but: devices that do not matter, where ``ip`` lists them in JSON.
    """
    best = entries_of(parts, before)
    old, new = ({name: one.entries.get(name, {}) for name in best} for one in (before, after))
    for name in MANY.intersection(best):
        one, other = before.output(name), after.output(name)
        if one and other:
            for entries, text in zip((old, new), _differing(but, one, other), strict=True):
                entries[name] = {**entries[name], "output": text}
    return differences(snapshot(Table(old), parts), snapshot(Table(new), parts), parts)


def _differing(but: Set[str], *printed: str) -> Iterable[str]:
    """What ``ip`` printed twice, without what is the same; whole where its order is not."""
    every = [_units(text.strip("[]\n ")) for text in printed]
    common = {*every[0]}.intersection(every[1])
    unlike = ([unit for unit in units if unit not in common] for units in every)
    left = [[unit for unit in units if but.isdisjoint(DEVICE.findall(unit))] for units in unlike]
    old, new = ([unit for unit in units if unit in common] for units in every)
    if old != new:
        return printed
    is_json = printed[0].startswith("[")
    return [f"[{','.join(units)}]" if is_json else "\n".join(units) for units in left]


def _units(text: str) -> list[str]:
    """The entries of what ``ip`` printed; a route may have its next hops on lines of their own."""
    for first in FIRSTS:
        text = text.replace(f'}},{{"{first}"', f'}}\n{{"{first}"')
    return [unit.replace("\0", "\n\t") for unit in text.replace("\n\t", "\0").split("\n")]


def differences(
    before: Snapshot, after: Snapshot, parts: Collection[str] = tuple(PARTS)
) -> list[Difference]:
    """What is not the same in these parts, part by part."""
    return [each for part in parts for each in _in_part(part, before, after)]


def _read(table: Table, entry: str, parse: Parse) -> Iterable[Line]:
    status, error = table.failure(entry) or (0, "")
    if status == NOT_INSTALLED:
        raise ValueError(f"{table.entries[entry]['command'][0]} is not installed")
    if status:
        raise ValueError(f"{entry} could not be read ({' '.join(error.split()) or status})")
    if "output" not in table.entries.get(entry, {}):
        raise ValueError(f"{entry} was not read")
    return parse(table, entry)


def _by_subject(lines: Iterable[Line]) -> Part:
    found: dict[str, list[str]] = {}
    for subject, detail in lines:
        found.setdefault(subject, []).extend([detail] if detail else [])
    return {subject: tuple(details) for subject, details in found.items()}


def _in_part(part: str, before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    old, new = before.parts.get(part, {}), after.parts.get(part, {})
    entry = next((entry for entry in old if entry in new), "")
    if entry:
        yield from _in_entry(part, old[entry], new[entry])
    else:
        last = [*PARTS[part]][-1]
        why = before.unknown.get(last) or after.unknown.get(last, f"{last} was not read")
        yield Difference(part, "unknown", why)


def _in_entry(part: str, old: Part, new: Part) -> Iterator[Difference]:
    for subject in dict.fromkeys((*old, *new)):
        if subject not in new:
            yield from (Difference(part, "gone", line) for line in _whole(part, subject, old))
        elif subject not in old:
            yield from (Difference(part, "new", line) for line in _whole(part, subject, new))
        elif old[subject] != new[subject]:
            yield from _in_subject(part, old[subject], new[subject])


def _whole(name: str, subject: str, part: Part) -> tuple[str, ...]:
    """What there is of one subject: its only line, each of its routes, or else its name."""
    lines = part[subject]
    return lines if len(lines) == 1 or (lines and name in ROUTES) else (subject,)


def _in_subject(part: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Difference]:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    for what, lines in (("gone", gone), ("new", come)):
        yield from (Difference(part, what, line) for line in lines.elements())
    if not gone and not come:
        first = next(line for line, other in zip(new, old, strict=True) if line != other)
        yield Difference(part, "moved", first)
