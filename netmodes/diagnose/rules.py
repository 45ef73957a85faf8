"""Rules of ours that somebody has deleted, as by ``nft flush ruleset``, and how they come back."""

from collections.abc import Iterable, Iterator
from itertools import dropwhile, takewhile

from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.step import Step
from netmodes.plan.text import lines_of


def gone(steps: Iterable[Step], host: Facts, anew: str) -> Iterator[Finding]:
    """What steps made and is not there any more.

    A rule is made again by its own step. A table would be another one, which ``down`` leaves alone,
    so the network is put up ``anew``.
    """
    for step in steps:
        listed = _listed(step, host)
        if listed is not None and not _is_there(step, listed):
            evidence = "nft list ruleset" if step.argv[0] == "nft" else "iptables -S"
            what = f"somebody has deleted a rule that netmodes made: {step.why}"
            yield Finding("error", what, evidence, fix=anew if step.stdin else str(step))


def _listed(step: Step, host: Facts) -> list[str] | None:
    """The listing that has what the step made; None where none is known."""
    if step.argv[0] == "nft":
        return host.nft
    return host.iptables if step.argv[:2] == ("iptables", "-I") else None


def _is_there(step: Step, listed: list[str]) -> bool:
    """Whether a listing has it; a table may have lost its rules alone."""
    if step.stdin is None:
        return not step.undo or step.undo.look.word("\n".join(listed)) is not None
    made = lines_of(step.stdin)
    begins = f"{made[0].removeprefix('create ')} {{"
    own = takewhile(lambda line: line != "}", dropwhile(lambda line: line != begins, listed))
    rules = [line for line in own if line.startswith("\t\t") and line[2:6] not in ("type", "elem")]
    return len(rules) >= sum(line.startswith("add rule") for line in made)
