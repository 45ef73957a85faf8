"""Which programs a plan needs before its first command."""

import pytest
from places import FACTS

from netmodes import Facts, Mode, Nat
from netmodes.modes import MODES
from netmodes.plan.needs import programs, undo_programs

ARTICLE = Facts.from_json((FACTS / "article.json").read_text())


def rendered(mode: type[Mode], **parameters: str) -> list[str]:
    """The programs of a mode's plan."""
    return programs(mode(**mode.needed(), **parameters).plan(ARTICLE))


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_every_mode(mode: type[Mode]) -> None:
    """Every mode needs what makes its files, and what looks at them in its undo."""
    assert {"ip", "tee", "find", "grep", "sh", "rmdir"} <= {*rendered(mode)}


def test_shell_text() -> None:
    """What stands in the text of a shell is needed as well: find lists processes."""
    plan = Nat().plan(ARTICLE)

    assert {"nft", "find", "sysctl"} <= {*programs(plan)}
    assert {"nft", "find", "sysctl"} <= {*undo_programs(plan)}
    assert "tee" not in undo_programs(plan)


def test_only_looked_at() -> None:
    """A firewall's program is not needed for a look alone: without it there is nothing to see."""
    assert "iptables" not in rendered(Nat, publish="8080:80")
    assert "ss" in rendered(Nat, publish="8080:80")
