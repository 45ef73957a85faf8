"""What a copy is made of is made, or the copy is not."""

import pytest

from netmodes.errors import Refused
from netmodes.lab import making
from netmodes.lab.rulesets import Block


def test_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that take too long to load are not loaded in part."""
    monkeypatch.setattr(making, "LONGEST", -1)

    with pytest.raises(Refused, match="the rules of its firewall take over -1 s to load"):
        list(making.firewall([Block(("true",), ("one",))]))
