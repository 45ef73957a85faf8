"""Which programs and kinds of device the machine has."""

import os
from pathlib import Path

import pytest

from netmodes.machine import abilities, path
from netmodes.plan.programs import PROGRAMS


def test_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program is missing that neither PATH has nor one of root's folders."""
    user, sbin = tmp_path / "bin", tmp_path / "sbin"
    for program in (user / "ip", sbin / "nft"):
        program.parent.mkdir()
        program.touch(0o755)
    monkeypatch.setenv("PATH", str(user))
    monkeypatch.setattr(path, "SBIN", (str(sbin),))

    assert {*PROGRAMS} - {*abilities.missing()} == {"ip", "nft"}


@pytest.mark.parametrize(
    ("builtin", "listed", "there"),
    [
        ("", "kernel/drivers/net/try0.ko.xz: ", True),
        ("kernel/drivers/net/try0.ko\n", "", True),
        ("kernel/drivers/net/other.ko\n", "kernel/drivers/net/try0_more.ko.zst:\n", False),
    ],
)
def test_kind(
    builtin: str, listed: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind of device is there if its module is built in, or can be loaded."""
    monkeypatch.setattr(abilities, "MODULES", tmp_path)
    folder = tmp_path / os.uname().release
    folder.mkdir()
    (folder / "modules.builtin").write_text(builtin)
    (folder / "modules.dep").write_text(listed)

    assert abilities.has_kind("try0") is there


def test_kind_untried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a trial could load a module nothing is tried, and nothing said."""
    monkeypatch.setattr(abilities, "MODULES", tmp_path / "none")
    monkeypatch.setattr(abilities, "LOADED", tmp_path)
    monkeypatch.setattr(abilities, "KINDS", ("try0",))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert abilities.has_kind("try0") is None
    assert abilities.read()["kinds"] == {}
