"""Which mount holds a path, told from mountinfo alone."""

from pathlib import Path

import pytest

from netmodes import mounts

TABLE = """\
27 1 254:0 / / rw shared:1 - ext4 /dev/vda rw
30 27 0:25 / /run rw,nosuid shared:5 - tmpfs tmpfs rw
31 30 0:25 /netns /run/netns rw shared:5 - tmpfs tmpfs rw
32 31 0:4 net:[4026532281] /run/netns/A rw shared:9 - nsfs nsfs rw
33 27 0:40 / /run rw master:7 - tmpfs tmpfs rw
34 27 0:41 /a/b /srv rw shared:8 master:7 propagate_from:2 - tmpfs tmpfs rw
"""


@pytest.fixture(autouse=True)
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Process 1 has these mounts; process 2's first is on itself, as in an initramfs."""
    for pid, table in (("1", TABLE), ("2", "1 1 0:2 / / rw - rootfs rootfs rw\n")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "mountinfo").write_text(table)
    monkeypatch.setattr(mounts, "PROC", tmp_path)


def held(path: str, pid: str = "1") -> mounts.Mount:
    """The mount that holds a path."""
    found = mounts.holding(Path(path), pid)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "id_"),
    [("/etc/netns", "27"), ("/runs", "27"), ("/srv/x", "34"), ("/run/netns/B", "31")],
)
def test_holding(path: str, id_: str) -> None:
    """A path is held by the last mount that stands on its way."""
    assert held(path).id == id_


def test_root_on_itself() -> None:
    """A first mount that is mounted on itself is found as any other."""
    assert held("/run", "2").id == "1"


def test_unknown() -> None:
    """A process that is not there has no mounts to tell of."""
    assert mounts.holding(Path("/run"), "3") is None


def test_place() -> None:
    """A folder that is mounted elsewhere as well is the same folder."""
    assert held("/srv/x").place(Path("/srv/x")) == ("0:41", Path("/a/b/x"))


def test_shows() -> None:
    """A mount shows what is mounted in itself, in its peers, and in those it receives from."""
    root, run, peer, slave = (held(path) for path in ("/", "/run/netns/A", "/run/netns", "/srv"))

    assert root.shows(root)
    assert not root.shows(slave)
    assert peer.shared == "5"
    assert not peer.shows(run)
