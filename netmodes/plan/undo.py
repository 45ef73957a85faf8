"""How a step is undone: what its result is, what proves that the result is ours, and the command.

The engine of taking back, templates/engine.sh, reads nothing else.
"""

import re
from dataclasses import dataclass
from typing import Any

from netmodes.plan.look import Argv as Argv
from netmodes.plan.look import Look, links, literal, look_from, old_look, old_sign
from netmodes.plan.text import text, text_or_none, texts

#: In an undo's stdin: a lifetime in seconds, less those since the run began, but at least GRACE.
LEFT = re.compile(r"\{left:(\d+)\}")
GRACE = 60

#: In an undo's argv: the look's word from before the step. In ``renamed``: that from after it.
BEFORE, AFTER = "{before}", "{after}"

#: In the undo of a batch, what is undone of it: all as words of ``argv``, a line each in ``stdin``,
#: and one in a look.
ITEM = "{item}"


def numbered(kind: str) -> str:
    """A pattern for the name of a device of this kind, by its ifindex from after its step."""
    return f'"ifindex":{AFTER},.*"ifname":"([^"]+)",.*"info_kind":"{kind}"'


@dataclass(frozen=True)
class Undo:
    """How one step is undone, and how to tell that its result is still that step's.

    Looks and command run on the host when the network goes down. So they see what is true by then:
    a device that has moved into its namespace is gone from the host, and needs no undo.

    Args:
        look: its word identifies the step's result; "" where there is no result.
        argv: the command that undoes the step, with the look's word from before the step for
            ``BEFORE``. It runs only if the step changed the word and nobody has since.
        stdin: the text that ``argv`` reads; ``seconds_left`` in it counts down from the start.
        users: what is found of these depends on the result by now; then it is left alone.
        others: what is found of these shows that somebody else made the result, for a step that
            was cut off and may not have run; then it is left alone.
        unless: lines of ``stdin``, each with a look that finds that somebody else has changed the
            same thing; then the line is left out.
        carried: every word of these is one more line of ``stdin``, at its end.
        renamed: a pattern for the listed devices with ``AFTER`` in it, which finds a device of this
            step under the name that somebody has given to it; "" where there is none.
        items: the names of what a batch makes, one for each namespace in order, "-" for none.
        group: the number of the group of the devices that a batch makes, which no other device had;
            where none but they have it by then, they are deleted by it, all at once.
    """

    look: Look
    argv: Argv
    stdin: str | None = None
    users: tuple[Look, ...] = ()
    others: tuple[Look, ...] = ()
    unless: tuple[tuple[str, Look], ...] = ()
    carried: tuple[Look, ...] = ()
    renamed: str = ""
    items: Argv = ()
    group: str = ""

    @property
    def device(self) -> str:
        """The name of the device that the step makes and somebody may rename; "" for none."""
        return self.argv[-1] if self.renamed else ""

    def by_another_name(self, after: str) -> Look:
        """The look for the present name of what the step made, given the word from after it."""
        return links(self.renamed.replace(AFTER, after.rstrip(":")))

    def by_name(self) -> Look:
        """The look for whatever device has the name of the one that is undone."""
        return links(f'"ifname":"({literal(self.device)})"')

    @property
    def looks(self) -> tuple[Look, ...]:
        """Every look that the undo may need."""
        unless = (look for _, look in self.unless)
        return (self.look, *self.users, *self.others, *unless, *self.carried)

    def command(self, before: str) -> Argv:
        """The argv to run, given the look's word from before the step; of a batch for all of it."""
        if self.group:
            return ("ip", "link", "del", "group", self.group)
        words = ((self.made if word == ITEM else (word,)) for word in self.argv)
        return tuple(word.replace(BEFORE, before) for each in words for word in each)

    @property
    def reads(self) -> str | None:
        """The text that the command reads; of a batch for all of it."""
        if self.group:
            return None
        if self.stdin is None or not self.items:
            return self.stdin
        return "".join(self.stdin.replace(ITEM, item) for item in self.made)

    @property
    def made(self) -> Argv:
        """What a batch makes."""
        return present(self.items)


def present(items: Argv) -> Argv:
    """The items of a batch that there are."""
    return tuple(item for item in items if item != "-")


def seconds_left(seconds: int) -> str:
    """A lifetime for an undo's stdin, which counts down while the network is up."""
    return f"{{left:{seconds}}}"


def undo_from(data: dict[str, Any]) -> Undo:
    """An undo from its JSON, also from that of a plan of format 1 or 2."""
    read = look_from if "look" in data else _sign_from
    argv, renamed = texts(data["argv"]), text(data.get("renamed", ""))
    if "look" not in data and argv[:3] == ("ip", "link", "del"):
        renamed = numbered(data["probe"][-1])  # ip -o link show dev veth0 type veth
    users, others = (tuple(map(read, data.get(key, ()))) for key in ("users", "others"))
    unless = tuple((text(line), read(look)) for line, look in data.get("unless", ()))
    look = look_from(data["look"]) if "look" in data else old_look(data["probe"])
    carried, stdin = tuple(map(read, data.get("carried", ()))), text_or_none(data.get("stdin"))
    items, group = texts(data.get("items", ())), text(data.get("group", ""))
    return Undo(look, argv, stdin, users, others, unless, carried, renamed, items, group)


def _sign_from(data: Any) -> Look:  # noqa: ANN401
    argv, pattern = data
    return old_sign(argv, text(pattern))
