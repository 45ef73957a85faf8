"""A machine's firewall for its copy, in pieces that can each be loaded, or left out, alone.

Each family's rules go in by its own program, for nft garbles iptables' rules; in blocks, for a user
namespace takes no long message (docs/kernel.md#copies). Text from a facts file may not read other
files, nor name a program to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from netmodes.machine.table import Table

#: Rules that one message holds.
BLOCK = 200

#: What stands in quotes; of these programs only iptables' know a quote within.
QUOTED, ESCAPED = re.compile(r'"[^"]*"'), re.compile(r'"(?:[^"\\]|\\.)*"')

#: What iptables' programs save, but for the option that names a program to run.
SAVED = re.compile(r"-A |:|\*|COMMIT$|#")
PROGRAM = re.compile(r"(^|\s)(-[A-Za-z]{2,}|-M\S*|--m|--mo|--mod|--modp\S*)(\s|=|$)")

NFT = re.compile(r"table (\w+) (\S+) \{( #.*)?")
INCLUDE = re.compile(r"(^|[\s;{}])(include|\$\w+|define|redefine)([\s;]|$)")

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


def _rules(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("-A")]


def _sets(table: Table) -> Iterator[Block]:
    lines = tuple(table.lines("ipset") or ())
    for line in lines:
        bare = QUOTED.sub("", line)
        if not line.startswith(("create ", "add ")) or re.search(r"\s-", bare):
            raise NotCarried(f"ipset: {line!r}")
    yield from _in_blocks(("ipset", "restore"), lines, "", "")


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
    """The chains of a table, then its rules; arptables takes back what it is not given at once."""
    more = "--noflush" if program == "ebtables" else "-n"
    argv, begin, end = (f"{program}-restore", more), f"*{name}\n", "COMMIT\n"
    if program == "arptables":
        yield Block(argv, tuple(lines), begin, end)
        return
    chains = tuple(line for line in lines if line.startswith(":"))
    yield Block(argv, chains, begin, end)
    yield from _in_blocks(argv, [line for line in lines if line not in chains], begin, end)


def _nft_tables(table: Table) -> Iterator[tuple[str, str, list[str]]]:
    """Each table of ``nft list ruleset``: its family, its name, its lines."""
    family, name, lines = "", "", list[str]()
    for line in table.lines("nft") or ():
        if INCLUDE.search(QUOTED.sub("", line)):
            raise NotCarried(f"nft: {line!r}")
        if found := NFT.fullmatch(line):
            family, name, lines = found[1], found[2], []
        elif line == "}":
            yield family, name, lines
            name = ""
        elif name:
            lines.append(line)
        elif line and not line.startswith("#"):
            raise NotCarried(f"nft: {line!r}")


def _nft(family: str, name: str, lines: list[str]) -> Iterator[Block]:
    """A table: its sets, maps and chains, then the rules of each chain."""
    whole, rules, chain = list[str](), list[str](), ""
    for line in lines:
        if OWNED.fullmatch(line):
            continue
        if found := re.fullmatch(r"\tchain (\S+) \{( #.*)?", line):
            chain = found[1]
        if line == "\t}":
            chain = ""
        if chain and line.startswith("\t\t") and not re.match(r"\t\t(type|policy|comment) ", line):
            rules.append(f"add rule {family} {name} {chain} {line.strip()}")
        else:
            whole.append(line)
    argv = ("nft", "-f", "-")
    yield Block(argv, ("\n".join([f"table {family} {name} {{", *whole, "}"]),))
    yield from _in_blocks(argv, rules, "", "")


def _in_blocks(
    argv: tuple[str, ...], lines: list[str] | tuple[str, ...], begin: str, end: str
) -> Iterator[Block]:
    for first in range(0, len(lines), BLOCK):
        yield Block(argv, tuple(lines[first : first + BLOCK]), begin, end)
