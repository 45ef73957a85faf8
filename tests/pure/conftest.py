"""A plan is pure: what the kernel says of packets is a fact, and no test here asks a copy."""

import pytest

from netmodes.rehearse import verdicts


@pytest.fixture(autouse=True)
def without_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a copy would tell is not known."""
    monkeypatch.setattr(verdicts, "learn", lambda *_: None)
