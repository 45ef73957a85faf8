"""A look at the machine: a listing, and what to find in it.

A listing shows everything of one kind. So what a complete listing lacks does not exist; and where
the listing fails, or lacks what every machine has, nothing is known.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from netmodes.plan.text import lines_of, text, texts

Argv = tuple[str, ...]

#: What stands for more than itself in an extended regular expression (regex(7)).
SPECIAL = re.compile(r"([][\\.*^$+?(){}|])")

#: Seconds after which a command is named again, and after which a listing is given up.
SLOW, PATIENCE = 5.0, 10.0

#: The host's devices with their addresses; each of which has a loopback, with an address, last.
LINKS = (("ip", "-d", "-j", "addr", "show"), r'^\[\{.*"ifname":"lo",.*\]\}\]$')

#: Lists the network namespace of every process, its own last; processes may end meanwhile.
PROCESSES = (
    (
        *("sh", "-c"),
        r'find /proc/[0-9]*/ns/net /proc/self/ns/net -maxdepth 0 -printf "%h %l\n" 2>/dev/null; :',
    ),
    r"/proc/self/ns net:[^ ]*$",
)

#: The beginning of a device in the JSON of ``ip``; each counts as a line.
ENTRY = ',{"ifindex"'


@dataclass(frozen=True)
class Look:
    """A listing, and patterns for its lines, valid in Python and in bash (regex(7)).

    Args:
        argv: the command that lists; it changes nothing, and succeeds whatever exists.
        patterns: the first one that a line matches gives the word, which is its first group: an
            ifindex, an inode with its birth, a value. An empty group stands for a thing that
            exists and is not as it could be.
        whole: what every complete listing matches as one text; "" where it may be empty.
        given: what some line must match as well, or nothing is found; "" for nothing.
        but: lines that match this do not count; "" for no such lines.
        item: for what a batch makes, the pattern's group (1 or 2) that is a thing's name; the other
            one tells it from others, and the word is ``NAME=…`` for every thing. 0 for one thing.
        among: the names that count; none for all.
        lacks: a line; where it is listed nothing is found. "" for none.
    """

    argv: Argv
    patterns: tuple[str, ...]
    whole: str = ""
    given: str = ""
    but: str = ""
    item: int = 0
    among: Argv = ()
    lacks: str = ""

    @property
    def listing(self) -> tuple[Argv, str]:
        """The command that lists, and what every complete listing matches."""
        return self.argv, self.whole

    def is_whole(self, listing: str) -> bool:
        """Whether a listing has what every complete one has."""
        return bool(re.search(self.whole, listing.rstrip("\n"), re.DOTALL))

    def word(self, listing: str) -> str | None:
        """The first word, or None: the listing lacks what the look is for."""
        return next(iter(self.words(listing)), None)

    def words(self, listing: str) -> list[str]:
        """The words of all lines that a pattern matches, those of the first pattern first."""
        lines = _lines(listing)
        if not any(re.search(self.given, line) for line in lines):
            return []
        if self.lacks and self.lacks in lines:
            return []
        lines = [line for line in lines if not (self.but and re.search(self.but, line))]
        tried = (re.search(pattern, line) for pattern in self.patterns for line in lines)
        found = [match for match in tried if match]
        if not self.item:
            return [match[1] for match in found]
        each = {match[self.item]: match[3 - self.item] for match in found}
        names = [name for name in self.among or each if name in each]
        return [" ".join(f"{name}={each[name]}" for name in names)] if names else []


@lru_cache(8)
def _lines(listing: str) -> list[str]:
    """The lines of a listing, of which several looks are taken."""
    return lines_of(listing.replace(ENTRY, "\n" + ENTRY))


def literal(words: str) -> str:
    """A pattern that matches just these words."""
    return SPECIAL.sub(r"\\\1", words)


def links(*patterns: str, given: str = "", but: str = "", item: int = 0, among: Argv = ()) -> Look:
    """A look at the host's devices with their addresses."""
    argv, whole = LINKS
    return Look(argv, patterns, whole, given, but, item, among)


def socket_in(path: str) -> Look:
    """The kernel's own rtnetlink socket in a network namespace, by its inode (proc(5)).

    No other socket gets that inode, so it tells the namespace from all others. What is listed goes
    by protocol: rtnetlink's is 0, and generic netlink's, which no namespace lacks, is 16.
    """
    argv = ("nsenter", f"--net={path}", "cat", "/proc/self/net/netlink")
    return Look(argv, ("^[^ ]+ +0 +0 .* ([0-9]+) *$",), "^sk .* 16 +0 +[0-9a-f]{8} ")


def look_from(data: dict[str, Any]) -> Look:
    """A look from its JSON.

    Raises:
        ValueError, LookupError, TypeError: the JSON is no look.
    """
    whole, given, but = (text(data.get(key, "")) for key in ("whole", "given", "but"))
    item, among = int(data.get("item", 0)), texts(data.get("among", ()))
    if item not in (0, 1, 2):
        raise ValueError(f"{item} is no group of two")
    patterns, lacks = texts(data.get("patterns", ())), text(data.get("lacks", ""))
    return Look(texts(data["argv"]), patterns, whole, given, but, item, among, lacks)


def old_look(argv: list[str]) -> Look:
    """A look of a plan of format 1 or 2: a question, which fails if there is no such thing."""
    asked = '"$0" "$@" && echo || case $? in 1 | 255) ;; *) exit 2 ;; esac'
    return Look(("sh", "-c", asked, *texts(argv)), ("([^ ]+)", "^()$"))


def old_sign(argv: list[str], pattern: str) -> Look:
    """A sign of such a plan; a question whose program is missing, or fails, finds none."""
    return Look(("sh", "-c", '"$0" "$@" || :', *texts(argv)), (f"({pattern})",))
