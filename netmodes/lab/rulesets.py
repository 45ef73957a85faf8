"""A machine's firewall for its copy, in pieces that can each be loaded, or left out, alone.

Each family's rules go in by its own program, for nft garbles iptables' rules; in blocks, for a user
namespace takes no long message (docs/kernel.md#copies). Text from a facts file may not read other
files, nor name a program to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from netmodes.machine.table import Table
from netmodes.plan.text import parted

#: Rules, and elements of a set, that one message of netlink holds.
BLOCK, ELEMENTS = 200, 2000

#: What stands in quotes; of these programs only iptables' know a quote within.
QUOTED, ESCAPED = re.compile(r'"[^"]*"'), re.compile(r'"(?:[^"\\]|\\.)*"')

#: What iptables' programs save, but for the option that names a program to run.
SAVED = re.compile(r"-A |:|\*|COMMIT$|#")
PROGRAM = re.compile(r"(^|\s)(-[A-Za-z]{2,}|-M\S*|--m|--mo|--mod|--modp\S*)(\s|=|$)")

TABLE = re.compile(r"table (\w+) (\S+) \{( #.*)?")
NFT = ("nft", "-f", "-")
INCLUDE = re.compile(r"(^|[\s;{}])(include|\$\w+|define|redefine)([\s;]|$)")

#: A chain, a set or another thing of a table, by its kind; what is within one, and is loaded once
#: all are there.
PART = re.compile(r"\t(\S.*) (\S+) \{(?: #.*)?")
OF_SET = re.compile(r"\t\t(elements = \{|\t)")
OF_CHAIN = re.compile(r"\t\t(?!(type|policy|comment) )")
WITHIN = {"chain": OF_CHAIN, "set": OF_SET, "map": OF_SET}

#: A table of a program's own goes with the program, as here with `nft`.
OWNED = re.compile(r"\tflags (owner|persist)([,;]\s*(owner|persist))*;?")

#: The tables that are iptables', by nft's family, and what saves and restores them.
IPTABLES = {
    "ip": ("iptables", ("filter", "nat", "mangle", "raw", "security")),
    "ip6": ("ip6tables", ("filter", "nat", "mangle", "raw", "security")),
    "bridge": ("ebtables", ("filter", "nat", "broute")),
    "arp": ("arptables", ("filter",)),
}
LEGACY = ("iptables-legacy", "ip6tables-legacy")


@dataclass(frozen=True)
class Block:
    """Lines that one command loads, all or none.

    Args:
        argv: the command.
        lines: the lines; where the command refuses them, each half is tried alone.
        begin: what stands before any of them.
        end: what stands after any of them.
    """

    argv: tuple[str, ...]
    lines: tuple[str, ...]
    begin: str = ""
    end: str = ""


@dataclass(frozen=True)
class Part:
    """A chain, a set or another thing of a table of nft's.

    Args:
        kind: what it is.
        name: its name, after its table's.
        head: the lines that say of what kind it is.
        within: those of its rules, or of its elements.
    """

    kind: str
    name: str
    head: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """Have a line more."""
        is_within = self.kind in WITHIN and WITHIN[self.kind].match(line)
        (self.within if is_within else self.head).append(line)

    @property
    def declared(self) -> str:
        """What adds it, with nothing in it."""
        return "\n".join([f"add {self.kind} {self.name} {{", *self.head, "}"])

    @property
    def rules(self) -> list[str]:
        """What adds its rules."""
        lines = self.within if self.kind == "chain" else ()
        return [f"add rule {self.name} {line.strip()}" for line in lines]

    @property
    def elements(self) -> Block:
        """What adds its elements."""
        words = " ".join(self.within if self.kind != "chain" else ()).partition("{")[2]
        every = (f"{one}," for one in parted(words.rpartition("}")[0]))
        return Block(NFT, (*every,), f"add element {self.name} {{\n", "}\n")


class NotCarried(ValueError):
    """A text that is not what the program would have printed."""


def blocks(table: Table) -> Iterator[Block]:
    """All rules, in the order in which the machine's own tables were made."""
    yield from _sets(table)
    saved = {name: _saved_tables(table, name) for name, _ in IPTABLES.values()}
    for family, name, text in _nft_tables(table):
        program, names = IPTABLES.get(family, ("", ()))
        if name in names and name in saved[program]:
            yield from _restore(program, name, saved[program].pop(name))
        else:
            yield from _nft(family, name, text)
    legacy = {name: _saved_tables(table, name) for name in LEGACY}
    for program, left in (*saved.items(), *legacy.items()):
        same = legacy.get(f"{program}-legacy", {})  # what `iptables-save` is here
        for name, lines in left.items():
            if name not in same or _rules(lines) != _rules(same[name]):
                yield from _restore(program, name, lines)


