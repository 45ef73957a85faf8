"""The commands that try a way from a namespace: one ping, one question to a name server."""

from __future__ import annotations

from netmodes.step import Argv, Outcome

__all__ = ["inside", "is_answered", "look_up", "ping"]

#: How long a question to a name server may take, however many there are, and that each is asked
#: once (resolv.conf(5)); and that errors are said in English.
ASK = ("timeout", "2", "env", "LC_ALL=C", "RES_OPTIONS=timeout:1 attempts:1")

#: What `ping` says where a name server has answered: no such name, or no address for it.
ANSWERS = ("Name or service not known", "No address associated with hostname")


def inside(name: str, *argv: str) -> Argv:
    """The command as run in a namespace."""
    return ("ip", "netns", "exec", name, *argv)


def ping(target: str, *options: str) -> Argv:
    """One ping and a second's patience: a second one might go another way, for a redirect.

    With ``-t 1`` no router passes it on: it gets to who is next, or to nobody.
    """
    return ("ping", "-n", "-c", "1", "-W", "1", *options, target)


def is_answered(looked_up: Outcome) -> bool:
    """Whether a name server has answered, if only that there is no such name."""
    return any(words in looked_up.stderr for words in ANSWERS)


def look_up(name: str) -> Argv:
    """A look-up of a name; or, for "", of the root ("."), which every name server can answer.

    The root has no address, so that no packet goes anywhere but to the name server; what ``ping``
    says of it tells whether that one has answered.
    """
    return (*ASK, "getent", "ahostsv4", name) if name else (*ASK, "ping", "-c", "1", ".")
