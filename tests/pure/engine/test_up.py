"""Putting a plan up."""

from collections.abc import Callable

import pytest

from netmodes.commands import iproute, several
from netmodes.engine.record import Outcome
from netmodes.engine.runner import Runner
from netmodes.engine.up import _two_at_a_time
from netmodes.errors import CommandFailed
from netmodes.plan.undo import Argv

STEPS = [several.inside(name, [iproute.set_up("lo", name)]) for name in ("a", "b", "c")]


class Noting(Runner):
    """Notes what starts and ends; what is in namespace b fails."""

    def start(self, argv: Argv, stdin: str | None = None) -> Callable[[], Outcome]:
        self.hung.append(("start", argv[2]))

        def wait() -> Outcome:
            self.hung.append(("end", argv[2]))
            return Outcome("", int(argv[2] == "b"), "", "", 0.0)

        return wait


def test_two_at_a_time() -> None:
    """A batch starts before the last one has ended; if that fails, both end before any more."""
    runner = Noting()

    with pytest.raises(CommandFailed):
        [*_two_at_a_time(STEPS, runner, [])]

    assert [" ".join(words) for words in runner.hung] == [
        *("start a", "start b", "end a", "start c", "end b", "end c"),
    ]
