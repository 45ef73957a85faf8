"""The table: what commands printed and files held, by name, untouched.

``netmodes facts`` prints it, and a shell could make it. ``netmodes.machine.parse`` makes facts of
it, ``netmodes.machine.compare`` a snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from netmodes.errors import Refused
from netmodes.machine import values
from netmodes.plan.text import lines_of, text
from netmodes.version import __version__

T = TypeVar("T")

FORMAT = 2

#: The exit status of a shell for a program that is not installed.
NOT_INSTALLED = 127

AGAIN = "make them again with `netmodes facts`"


@dataclass(frozen=True)
class Table:
    """What was read: each entry names its source, and has its "output".

    Args:
        entries: by name, an object with one source:
            "command": an argv; one that failed has its "status" and "error" in place of "output".
            "files": paths, and patterns for paths; "output" has the text of those that there are.
            "links": the same for symbolic links and what they lead to.
            "paths": the same for what exists; "output" is a list.
            "variable", "ioctl", "python": what no command prints.
        parsed: what was made of an entry, by function and entry, so that it is made once.
    """

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    parsed: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __contains__(self, name: str) -> bool:
        """Whether this was read."""
        return self.entries.get(name) is not None

    def to_json(self) -> str:
        """The table as JSON text."""
        made = {"format": FORMAT, "netmodes": __version__, "table": self.entries}
        return json.dumps(made, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Table:
        """A table from the text of ``to_json``.

        Raises:
            Refused: the text is none, or of another format.
        """
        try:
            data = values.table(json.loads(text, strict=False))
            if data.get("format") == FORMAT:
                found = values.table(data.get("table"))
                # Half a character is no text; a byte that is no UTF-8 a command may have printed.
                json.dumps(found, ensure_ascii=False).encode(errors="surrogateescape")
                return cls({name: values.table(one) for name, one in found.items()})
        except (ValueError, RecursionError) as error:
            raise not_facts(str(error)) from error
        raise not_facts(f"format {data.get('format', 1)!r} is not {FORMAT}")

    def output(self, name: str) -> str | None:
        """What a command printed; None if it failed, or did not run."""
        entry = self.entries.get(name) or {}
        return text(entry["output"]) if "output" in entry else None

    def lines(self, name: str) -> list[str] | None:
        """The lines that a command printed; None if it failed, or did not run."""
        printed = self.output(name)
        return None if printed is None else lines_of(printed)

    def failure(self, name: str) -> tuple[int, str] | None:
        """The exit status and the error of a command that failed; None of one that did not."""
        entry = self.entries.get(name) or {}
        if "status" not in entry:
            return None
        return values.number(entry["status"]), text(entry.get("error", ""))

    def once(self, parse: Callable[[Table, str], T], name: str) -> T:
        """What a function makes of an entry; it is called once, but for what may still be read."""
        if name not in self.entries:
            return parse(self, name)
        if (parse, name) not in self.parsed:
            self.parsed[parse, name] = parse(self, name)
        found: T = self.parsed[parse, name]
        return found

    def texts(self, name: str) -> dict[str, str]:
        """The text of each file, or the target of each link, without its last newlines."""
        return self.once(Table._texts, name)

    def _texts(self, name: str) -> dict[str, str]:
        found = values.table((self.entries.get(name) or {}).get("output", {}))
        return {path: text(held).rstrip("\n") for path, held in found.items()}

    def paths(self, name: str) -> list[str]:
        """What exists."""
        return [*map(text, values.listed((self.entries.get(name) or {}).get("output", [])))]


def not_facts(reason: str) -> Refused:
    """The refusal of what is no facts."""
    return Refused(f"these are not facts ({reason:.200}): {AGAIN}")
