"""The process whose namespace gets a network is held while the plan runs."""

import errno
import os

import pytest

from netmodes import Facts, HostOnly, Refused
from netmodes.engine.attached import holding


@pytest.mark.parametrize("error", [AttributeError("pidfd_open"), OSError(errno.ENOSYS, "nosys")])
def test_no_pidfd(article: Facts, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Where neither the kernel nor Python can hold a process, nothing is begun."""

    def missing(_: int) -> int:
        raise error

    monkeypatch.setattr(os, "pidfd_open", missing)
    plan = HostOnly(attach="4242:4026532444").plan(article)

    with pytest.raises(Refused, match="no thread"), holding(plan):
        pytest.fail("it is held")
