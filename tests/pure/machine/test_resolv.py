"""How the machine finds names, and which files of names are ours."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from netmodes.machine import read
from netmodes.machine import resolv as etc
from netmodes.machine.table import Table

FILES: dict[str, dict[str, Any]] = {
    "nameserver 10.0.0.7\nnameserver ::1\nsearch a.example b.example\n": {
        "servers": ("10.0.0.7",),
        "search": ("a.example", "b.example"),
    },
    "nameserver 127.0.0.53\noptions edns0\nsearch .\n": {
        "servers": ("10.1.1.1",),
        "search": (".",),
    },
    "": {"servers": ("10.1.1.1",), "search": (".",)},
    "nameserver 10.0.0.7\nsearch a.example\ndomain b.example\n": {
        "servers": ("10.0.0.7",),
        "search": ("b.example",),
    },
    "nameserver 10.0.0.7\nsearch a\x1b[2J b\x85nameserver 6.6.6.6\u2028c.example d.example\n": {
        "servers": ("10.0.0.7",),
        "search": ("d.example",),
    },
}


@pytest.mark.parametrize("text", FILES)
def test_real_servers(text: str) -> None:
    """The real servers are those asked directly, or those behind who answers on a loopback."""
    upstream = "nameserver 10.1.1.1\nsearch .\n"

    found = names({"/etc/resolv.conf": text, "/run/systemd/resolve/resolv.conf": upstream})

    assert {"servers": found.servers, "search": found.search} == FILES[text]


def names(files: dict[str, str]) -> etc.Names:
    """How a machine with these files resolves names."""
    found = etc.names(Table({"names": {"output": files}}))
    assert found is not None
    return found


@pytest.fixture
def netns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An /etc/netns with a folder for A."""
    monkeypatch.setattr(etc, "NETNS", tmp_path)
    monkeypatch.setattr(read, "NAMED", (str(tmp_path), f"{tmp_path}/*", f"{tmp_path}/*/*"))
    (tmp_path / "A").mkdir()
    return tmp_path


def test_pipe(netns: Path) -> None:
    """A pipe where a file of names should be is not waited for, and is not ours."""
    os.mkfifo(netns / "A" / "resolv.conf")

    assert read.namespace_files() == {"A": {"resolv.conf": False}}


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
def test_mark(text: str, ours: bool, netns: Path) -> None:
    """A file is ours by a mark that nobody writes by chance, to Python and to grep alike."""
    path = netns / "A" / "resolv.conf"
    path.write_text(text)

    grep = subprocess.run(["grep", "-L", etc.MARKED, path], stdout=subprocess.PIPE, check=False)
    assert read.namespace_files() == {"A": {"resolv.conf": ours}}
    assert (grep.stdout == b"") is ours


def test_sources() -> None:
    """No nsswitch.conf, and one without a line for hosts, are two things."""
    hosts = "passwd: files\nhosts:\t files dns # as ever\n"
    texts = ({}, {etc.SWITCH: "passwd: files\n"}, {etc.SWITCH: hosts})

    assert [names(one).hosts for one in texts] == [None, "", "files dns"]


def test_sources_of_a_namespace() -> None:
    """A namespace's own nsswitch.conf stands for the machine's."""
    texts = {etc.SWITCH: "hosts: dns\n", "/etc/netns/A/nsswitch.conf": "hosts: files\n"}

    assert names(texts).hosts == "files"


def test_resolvers() -> None:
    """Name servers are the addresses of resolv.conf, in order; without it they are unknown."""
    text = (
        "# nameserver 1.1.1.1\nsearch lan\nnameserver 127.0.0.53\nnameserver\nnameserver here\n"
        "nameserver fe80::1%enp0s1 # the router\n"
    )

    found = [
        etc.resolvers(Table({"names": {"output": files}}))
        for files in ({}, {"/etc/resolv.conf": text})
    ]

    assert found == [None, ["127.0.0.53", "fe80::1%enp0s1"]]