def of_legacy(table: Table) -> set[str]:
    """The tables of iptables-legacy alone, which are not what iptables lists."""
    own, legacy = (_saved_tables(table, name) for name in ("iptables", LEGACY[0]))
    return {
        f"ip {name}" for name, lines in legacy.items() if _rules(own.get(name, [])) != _rules(lines)
    }


def _rules(lines: list[str]) -> list[str]:
    return [line.partition(" [")[0] for line in lines]


def _sets(table: Table) -> Iterator[Block]:
    lines = tuple(table.lines("ipset") or ())
    for line in lines:
        bare = QUOTED.sub("", line)
        if not line.startswith(("create ", "add ")) or re.search(r"\s-", bare):
            raise NotCarried(f"ipset: {line!r}")
    if lines:
        yield Block(("ipset", "-exist", "restore"), lines)


def _saved_tables(table: Table, program: str) -> dict[str, list[str]]:
    """The lines of each table that a program saved."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in filter(None, table.lines(f"{program}-save") or ()):
        if not SAVED.match(line) or PROGRAM.search(ESCAPED.sub("", line)):
            raise NotCarried(f"{program}: {line!r}")
        if line.startswith("*"):
            name = line[1:].strip()
            found[name] = []
        elif not line.startswith(("#", "COMMIT")):
            found[name].append(line)
    return found


def _restore(program: str, name: str, lines: list[str]) -> Iterator[Block]:
    """The chains of a table, then its rules; arptables takes back what it is not given at once.

    iptables-legacy sends no messages.
    """
    more = "--noflush" if program == "ebtables" else "-n"
    argv, begin, end = (f"{program}-restore", more), f"*{name}\n", "COMMIT\n"
    if program == "arptables":
        yield Block(argv, tuple(lines), begin, end)
        return
    for is_chain in (True, False):
        some = [line for line in lines if line.startswith(":") is is_chain]
        block = Block(argv, (*some,), begin, end)
        yield from [block] if program in LEGACY else in_blocks(block)


def _nft_tables(table: Table) -> Iterator[tuple[str, str, list[str]]]:
    """Each table of ``nft list ruleset``: its family, its name, its lines."""
    family, name, lines = "", "", list[str]()
    for line in table.lines("nft") or ():
        if INCLUDE.search(QUOTED.sub("", line)):
            raise NotCarried(f"nft: {line!r}")
        if found := TABLE.fullmatch(line):
            family, name, lines = found[1], found[2], []
        elif line == "}":
            yield family, name, lines
            name = ""
        elif name:
            lines.append(line)
        elif line and not line.startswith("#"):
            raise NotCarried(f"nft: {line!r}")


def _nft(family: str, name: str, lines: list[str]) -> Iterator[Block]:
    """A table: its sets, maps and chains, then what is in each: its elements, its rules."""
    own, parts = list[str](), list[Part]()
    for line in lines:
        if found := PART.fullmatch(line):
            parts.append(Part(found[1], f"{family} {name} {found[2]}"))
        elif line.startswith("\t\t"):
            parts[-1].take(line)
        elif line != "\t}" and not OWNED.fullmatch(line):
            own.append(line)
    yield Block(NFT, ("\n".join([f"table {family} {name} {{", *own, "}"]),))
    yield from in_blocks(Block(NFT, tuple(part.declared for part in parts)))
    for part in parts:
        yield from in_blocks(part.elements, ELEMENTS)
    yield from in_blocks(Block(NFT, tuple(rule for part in parts for rule in part.rules)))


def in_blocks(block: Block, size: int = BLOCK) -> Iterator[Block]:
    """The same lines, no more than so many at once."""
    for first in range(0, len(block.lines), size):
        yield replace(block, lines=block.lines[first : first + size])
