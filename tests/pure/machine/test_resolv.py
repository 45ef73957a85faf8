"""How the machine finds names, and which files of names are ours."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from netmodes.machine import resolv as etc

FILES: dict[str, dict[str, Any]] = {
    "nameserver 10.0.0.7\nnameserver ::1\nsearch a.example b.example\n": {
        "servers": ["10.0.0.7"],
        "search": ["a.example", "b.example"],
    },
    "nameserver 127.0.0.53\noptions edns0\nsearch .\n": {"servers": ["10.1.1.1"], "search": []},
    "": {"servers": ["10.1.1.1"], "search": []},
}


@pytest.mark.parametrize("text", FILES)
def test_real_servers(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real servers are those asked directly, or those behind who answers on a loopback."""
    (tmp_path / "resolv.conf").write_text(text)
    (tmp_path / "upstream").write_text("nameserver 10.1.1.1\nsearch .\n")
    paths = tuple(str(tmp_path / name) for name in ("resolv.conf", "upstream"))
    monkeypatch.setattr(etc, "RESOLVERS", paths)

    found = etc.names()

    assert {key: found[key] for key in ("servers", "search")} == FILES[text]


def test_pipe(tmp_path: Path) -> None:
    """A pipe where a file of names should be is not waited for, and is not ours."""
    (tmp_path / "A").mkdir()
    os.mkfifo(tmp_path / "A" / "resolv.conf")

    assert etc._netns(tmp_path) == {"A": {"resolv.conf": False}}


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("# made by netmodes\nnameserver 10.0.0.7\n", True),
        ("passwd: files\nhosts: files # made by netmodes\ngroup: files\n", True),
        ("# netmodes must not touch this\n", False),
        ("# netmodes\n", False),
        ("# made by netmodes, and by hand since\n", False),
        ("", False),
    ],
)
def test_mark(text: str, ours: bool, tmp_path: Path) -> None:
    """A file is ours by a mark that nobody writes by chance, to Python and to grep alike."""
    (tmp_path / "A").mkdir()
    path = tmp_path / "A" / "resolv.conf"
    path.write_text(text)

    grep = subprocess.run(["grep", "-L", etc.MARKED, path], stdout=subprocess.PIPE, check=False)
    assert etc._netns(tmp_path) == {"A": {"resolv.conf": ours}}
    assert (grep.stdout == b"") is ours


def test_sources(tmp_path: Path) -> None:
    """No nsswitch.conf, and one without a line for hosts, are two things."""
    path = tmp_path / "nsswitch.conf"
    missing = etc._hosts(path)
    path.write_text("passwd: files\n")
    silent = etc._hosts(path)
    path.write_text("passwd: files\nhosts:\t files dns # as ever\n")

    assert (missing, silent, etc._hosts(path)) == (None, "", "files dns")


def test_resolvers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name servers are the addresses of resolv.conf, in order; without it they are unknown."""
    path = tmp_path / "resolv.conf"
    monkeypatch.setattr(etc, "RESOLVERS", (path,))
    missing = etc.resolvers()
    path.write_text(
        "# nameserver 1.1.1.1\nsearch lan\nnameserver 127.0.0.53\nnameserver\nnameserver here\n"
        "nameserver fe80::1%enp0s1 # the router\n"
    )

    assert missing is None
    assert etc.resolvers() == ["127.0.0.53", "fe80::1%enp0s1"]
